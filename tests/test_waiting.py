"""Who waits for a worker keeps nobody else waiting: the event loop goes on, and pictures have threads of their own."""

import asyncio
import base64

import gradio as gr
import httpx
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.types import Message
from test_service import Puppet

from playground.config import AutoencoderConfig
from playground.page.api import add_endpoints, samples_of
from playground.page.downloads import AT_ONCE, PART, Downloads
from playground.page.service import WAITING, Service
from playground.runs.events import Checkpoint, Finished, Started

CONFIG = AutoencoderConfig(dataset="digits", steps=100)
LATENT = {"model": "latent_diffusion", "dataset": "digits"}


@pytest.fixture
def puppet():
    return Puppet()


@pytest.fixture
def service(puppet):
    service = Service(puppet, device="cpu", sweep_seconds=None)
    yield service
    puppet.put(Finished(1, b"weights"), *[None] * 9)
    service.registry.close()


@pytest.fixture
def endpoints(service):
    """The functions behind the endpoints, by name."""
    with gr.Blocks() as page:
        add_endpoints(service)
    return {function.api_name: function.fn for function in page.fns.values()}


async def asked(puppet, kind: str, times: int = 1) -> None:
    """Returns once the run was sent so many messages of a kind; the event loop has to turn for that."""
    async with asyncio.timeout(20):
        while sum(message["kind"] == kind for message in puppet.messages) < times:
            await asyncio.sleep(0.01)


def test_training_in_a_latent_space_waits_for_its_source_beside_the_event_loop(service, puppet, endpoints) -> None:
    """A checkpoint comes from the running source within ten seconds; whoever waits for it on the loop would never see it come."""

    async def scene() -> None:
        run = service.registry.start(CONFIG)
        puppet.put(Started(CONFIG.model_dump(), 1, "cpu"))
        begun = asyncio.ensure_future(anext(endpoints["train"](LATENT | {"source": run})))
        await asked(puppet, "checkpoint")
        assert "config" in await asyncio.wait_for(service.pull([run, 0, False, True]), 5) and not begun.done()
        puppet.put(Checkpoint(3, b"weights"))
        assert (await begun)["status"] == "starting"

    asyncio.run(scene())
    assert puppet.tasks[-1][2]["source"] == b"weights"


@pytest.fixture
def weights(service):
    """A client of the files that leave."""
    transport = httpx.ASGITransport(Starlette(routes=[Downloads(service).route()]))
    return lambda run: httpx.AsyncClient(transport=transport, base_url="http://here").get(f"/runs/{run}/weights.safetensors")


@pytest.mark.parametrize("name", ["sample", "weights"])
def test_slow_requests_leave_threads_for_pictures(service, puppet, endpoints, weights, name) -> None:
    async def scene() -> None:
        config = CONFIG.model_copy(update={"model": "vae"})
        run = service.registry.start(config)
        puppet.put(Started(config.model_dump(), 1, "cpu"))

        async def slow() -> None:
            await (anext(endpoints["sample"](run, {})) if name == "sample" else weights(run))

        waiting = [asyncio.ensure_future(slow()) for _ in range(WAITING)]
        await asked(puppet, "checkpoint", WAITING)
        assert "config" in await asyncio.wait_for(service.pull([run, 0, False, True]), 5)
        assert not any(task.done() for task in waiting)
        puppet.put(Checkpoint(3, b"weights"))
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(scene())


def test_weights_leave_in_parts_between_which_pages_are_answered(service, puppet) -> None:
    """Whoever takes 12 MB away slowly holds neither the loop nor, once they are made, a thread."""
    data, sent = bytes(range(256)) * 50_000, []

    async def scene() -> None:
        run = service.registry.start(CONFIG)
        puppet.put(Started(CONFIG.model_dump(), 1, "cpu"), Finished(1, data), None)
        while service.registry.get(run).active:
            await asyncio.sleep(0.01)
        stalled = asyncio.Event()

        async def send(message: Message) -> None:
            sent.append(message)
            if len(sent) == 3:
                await stalled.wait()

        leaving = asyncio.ensure_future(Downloads(service)._response(run, "weights.safetensors"))
        going = asyncio.ensure_future((await leaving)({"type": "http"}, asyncio.Event().wait, send))
        assert "config" in await asyncio.wait_for(service.pull([run, 0, False, True]), 5) and not going.done()
        stalled.set()
        await going

    asyncio.run(scene())
    bodies = [bytes(message["body"]) for message in sent[1:]]
    assert b"".join(bodies) == data and max(map(len, bodies)) <= PART


def test_who_comes_while_many_files_leave_is_asked_to_wait(service, puppet, weights) -> None:
    async def scene() -> None:
        run = service.registry.start(CONFIG)
        puppet.put(Started(CONFIG.model_dump(), 1, "cpu"))
        waiting = [asyncio.ensure_future(weights(run)) for _ in range(AT_ONCE)]
        await asked(puppet, "checkpoint", AT_ONCE)
        late = await weights(run)
        assert late.status_code == 503 and "try again" in late.json()["error"]
        puppet.put(Finished(3, b"weights"), None)
        assert {answer.content for answer in await asyncio.gather(*waiting)} == {b"weights"}
        assert (await weights(run)).status_code == 200

    asyncio.run(scene())


def test_many_samples_are_a_few_megabytes_of_text() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4096, 1, 28, 28), dtype=np.uint8)
    answer = samples_of({"samples": images})
    assert len(answer["samples"]) < 4.5e6 and answer["dtype"] == "uint8"
    back = np.frombuffer(base64.b64decode(answer["samples"]), answer["dtype"]).reshape(answer["shape"])
    np.testing.assert_array_equal(back, images)
    points = np.arange(6, dtype=">f4").reshape(1, 3, 2)[:, ::-1]
    answer = samples_of({"trajectory": points})
    back = np.frombuffer(base64.b64decode(answer["samples"]), answer["dtype"]).reshape(answer["shape"])
    np.testing.assert_array_equal(back, points[-1])
