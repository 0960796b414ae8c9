"""What the page and the API ask of the server: start, follow and steer runs. No Gradio, and no torch, in here.

Anyone may call a server function with anything, so every argument is checked, and a refusal is a sentence in `error`: an
exception would reach the page as `undefined`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from playground.config import (
    ArenaConfig, BoundsConfig, ComparisonConfig, ConfigError, LatentDiffusionConfig, LikelihoodConfig, ReflowConfig, RunConfig, SampleConfig, StudyConfig,
    change_live, parse_config,
)  # fmt: skip
from playground.data import DataError
from playground.runtimes import RegistryError, RunRegistry, Runtime, UnknownRun
from playground.runtimes.footprint import refuse_too_large
from playground.runtimes.projector import Projector
from playground.runtimes.records import Origin
from playground.ui import questions
from playground.views.answers import answer
from playground.views.frames import RunViews
from playground.views.readings import about

LONG_POLL_SECONDS = 10.0
SETTLE_SECONDS = 0.2
"""Numbers without a new picture wait this long for one, so that a page asks about five times a second, not fifteen."""
ANSWER_SECONDS = 20.0
"""Longest wait for an answer; the longest questions take a second or two."""
STUDIES: dict[str, tuple[type[StudyConfig], str]] = {
    "arena": (ArenaConfig, "playground.studies.arena:arena_run"),
    "bounds": (BoundsConfig, "playground.studies.bounds:bounds_run"),
    "likelihood": (LikelihoodConfig, "playground.studies.likelihood:likelihood_run"),
    "comparison": (ComparisonConfig, "playground.studies.comparison:comparison_run"),
    "reflow": (ReflowConfig, "playground.studies.reflow_run:reflow_run"),
}
"""Measurements of a trained model, each a run of its own: name -> its settings, and the generator that makes it."""
WAITING, DRAWING = 32, 8
"""Threads for requests that wait for a worker, and for pictures: each their own, so that the slow never keep pages waiting."""
T = TypeVar("T")
COMMANDS = ("pause", "resume", "stop", "continue")
REFUSALS = (ConfigError, DataError, RegistryError, UnknownRun, ValueError)
SAMPLING = "playground.generation:sampling_run"
OF_THE_WEIGHTS = (
    "model", "dataset", "latent_dim", "network", "width", "depth", "schedule", "parametrization", "observation_std",
    "likelihood", "binarise", "conditional", "autoencoder",
)  # fmt: skip
"""Settings that weights were made for: a run that goes on from a checkpoint keeps them."""


class Service:
    """All runs of this server, and the pictures of those that somebody watches."""

    def __init__(self, runtime: Runtime, device: str = "auto", **limits: Any) -> None:
        self.registry = RunRegistry(runtime, **limits)
        self._memory_limit: int | None = getattr(runtime, "memory_limit", None)
        self.projector = Projector(self._nudge)
        self.device = device
        self._views: OrderedDict[str, RunViews] = OrderedDict()
        self._waiting, self._drawing = ThreadPoolExecutor(WAITING, "waiting"), ThreadPoolExecutor(DRAWING, "drawing")

    async def waiting(self, function: Callable[..., T], *args: Any) -> T:
        """The result of a function that may wait for a worker, or take long, found beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._waiting, function, *args)

    # --- starting ----------------------------------------------------------------------------------------------------

    def train(self, values: dict[str, Any]) -> str:
        """Starts a training and returns its run id. Raises `ConfigError` or `RegistryError` with a sentence. For a latent diffusion
        `source` among the values names the run, of an autoencoder or a VAE, whose newest weights it works with."""
        values = {"device": self.device, **named(values)}
        source = values.pop("source", None)
        if source is not None:
            return self.train_in_latents(source, values)
        config = parse_config(values)
        if isinstance(config, LatentDiffusionConfig):
            raise ConfigError("A latent diffusion works with a trained autoencoder or VAE: name the run of one as source.")
        return self.registry.start(self._fitting(config))

    def _fitting(self, config: RunConfig) -> RunConfig:
        """`config`, if a run with it fits into the memory that a worker may take. Raises `ConfigError` otherwise."""
        refuse_too_large(config, self._memory_limit)
        return config

    def train_in_latents(self, source: str, values: dict[str, Any]) -> str:
        """Starts a diffusion in the latent space of the run `source`, on the data of that run."""
        about = self.registry.get(source).config
        if about.get("model") not in ("ae", "vae"):
            raise ConfigError("The source of a latent diffusion must be the run of an autoencoder or a VAE.")
        config = parse_config({"dataset": about["dataset"], **values, "autoencoder": about})
        if config.dataset != about["dataset"]:
            raise ConfigError(f"dataset = {config.dataset!r} is refused: the source was trained on {about['dataset']!r}.")
        return self.registry.start(self._fitting(config), source=self.checkpoint(source))

    def sample(self, run: str, values: dict[str, Any]) -> str:
        """Starts drawing samples from a run's newest weights, while it trains or after, as a run of its own."""
        config = SampleConfig(**{"device": self.device, **named(values)})
        if self._trained(run)["model"] == "ae":
            raise ConfigError(
                "An autoencoder defines no distribution, so there is nothing to sample from: "
                "train a VAE or a diffusion model."
            )
        checkpoint, origin = self.weights(run)
        return self.registry.start(config, task=SAMPLING, of=(origin,), checkpoint=checkpoint)

    def study(self, name: str, run: str, values: dict[str, Any], **others: str) -> str:
        """Starts a measurement (`STUDIES`) of a run's newest weights, while it trains or after, as a run of its own; its generator
        also gets the weights of the runs `others`, by name. Returns its run id. Raises `ConfigError` or `RegistryError` with a sentence."""
        config, task = STUDIES[name]
        if self.registry.get(run).config.get("model") == "latent_diffusion":
            raise ConfigError(
                "This measures a diffusion of the data themselves, but the model above works in the latent space of an autoencoder: "
                "train one that diffuses in the data."
            )
        settings = config(**{"device": self.device, **named(values)})
        taken = {name: self.weights(other) for name, other in ({"checkpoint": run} | others).items()}
        origins, data = (tuple(origin for _, origin in taken.values()), {name: weights for name, (weights, _) in taken.items()})
        return self.registry.start(settings, task=task, of=origins, **data)

    def _trained(self, run: str) -> dict[str, Any]:
        """The settings of a run that trains a model, or did. Raises `ConfigError` for others."""
        config = self.registry.get(run).config
        if "model" not in config:
            raise ConfigError("This run trains no model: it measures one, or draws from it.")
        return config

    def fork(self, run: str, step: int, values: dict[str, Any]) -> str:
        """Starts a new run from the last checkpoint of a run that is kept at or before `step`, and returns its id; the old
        one stops, if it still goes on. The new run has the settings `values`, except for those that its weights depend on
        (`OF_THE_WEIGHTS`). Raises `ConfigError` or `RegistryError` with a sentence."""
        if type(step) is not int:
            raise ConfigError("A moment is given by its step, a whole number.")
        kept, old = self.registry.checkpoint_at(run, step).step, self.registry.get(run).config
        wanted = {name: value for name, value in named(values).items() if name in old}
        differ = [name for name in OF_THE_WEIGHTS if wanted.get(name, old.get(name)) != old.get(name)]
        config = parse_config({**old, **wanted, **{name: old[name] for name in OF_THE_WEIGHTS if name in old}})
        if config.steps <= kept:
            raise ConfigError(
                f"steps = {config.steps} is refused: that checkpoint is of step {kept:,} already, so Steps must be larger."
            )
        origin = f"Continues run {run[:6]}… from step {kept:,}."
        if differ:
            said = ", ".join(f"{name} = {old[name]}" for name in differ)
            origin += f" Its weights keep {said}; the other settings are those of the form."
        new = self.registry.fork(run, kept, self._fitting(config), origin)
        self.registry.stop(run, note=f"Stopped, because a new run goes on from its step {kept:,}.")
        return new

    def checkpoint(self, run: str) -> bytes:
        """The newest weights of a run. Blocks for a moment while it trains."""
        return self.registry.checkpoint(run)

    def weights(self, run: str) -> tuple[bytes, Origin]:
        """The newest weights of a run, and what is to be said of anything that is measured with them. Raises `ConfigError` for a run
        that trains no model."""
        self._trained(run)
        data, record = self.checkpoint(run), self.registry.get(run)
        return data, Origin(about(record.config), run, record.config["model"], record.checkpoint_step)

    def server_functions(self) -> list[Callable]:
        """The functions that pages call, as plain ones: Gradio marks what it exposes, and methods take no marks."""

        async def pull(request: Any) -> dict[str, Any]:
            return await self.pull(request)

        def command(request: Any) -> dict[str, Any]:
            return self.command(request)

        async def ask(request: Any) -> dict[str, Any]:
            return await self.ask(request)

        def project(request: Any) -> dict[str, Any]:
            return self.project(request)

        async def replay(request: Any) -> dict[str, Any]:
            return await self.replay(request)

        return [pull, command, ask, project, replay]

    # --- steering ----------------------------------------------------------------------------------------------------

    def set(self, run: str, values: dict[str, Any]) -> None:
        """Changes live settings of a run. Raises `ConfigError` for others and for bad values."""
        change_live(parse_config(self._trained(run)), named(values))
        self.registry.set(run, **values)

    def command(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, name]` with name one of `COMMANDS`; `{"ok": true}` or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2 and request[1] in COMMANDS):
            return {"error": f"A command is [run, name] with name one of {', '.join(COMMANDS)}."}
        run, name = request
        try:
            getattr(self.registry, "continue_" if name == "continue" else name)(run)
        except REFUSALS as error:
            return {"error": str(error)}
        return {"ok": True}

    # --- following ---------------------------------------------------------------------------------------------------

    async def pull(self, request: Any) -> dict[str, Any]:
        """Server function, a long poll: `[run, version, static_seen, visible]` -> a frame (see `views/frames.py`), once
        there is something newer than `version` or ten seconds have passed; or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 4 and type(request[1]) is int):
            return {"error": "A pull is [run, version, static_seen, visible]."}
        run, version, static_seen, visible = request[0], request[1], bool(request[2]), bool(request[3])
        try:
            record = await self._news(run, version)
        except REFUSALS as error:
            return {"error": str(error)}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._drawing, self.views(run).frame, record, version, static_seen, visible)

    async def _news(self, run: str, version: int):
        """The record once it is worth an answer: at once for a picture or a change of status, else a little later."""
        before = self.registry.get(run)
        record = await self.registry.wait(run, version, LONG_POLL_SECONDS)
        deadline = time.monotonic() + SETTLE_SECONDS
        while (
            version > 0 and record.status == before.status == "running" and record.message == before.message
            and record.snapshot_version <= version and (left := deadline - time.monotonic()) > 0
        ):  # fmt: skip
            record = await self.registry.wait(run, record.version, left)
        return record

    async def ask(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, name, args]` -> what the run's model answers, packed as in `views/answers.py`, with `step`, that
        of the weights asked; or `{"error": sentence}`. The questions and their arguments stand in `inspection/`; `moment` among
        them, a step, asks the past."""
        try:
            run, name, args, moment = questions.parse(request)
            if "model" not in self.registry.get(run).config:
                raise ConfigError("Only a model can be asked: this run measures one, or draws from it.")
            arrays = await self.registry.ask(run, name, args, moment=moment, timeout=ANSWER_SECONDS)
        except REFUSALS as error:
            return {"error": str(error)}
        return answer(arrays)

    def project(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, {"method", "dims", "perplexity", "seed"}]` chooses the projection of a run's map, for all who
        watch it; `{"ok": true}`, and the new map comes with the next frame, or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2):
            return {"error": "A projection is chosen by [run, settings]."}
        run, values = request
        try:
            record = self.registry.get(run)
            self.views(run).choose(record, values)
            self.registry.nudge(run)
        except REFUSALS as error:
            return {"error": str(error)}
        return {"ok": True}

    def _nudge(self, run: str) -> None:
        """A run's embedding is there: wake who waits for a frame; the run may be gone."""
        try:
            self.registry.nudge(run)
        except UnknownRun:
            self.projector.forget(run)

    async def replay(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, step]` -> the kept moment at or before that step, as in `RunViews.replay`; or
        `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2 and type(request[1]) is int):
            return {"error": "A replay is [run, step]."}
        run, step = request
        try:
            return await asyncio.get_running_loop().run_in_executor(self._drawing, self.views_of_past, run, step)
        except REFUSALS as error:
            return {"error": str(error)}

    def views_of_past(self, run: str, step: int) -> dict[str, Any]:
        """As `replay`, but blocking and raising."""
        record = self.registry.get(run)
        self.registry.touch(run)
        return self.views(run).replay(record, step)

    def views(self, run: str) -> RunViews:
        """The pictures of a run, made when somebody looks; as many are kept as runs are."""
        views = self._views.setdefault(run, RunViews(self.projector))
        self._views.move_to_end(run)
        while len(self._views) > 2 * max(1, len(self.registry)):
            self.projector.forget(self._views.popitem(last=False)[0])
        return views


def named(values: Any) -> dict[str, Any]:
    """`values` if they are settings by name, as they came from anybody. Raises `ConfigError` otherwise."""
    if not (isinstance(values, dict) and all(isinstance(name, str) for name in values)):
        raise ConfigError('Settings are given by name, such as {"learning_rate": 0.001}.')
    return values
