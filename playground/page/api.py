"""Named endpoints, so that a script can drive the app through `gradio_client`; the README shows them at work."""
# Gradio reads what a stream yields from its return annotation, `-> dict`, where Python would say `AsyncIterator[dict]`:
# pyright: reportReturnType=false, reportInvalidTypeForm=false

from __future__ import annotations

import asyncio
import base64
import sys
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import gradio as gr
import numpy as np

from playground.config import CONFIGS, SampleConfig, field_specs
from playground.features.registry import studies
from playground.page.door import MISTAKE
from playground.page.service import Service
from playground.runs.events import drawn
from playground.runtimes.links import watch_id
from playground.runtimes.records import RunRecord
from playground.runtimes.refusals import REFUSALS
from playground.views.outcome import diverged

NEWS_SECONDS = 10.0


def add_endpoints(service: Service) -> None:
    """Adds the endpoints to the `Blocks` under construction."""

    async def train(settings: dict) -> dict:
        """Trains a model and streams its progress until it ends. `settings` are the fields of a config, with
        `model` one of ae, vae, diffusion, latent_diffusion: {"model": "vae", "dataset": "digits", "steps": 500}. A
        latent_diffusion also takes `source`, the run of an autoencoder or a VAE. Closing the stream does not stop the run;
        `/command` with `stop` does."""
        with sentences():
            run = await service.waiting(service.train, settings)
        async for news in follow(service, run):
            yield news

    async def sample(run: str, settings: dict) -> dict:
        """Draws samples from a run's newest weights, and streams how far it is; the last answer holds `samples`, base64 of the
        bytes of an array of type `dtype` (NumPy's word) and shape `shape`. `settings` are the fields of a SampleConfig: {"n_samples": 16, "sampler": "heun"}."""
        with sentences():
            drawing = await service.waiting(service.sample, run, settings)
        async for news in follow(service, drawing):
            if news["status"] == "finished":
                snapshot = service.registry.get(drawing).snapshot
                news |= {} if snapshot is None else await service.waiting(samples_of, snapshot.arrays)
            yield news

    def status(run: str) -> dict:
        """Where a run is: status, step, losses, message."""
        with sentences():
            return digest(service.registry.get(run)) | {"run": run}

    def command(run: str, name: str) -> dict:
        """Steers a run: `name` is pause, resume, stop or continue."""
        answer = service.command([run, name])
        if "error" in answer:
            raise refusal(answer["error"])
        return answer

    def set_live(run: str, settings: dict) -> dict:
        """Changes settings of a run while it trains, such as {"learning_rate": 1e-4}."""
        with sentences():
            service.set(run, settings)
        return {"ok": True}

    async def study(run: str, study: str, settings: dict, others: dict | None = None) -> dict:
        """Measures a run's newest weights, and streams how far it is; the last answer holds `results`. `study` is one of those that
        `/describe` lists: {"importance_samples": 500} are `settings` of bounds. A comparison takes the run of an autoencoder and,
        as `others`, that of a VAE: {"vae": run}."""
        with sentences():
            measuring = await service.waiting(service.study, study, run, settings, others)
        async for news in follow(service, measuring):
            if not service.registry.get(measuring).active:
                news |= {"results": await service.waiting(service.results, measuring)}
            yield news

    def describe() -> dict:
        """Every setting of every model, of drawing samples, and of every study, with bounds and help."""
        measuring = {name: feature.settings for name, feature in studies().items()}
        configs = {**CONFIGS, "sample": SampleConfig, **measuring}
        return {name: {field: asdict(spec) for field, spec in field_specs(config).items()} for name, config in configs.items()}

    for name, function in {
        "train": train,
        "sample": sample,
        "status": status,
        "command": command,
        "set": set_live,
        "study": study,
        "describe": describe,
    }.items():
        gr.api(function, api_name=name, concurrency_limit=None)


@contextmanager
def sentences() -> Iterator[None]:
    """A refusal reaches the client with its sentence; of a mistake of the server's own the log says more."""
    try:
        yield
    except REFUSALS as error:
        raise refusal(str(error)) from None
    except Exception:
        traceback.print_exc(file=sys.stderr)
        raise refusal(MISTAKE) from None


def refusal(sentence: str) -> gr.Error:
    """What a client is told; no fault of the server's, so its log stays quiet."""
    return gr.Error(sentence, print_exception=False)


async def follow(service: Service, run: str) -> AsyncIterator[dict[str, Any]]:
    """A digest each time something changed, at most about five a second, until the run has ended."""
    version = 0
    while True:
        record = await service.registry.wait(run, version, NEWS_SECONDS)
        version = record.version
        yield digest(record)
        if not record.active:
            return
        await asyncio.sleep(0.2)


def digest(record: RunRecord) -> dict[str, Any]:
    """A record in a few plain words and numbers."""
    losses = {name: float(values[-1]) for name, (_, values) in record.history.items() if len(values)}
    return {
        "run": record.run_id,
        "status": record.status,
        "step": record.step,
        "losses": losses,
        "watch": watch_id(record.run_id),
        "place": record.place,
        "wait_seconds": record.wait,
        "message": " ".join(filter(None, (record.message, record.suggestion, diverged(record)))),
    }


def samples_of(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The samples of a finished drawing: points in data units, float32, rows of a table in its units, float64, or pixels, uint8; as bytes,
    because 4,096 images as lists of numbers were 31 MB of JSON, over which every page waited."""
    samples = drawn(arrays)
    samples = np.ascontiguousarray(samples, samples.dtype.newbyteorder("<"))
    return {"samples": base64.b64encode(samples.data).decode(), "dtype": samples.dtype.name, "shape": list(samples.shape)}
