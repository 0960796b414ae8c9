"""A question's way: to a run that trains, rests or has ended, to its past, and back as JSON; and nothing else gets through."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time

import numpy as np
import pytest
from test_registry import until

from playground.config import AutoencoderConfig, DiffusionConfig, VAEConfig
from playground.page.service import Service
from playground.questions.answerer import Answerer, answer
from playground.questions.space import Space
from playground.questions.training import train
from playground.questions.worker import serve
from playground.runs import training
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.events import Answer, Checkpoint, Finished, Paused, Started
from playground.runs.training import Trainer
from playground.runtimes import InProcessRuntime, RegistryError, RegistryFull, RunRegistry, WorkerRuntime
from playground.runtimes import inspectors as routing
from playground.runtimes.asking import MAX_UNDER_WAY, Questions, Refused, Unanswered
from playground.views.answers import answer as packed

SMALL = {"dataset": "digits", "width": 32, "depth": 1, "batch_size": 32, "device": "cpu"}
LONG = AutoencoderConfig(steps=200_000, **SMALL)
Z = {"z": [[0.5, -0.5]]}


@pytest.fixture
def make():
    """Services that are closed after the test; in worker processes unless told otherwise."""
    made = []

    def build(runtime=None, **limits) -> Service:
        made.append(Service(runtime or WorkerRuntime(), device="cpu", sweep_seconds=None, **limits))
        return made[-1]

    yield build
    for service in made:
        service.registry.close()


def begin(service: Service, config=LONG) -> str:
    run = service.registry.start(config)
    until(lambda: service.registry.get(run).step > 0, "a first step")
    return run


def end(service: Service, run: str) -> None:
    service.registry.stop(run)
    until(lambda: not service.registry.get(run).active, "the end")


def ask(service: Service, run: str, name: str, timeout: float = 30.0, **args):
    return asyncio.run(service.registry.ask(run, name, args, timeout=timeout))


# --- the loop --------------------------------------------------------------------------------------------------------


def question(ident: int, name: str = "decode", **args) -> dict:
    return {"kind": "ask", "id": ident, "name": name, "args": args}


@pytest.mark.parametrize(
    "message", [{}, {"id": "1", "name": "a", "args": {}}, {"id": True, "name": "a", "args": {}}, {"id": 1, "name": "a", "args": []}]
)
def test_a_malformed_question_is_refused(message) -> None:
    with pytest.raises(ValueError, match="'ask' message needs"):
        Control().send({"kind": "ask", **message})


def test_questions_wait_in_order_and_the_oldest_are_forgotten() -> None:
    control = Control()
    for ident in range(70):
        control.send(question(ident, name="a"))
    control.update()
    assert control.pop_asks(2) == [(6, "a", {}), (7, "a", {})]
    assert [ident for ident, _, _ in control.pop_asks()] == list(range(8, 70)) and control.pop_asks() == []


def test_a_training_answers_a_few_between_two_steps_and_trains_the_same() -> None:
    config, control = AutoencoderConfig(steps=30, **SMALL), Control()
    for ident in range(10):
        control.send(question(ident, **Z))
    control.send(question(10, "nonsense"))
    events = list(train(config, control))
    answers = [event for event in events if isinstance(event, Answer)]
    assert [reply.id for reply in answers] == list(range(11)) and "no question 'nonsense'" in answers[10].error
    assert [int(reply.arrays["step"]) for reply in answers[:10]] == [0] * 4 + [1] * 4 + [2] * 2
    plain = [event for event in train(config) if not isinstance(event, Answer)]
    weights = [Trainer(config, Control(), None) for _ in range(2)]
    for trainer, end in zip(weights, (events[-1], plain[-1])):
        trainer._restore(unpack(end.checkpoint))
    assert all(bool((a == b).all()) for a, b in zip(weights[0].weights, weights[1].weights))


def test_a_paused_training_answers_at_once() -> None:
    control = Control()
    events = train(LONG, control)
    next(events)
    control.send({"kind": "pause"})
    step = next(event for event in events if isinstance(event, Paused)).step
    control.send(question(1, **Z))
    reply = next(event for event in events if isinstance(event, Answer))
    assert reply.arrays["step"] == step
    control.send({"kind": "stop"})
    assert isinstance(list(events)[-1], Finished)


def test_the_heart_knows_no_question() -> None:
    control = Control()
    control.send(question(1, **Z))
    events = list(training.train(AutoencoderConfig(steps=2, **SMALL), control))
    assert isinstance(events[-1], Finished) and not any(isinstance(event, Answer) for event in events)


@pytest.fixture
def encoded(monkeypatch) -> list[int]:
    """How often all points of a map were encoded."""
    seen, encode = [], Space.encode
    monkeypatch.setattr(Space, "encode", lambda self, x: seen.append(len(x)) or encode(self, x))
    return seen


def test_what_one_question_worked_out_serves_the_next_until_the_weights_change(encoded) -> None:
    """In a pause the points of the map are encoded once, however many questions come; after a step anew, and not as before."""
    control = Control()
    events = train(LONG, control)
    control.send({"kind": "watch", "rate": 0.0})

    def asked_in_a_pause() -> list:
        control.send({"kind": "pause"})
        next(event for event in events if isinstance(event, Paused))
        for ident in range(3):
            control.send(question(ident, "neighbours", index=ident))
        return [next(event for event in events if isinstance(event, Answer)) for _ in range(3)]

    first = asked_in_a_pause()
    assert encoded == [355]
    control.send({"kind": "resume"})
    next(event for event in events if isinstance(event, Paused))
    next(event for event in events if getattr(event, "step", 0) > int(first[0].arrays["step"]))
    second = asked_in_a_pause()
    assert encoded == [355, 355] and second[0].arrays["step"] > first[0].arrays["step"]
    assert not np.array_equal(first[1].arrays["distances"], second[1].arrays["distances"])
    control.send({"kind": "stop"})
    assert isinstance(list(events)[-1], Finished)


def test_an_inspection_worker_keeps_what_it_worked_out_until_other_weights_come(encoded) -> None:
    checkpoints = []
    for steps in (1, 2):
        *_, end = training.train(AutoencoderConfig(steps=steps, **SMALL))
        checkpoints.append(end.checkpoint)
    control = Control()
    for ident in (1, 2):
        control.send(question(ident, "neighbours", index=3))
    control.send(question(3, "load", checkpoint=checkpoints[1]))
    for ident in (4, 5):
        control.send(question(ident, "neighbours", index=3))
    events = serve(checkpoints[0], control)
    reply = [next(events) for _ in range(5)]
    assert encoded == [355, 355] and [int(answer.arrays["step"]) for answer in (*reply[:2], *reply[3:])] == [1, 1, 2, 2]
    trainer = Trainer(AutoencoderConfig(steps=2, **SMALL), Control(), None)
    trainer._restore(unpack(checkpoints[1]))
    expected = Answerer(trainer.task, trainer.ema).answer("neighbours", {"index": 3})
    assert all(np.array_equal(reply[4].arrays[name], value) for name, value in expected.items())


# --- futures ---------------------------------------------------------------------------------------------------------


def test_each_answer_finds_its_question() -> None:
    sent = []
    asked = Questions(sent.append)
    first, second, third = (asked.ask("decode", {"k": k}) for k in range(3))
    assert [message["args"]["k"] for message in sent] == [0, 1, 2] and asked.under_way == 3
    asked.take(Answer(sent[1]["id"], {"a": np.ones(1)}))
    asked.take(Answer(sent[0]["id"], None, "No."))
    asked.take(Answer(999, {}))
    assert second.result(0)["a"] == 1
    with pytest.raises(Refused, match="No."):
        first.result(0)
    third.cancel()
    asked.take(Answer(sent[2]["id"], {}))  # nobody waits: nothing happens
    fourth = asked.ask("decode", {})
    asked.close("Gone.")
    for late in (lambda: fourth.result(0), lambda: asked.ask("decode", {})):
        with pytest.raises(Unanswered, match="Gone."):
            late()


def test_only_so_many_questions_wait() -> None:
    asked = Questions(lambda message: None)
    futures = [asked.ask("decode", {}) for _ in range(MAX_UNDER_WAY)]
    with pytest.raises(RegistryFull, match="Too many questions"):
        asked.ask("decode", {})
    futures[3].cancel()
    asked.ask("decode", {})


# --- from the registry to the model and back -------------------------------------------------------------------------


def test_a_run_is_asked_while_it_trains_and_after(make, monkeypatch) -> None:
    monkeypatch.setattr(routing, "SLOW", 0.0)  # however busy this machine is
    service = make()
    run = begin(service)
    registry = service.registry
    version = registry.get(run).started_version
    first = ask(service, run, "decode", **Z)
    until(lambda: ask(service, run, "decode", **Z)["step"] > first["step"], "newer weights")
    assert len(registry._inspectors) == 0  # it answered itself
    slow = ask(service, run, "values", what="error")
    assert slow["values"].shape == (355,) and len(registry._inspectors) == 1 and registry.get(run).active
    with pytest.raises(RegistryError, match="z of the question decode is refused"):
        ask(service, run, "decode", z=[[1]])
    assert registry.get(run).started_version == version and registry.get(run).checkpoint_step <= registry.get(run).step
    end(service, run)
    last, record = ask(service, run, "decode", **Z), registry.get(run)
    assert last["step"] == record.step and len(registry._inspectors) == 1
    trainer = Trainer(LONG, Control(), None)
    trainer._restore(unpack(record.checkpoint))
    for name, args in (("decode", Z), ("point", {"index": 3}), ("grid", {"n": 3})):
        expected, found = answer(trainer.task, trainer.ema, name, args), ask(service, run, name, **args)
        assert all(np.array_equal(expected[key], found[key]) for key in expected)


def test_a_paused_run_is_asked(make) -> None:
    service = make()
    run = begin(service)
    service.registry.pause(run)
    until(lambda: service.registry.get(run).status == "paused", "a pause")
    step = service.registry.get(run).step
    assert ask(service, run, "decode", **Z)["step"] == ask(service, run, "grid", n=2)["step"] == step


def test_a_moment_of_the_past_is_asked(make) -> None:
    service = make()
    run = begin(service)
    until(lambda: len(service.registry.get(run).moments.checkpoints) > 1, "two checkpoints")
    end(service, run)
    kept = service.registry.get(run).moments.checkpoints
    for checkpoint in (kept[0], kept[-1], kept[0]):
        found = asyncio.run(service.registry.ask(run, "decode", Z, moment=checkpoint.step, timeout=30))
        assert found["step"] == checkpoint.step
    assert len(service.registry._inspectors) == 1


def test_a_slow_run_does_not_keep_quick_questions_waiting(make, monkeypatch) -> None:
    monkeypatch.setattr(routing, "SLOW", 1e9)
    monkeypatch.setattr(routing, "QUICK_FRESH_SECONDS", 0.05)
    service = make()
    run = begin(service)
    until(lambda: service.registry.get(run).progress.steps_per_second > 0, "a rate")

    async def drag() -> list[int]:
        steps, latest = [], time.monotonic() + 60.0  # on a busy machine the first newer weights are late
        while len(steps) < 40 or (len(set(steps)) <= 3 and time.monotonic() < latest):
            steps.append(int((await service.registry.ask(run, "decode", Z, timeout=30))["step"]))
            await asyncio.sleep(0.02)
        return steps

    steps = asyncio.run(drag())
    assert len(service.registry._inspectors) == 1 and steps == sorted(steps) and len(set(steps)) > 3  # the weights are renewed


def test_a_killed_inspector_is_replaced(make) -> None:
    service = make()
    run = begin(service)
    end(service, run)
    ask(service, run, "decode", **Z)
    inspector = service.registry._inspectors._by_run[run]
    os.kill(inspector._attempt._run.pid, signal.SIGKILL)
    assert ask(service, run, "decode", **Z)["images"].shape == (1, 8, 8)
    assert service.registry._inspectors._by_run[run] is not inspector and len(service.registry._inspectors) == 1


def test_only_so_many_inspectors_live_and_none_outlives_the_registry(make) -> None:
    service = make(max_inspectors=2)
    short = LONG.replace(steps=3)
    runs = [service.registry.start(short) for _ in range(3)]
    until(lambda: not any(service.registry.get(run).active for run in runs), "the end of all")
    for run in runs:
        ask(service, run, "decode", **Z)
    held = service.registry._inspectors
    assert list(held._by_run) == runs[1:] and len(held) == 2
    pids = [inspector._attempt._run.pid for inspector in held._by_run.values()]
    service.registry.close()
    for pid in pids:
        until(lambda pid=pid: not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().split()[2] == "Z", "its end")
    with pytest.raises(RegistryError, match="shutting down"):
        ask(service, runs[0], "decode", **Z)


def deaf(config, control=None):
    """A run that never answers."""
    yield Started(config.model_dump(), 0, "cpu")
    yield Checkpoint(1, b"no checkpoint")
    while not control.stopped:
        control.wait(1.0)
    yield Finished(1, b"no checkpoint", stopped=True)


def test_what_can_not_be_answered_is_said() -> None:
    registry = RunRegistry(InProcessRuntime(), sweep_seconds=None, task="test_ask:deaf")
    try:
        run = registry.start(LONG)
        until(lambda: registry.get(run).checkpoint is not None, "a checkpoint")
        with pytest.raises(RegistryError, match="No answer came within 0.05 seconds"):
            asyncio.run(registry.ask(run, "decode", Z, timeout=0.05))
        threading.Timer(0.1, registry.stop, [run]).start()  # while a question is under way: it goes to an inspector then
        with pytest.raises(RegistryError, match="not a checkpoint of this app"):
            asyncio.run(registry.ask(run, "decode", Z, timeout=10))
        for name in ("weights", "load", "nothing"):  # the first two are between the server and its workers
            with pytest.raises(RegistryError, match="There is no question"):
                asyncio.run(registry.ask(run, name, {}, timeout=5))
    finally:
        registry.close()


# --- the server function ---------------------------------------------------------------------------------------------


def test_answers_are_json(make) -> None:
    service = make()
    run = begin(service, VAEConfig(steps=200_000, **SMALL))
    asked = service.server_functions()
    function = next(f for f in asked if f.__name__ == "ask")
    reply = asyncio.run(function([run, "point", {"index": 3}]))
    assert json.loads(json.dumps(reply, allow_nan=False)) == reply
    assert reply["original"]["dtype"] == "u8" and reply["original"]["shape"] == [8, 8] and reply["latent"]["shape"] == [2]
    assert isinstance(reply["mse"], float) and isinstance(reply["step"], int) and "error" not in reply
    reply = asyncio.run(function([run, "neighbours", {"index": 3, "k": 4}]))
    assert reply["indices"]["dtype"] == "i32" and reply["distances"]["dtype"] == "f32"
    place = asyncio.run(function([run, "decode", {"z": [[0.5, -0.5]]}]))
    assert place["images"]["shape"] == [1, 8, 8]


@pytest.mark.parametrize(
    "request_",
    [
        None,
        [],
        ["RUN", "decode"],
        ["RUN", 3, {}],
        ["RUN", "decode", []],
        [3, "decode", {}],
        ["RUN", "x" * 65, {}],
        ["other", "decode", Z],
        ["RUN", "decode", {"z": [[0.0] * 7000]}],
        ["RUN", "decode", {"z": [[[[[[0]]]]]]}],
        ["RUN", "decode", {"plane": [[0, 0]]}],
        ["RUN", "decode", {"z": [[1, float("nan")]]}],
        ["RUN", "decode", {"self": 1}],
        ["RUN", "decode", {**Z, "moment": "1"}],
        ["RUN", "decode", {**Z, "moment": -1}],
        ["RUN", "decode", {**Z, "moment": True}],
        ["RUN", "load", {"checkpoint": "x"}],
        ["RUN", "weights", {}],
        ["RUN", "decode", {"z": "x" * 200_000}],
    ],
    ids=lambda request_: str(request_)[:40],
)
def test_whatever_comes_is_answered_with_a_sentence(refusing, request_) -> None:
    service, run = refusing
    if isinstance(request_, list):
        request_ = [run if item == "RUN" else item for item in request_]
    reply = asyncio.run(service.ask(request_))
    assert list(reply) == ["error"] and reply["error"].endswith(".")


@pytest.fixture(scope="module")
def refusing():
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    run = service.registry.start(LONG.replace(steps=2))
    until(lambda: not service.registry.get(run).active, "the end")
    yield service, run
    service.registry.close()


@pytest.mark.parametrize(
    ("name", "args", "sentence"),
    [
        ("nothing", {}, "There is no question 'nothing'"),
        ("field", {"t": 0.5, "what": "score"}, "Only a diffusion model can be asked this."),
        ("decode", {}, "needs the argument z"),
        ("point", {"index": -1}, "index of the question point is refused"),
        ("point", {"index": 0, "k": 2}, "has no argument 'k': it takes index."),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_worker_hears_of_it(refusing, monkeypatch, name, args, sentence) -> None:
    service, run = refusing
    monkeypatch.setattr(service.registry, "ask", lambda *args, **more: pytest.fail("passed on"))
    assert sentence in asyncio.run(service.ask([run, name, args]))["error"]


def test_a_diffusion_run_is_not_asked(refusing) -> None:
    service, _ = refusing
    run = service.registry.start(DiffusionConfig(dataset="moons", steps=1, width=16, depth=1, sampling_steps=1, device="cpu"))
    assert "Only an autoencoder" in asyncio.run(service.ask([run, "decode", Z]))["error"]


def test_numbers_that_json_has_not_become_null() -> None:
    reply = packed({"a": np.float32(np.nan) * np.ones(()), "b": np.array(2.5), "c": np.array(7), "d": np.array([1, -2])})
    assert (reply["a"], reply["b"], reply["c"]) == (None, 2.5, 7) and reply["d"]["shape"] == [2]
