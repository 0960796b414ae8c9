"""Requests that nobody should send, made by hypothesis: each gets its answer, or one sentence, and the log stays quiet.

The whole page is served in this process, over ASGI, by runs that end as soon as they begin: what is attacked is the way from
the socket to the worker, not the workers. A few hundred cases are part of every run of the tests, 3,000 of the slow ones, 10,000 of
the thorough ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from gradio.routes import App
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from playground.config import CONFIGS, AutoencoderConfig, SampleConfig, field_specs
from playground.features.registry import studies
from playground.page import service as module
from playground.page.page import build_page, launch_settings
from playground.page.service import Service
from playground.questions.catalogue import QUESTIONS
from playground.runs.events import Event, Finished, Started

LONGEST = 4000
"""Characters of an answer that refuses: a sentence or a few, and no echo."""
HEADERS = {"content-type": "application/json"}


class Ending:
    """A runtime, and its runs: whatever is started has finished, without a picture."""

    def start(self, task: str, *args: Any, **kwargs: Any) -> Ending:
        run = Ending()
        run.task, run.args = task, args
        return run

    def warm_up(self) -> None: ...

    def for_answers(self) -> Ending:
        return self

    def send(self, message: Any) -> None: ...

    def cancel(self) -> None: ...

    def events(self) -> Iterator[Event]:
        if hasattr(self.args[0] if self.args else None, "model_dump"):
            yield Started({"dataset": "digits"} | self.args[0].model_dump(), 1, "cpu")
        yield Finished(1, b"weights")


class Target:
    """The served page, and one client of it."""

    def __init__(self) -> None:
        self.service = Service(Ending(), device="cpu", sweep_seconds=None, max_runs=100_000)  # those that are attacked stay
        self.page = build_page(self.service)
        self.loop = asyncio.new_event_loop()
        app = App.create_app(self.page, app_kwargs=launch_settings(self.service)["app_kwargs"])
        self.loop.run_until_complete(self._open(app))
        self.runs = [self.service.registry.start(AutoencoderConfig(dataset="digits")) for _ in range(2)]
        self.runs.append(self.service.registry.start(SampleConfig(), task=module.SAMPLING, checkpoint=b"weights"))
        self.functions = sorted(
            {
                (block._id, name)
                for block in self.page.blocks.values()
                for name in dir(block)
                if getattr(getattr(block, name, None), "_is_server_fn", False)
            }
        )
        self.endpoints = {fn.api_name: fn for fn in self.page.fns.values() if fn.api_visibility == "public" and fn.fn}

    async def _open(self, app: App) -> None:
        self.page.run_startup_events()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://playground", timeout=60)

    def post(self, path: str, body: bytes, headers: dict[str, str] = HEADERS) -> httpx.Response:
        return self.loop.run_until_complete(self.client.post(f"/gradio_api/{path}", content=body, headers=headers))

    def get(self, path: str) -> httpx.Response:
        return self.loop.run_until_complete(self.client.get(f"/gradio_api/{path}"))

    def close(self) -> None:
        self.page._queue.close()
        self.service.registry.close()
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(asyncio.sleep(0.05))


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "LONG_POLL_SECONDS", 0.01)
    target = Target()
    yield target
    target.close()
    patch.undo()


# --- what is sent --------------------------------------------------------------------------------------------------------------

MEASURING = {name: feature.settings for name, feature in studies().items()}
FIELDS = sorted({name for config in (*CONFIGS.values(), SampleConfig, *MEASURING.values()) for name in field_specs(config)})
WORDS = [
    "self",
    "cls",
    "model",
    "source",
    "folder",
    "plane",
    "z",
    "moment",
    "vae",
    "digits",
    "cpu",
    "path",
    "meta",
    "_type",
    "gradio.FileData",
    "method",
    "",
]
NUMBERS = st.one_of(st.integers(-3, 70), st.sampled_from([10**400, 2**63, -(2**31), 0.5, 1e308, -0.0]), st.floats())
TEXTS = st.one_of(
    st.sampled_from(WORDS + FIELDS), st.text(max_size=8), st.sampled_from(["x" * 10**5, "\ud800", "\x00", "../../etc/passwd"])
)
ATOMS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WORDS + FIELDS) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


def good(config: type, name: str) -> st.SearchStrategy:
    spec = field_specs(config)[name]
    return st.sampled_from(spec.choices) if spec.choices else st.sampled_from([spec.low, spec.default, spec.high])


def sensible(config: type) -> st.SearchStrategy:
    """Settings that would be taken, but for one or two of them, perhaps."""
    names = st.sets(st.sampled_from(sorted(field_specs(config))), max_size=4)
    fine = names.flatmap(lambda chosen: st.fixed_dictionaries({name: good(config, name) for name in chosen}))
    model = config.model_fields["model"].default if "model" in config.model_fields else None
    spoiled = st.dictionaries(st.sampled_from(WORDS) | st.sampled_from(FIELDS) | st.text(max_size=4), VALUES, max_size=2)
    return st.builds(lambda a, b: ({"model": model} if model else {}) | a | b, fine, spoiled)


SETTINGS = st.one_of(*(sensible(config) for config in (*CONFIGS.values(), SampleConfig, *MEASURING.values())), VALUES)


def argument(name: str, runs: st.SearchStrategy) -> st.SearchStrategy:
    """Something for the parameter of an endpoint."""
    return {"run": runs, "name": st.sampled_from(module.COMMANDS) | VALUES, "study": st.sampled_from([*MEASURING]) | VALUES}.get(
        name, SETTINGS
    )


def calls(target: Target) -> st.SearchStrategy[tuple[str, bytes, dict[str, str]]]:
    """A path, a body and its headers."""
    runs = st.one_of(st.sampled_from(target.runs), VALUES)

    def of_endpoint(how: str, name: str) -> st.SearchStrategy:
        named = [argument(p, runs) for p in parameters(target.endpoints[name].fn)]
        exact = st.tuples(*named).map(list)
        data = st.one_of(exact, exact, exact, st.lists(SETTINGS, max_size=4), VALUES)
        body = data.map(lambda held: {"data": held, "session_hash": "fuzz"})
        if how == "queue/join":
            return body.map(lambda held: (how, held | {"fn_index": target.endpoints[name]._id}))
        if how == "call/v2":
            keys = st.sampled_from(parameters(target.endpoints[name].fn) + WORDS)
            return st.dictionaries(keys, SETTINGS, max_size=3).map(lambda held: (f"{how}/{name}", held))
        return body.map(lambda held: (f"{how}/{name}", held))

    hows = st.sampled_from(["run", "run", "run", "call", "queue/join", "call/v2"])
    endpoints = st.tuples(hows, st.sampled_from(sorted(target.endpoints))).flatmap(lambda pair: of_endpoint(*pair))
    question = st.tuples(runs, st.sampled_from(tuple(QUESTIONS)) | VALUES, VALUES).map(list)
    functions = st.tuples(
        st.sampled_from(target.functions),
        st.one_of(question, st.tuples(runs, VALUES).map(list), st.tuples(runs, NUMBERS, VALUES, VALUES).map(list), VALUES),
    ).map(
        lambda pair: (
            "component_server",
            {"component_id": pair[0][0], "fn_name": pair[0][1], "data": pair[1], "session_hash": "fuzz"},
        )
    )
    strange = st.tuples(
        st.sampled_from(
            ["run/train", "call/status", "component_server", "queue/join", "call/v2/train", "run/nothing", "call/self"]
        ),
        st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "fn_index",
                    "session_hash",
                    "component_id",
                    "fn_name",
                    "event_id",
                    "trigger_id",
                    "batched",
                    "event_data",
                    "self",
                ]
            ),
            VALUES,
            max_size=5,
        )
        | VALUES,
    )
    whole = st.one_of(endpoints, endpoints, functions, strange).map(lambda pair: (pair[0], json.dumps(pair[1]).encode(), HEADERS))
    torn = st.tuples(
        whole,
        st.binary(max_size=6),
        st.integers(0, 200),
        st.sampled_from(["application/json", "text/plain", "multipart/form-data", ""]),
    )
    broken = torn.map(lambda t: (t[0][0], t[0][1][: t[2]] + t[1] + t[0][1][t[2] + 1 :], {"content-type": t[3]}))
    return st.one_of(*[whole] * 9, broken)


def parameters(function: Callable) -> list[str]:
    return [name for name in function.__code__.co_varnames[: function.__code__.co_argcount]]


# --- what comes back -----------------------------------------------------------------------------------------------------------


def refusals(target: Target, path: str, response: httpx.Response) -> list[Any]:
    """What a call was refused with; nothing where it was answered."""
    answer = response.json()
    if response.status_code == 200 and isinstance(answer, dict) and "event_id" in answer and path != "component_server":
        if path.startswith("queue"):
            return []  # its answer comes with the stream of the page
        name = path.removeprefix("call/").removeprefix("v2/")
        stream = target.get(f"call/{name}/{answer['event_id']}").text
        parts = [part.split("\ndata: ", 1) for part in stream.split("event: ") if part.strip()]
        return [json.loads(data)["error"] if data.startswith("{") else data for kind, data in parts if kind == "error"]
    if response.status_code == 200 and not (isinstance(answer, dict) and "error" in answer):
        return []
    return [answer.get("error", answer.get("detail"))]


def attack(target: Target, n: int) -> int:
    """Sends n cases; how many of them were refused."""
    sent, refused = 0, 0

    @hypothesis_settings(max_examples=n, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(calls(target))
    def one(case: tuple[str, bytes, dict[str, str]]) -> None:
        nonlocal sent, refused
        path, body, headers = case
        response = target.post(path, body, headers)
        sent += 1
        for sentence in refusals(target, path, response):
            refused += 1
            assert isinstance(sentence, str) and 10 < len(sentence) < LONGEST and sentence.rstrip().endswith("."), (path, sentence)
        assert response.status_code < 500 or path.startswith("run/"), response.text[:300]  # where Gradio says 500 for a refusal

    one()
    assert sent >= n
    return refused


def check(target: Target, n: int, capfd: pytest.CaptureFixture) -> None:
    refused = attack(target, n)
    assert n / 4 < refused, "most of this must be refused, or it is no attack"
    log = "".join(capfd.readouterr())
    assert "Traceback" not in log and "Error" not in log, log[:3000]
    response = target.post("run/status", json.dumps({"data": [target.runs[0]], "session_hash": "fuzz"}).encode())
    assert response.json()["data"][0]["status"] == "finished", "the server still answers"


def test_whatever_is_sent_is_answered_in_a_sentence(target, capfd) -> None:
    check(target, 300, capfd)


@pytest.mark.parametrize("n", [pytest.param(1_000, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.thorough)])
def test_thousands_of_requests_are_answered_in_a_sentence(target, capfd, n: int) -> None:
    check(target, n, capfd)
