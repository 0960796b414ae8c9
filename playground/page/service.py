"""What the page and the API ask of the server: start, follow and steer runs. No Gradio, and no torch, in here.

Anyone may call a server function with anything, so every argument is checked, and a refusal is a sentence in `error`: an
exception would reach the page as `undefined`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from playground.config import (
    MODELS,
    NOT_GENERATIVE,
    ConfigError,
    LatentDiffusionConfig,
    Model,
    RunConfig,
    SampleConfig,
    change_live,
    model_of,
    parse_config,
    shaping,
)
from playground.config.settings import named
from playground.features import registry as features
from playground.features.take_away.service import TakeAway
from playground.page import questions
from playground.page.frames import RunViews, as_asked
from playground.runtimes import RunRegistry, Runtime, UnknownRun
from playground.runtimes.footprint import refuse_too_large
from playground.runtimes.links import is_watch, to_steer
from playground.runtimes.projector import Projector
from playground.runtimes.records import Origin, RunRecord
from playground.runtimes.refusals import REFUSALS, answering
from playground.runtimes.thinning import began_anew
from playground.views.answers import answer
from playground.views.codec import numbers
from playground.views.payloads import Payload
from playground.views.readings import about

LONG_POLL_SECONDS = 10.0
SETTLE_SECONDS = 0.2
"""Numbers without a new picture wait this long for one, so that a page asks about five times a second, not fifteen."""
ANSWER_SECONDS = 60.0
"""Longest wait for an answer; the longest questions take a second or two."""
WAITING, DRAWING = 32, 8
"""Threads for requests that wait for a worker, and for pictures: each their own, so that the slow never keep pages waiting."""
T = TypeVar("T")
COMMANDS = ("pause", "resume", "stop", "continue")
SAMPLING = "playground.runs.generation:sampling_run"


class Service:
    """All runs of this server, and the pictures of those that somebody watches; `contest`, the task of a class, is there where a teacher is."""

    def __init__(
        self, runtime: Runtime, device: str = "auto", kept: Iterable[RunRecord] = (), own: bool = False, **limits: Any
    ) -> None:
        self.registry = RunRegistry(runtime, kept=kept, **limits)
        self.memory_limit: int | None = getattr(runtime, "memory_limit", None)
        self.projector, self.take_away = Projector(self._nudge), TakeAway(self)
        self.device, self.own = device, own  # `own`: all who reach the server may see all of its runs
        self.contest: Any = None
        self._views: OrderedDict[str, RunViews] = OrderedDict()
        self._waiting, self._drawing = ThreadPoolExecutor(WAITING, "waiting"), ThreadPoolExecutor(DRAWING, "drawing")

    async def waiting(self, function: Callable[..., T], *args: Any) -> T:
        """The result of a function that may wait for a worker, or take long, found beside the event loop."""
        within = copy_context()  # so that it is known there, too, who asks
        return await asyncio.get_running_loop().run_in_executor(self._waiting, lambda: within.run(function, *args))

    def train(self, values: dict[str, Any]) -> str:
        """Starts a training and returns its run id. Raises `ConfigError` or `RegistryError` with a sentence. For a latent diffusion
        `source` among the values names the run, of an autoencoder or a VAE, whose newest weights it works with."""
        values = {"device": self.device, **named(values)}
        source, joined = (values.pop(name, None) for name in ("source", "joined"))
        if source is not None:
            return self.train_in_latents(source, values)
        config = parse_config(values)
        if isinstance(config, LatentDiffusionConfig):
            raise ConfigError("A latent diffusion works with a trained autoencoder or VAE: name the run of one as source.")
        return self.contest.begin(config, joined) if self.contest and joined else self.registry.start(self.fitting(config))

    def fitting(self, config: RunConfig) -> RunConfig:
        """`config`, if a run with it fits into the memory that a worker may take. Raises `ConfigError` otherwise."""
        refuse_too_large(config, self.memory_limit)
        return config

    def train_in_latents(self, source: str, values: dict[str, Any]) -> str:
        """Starts a diffusion in the latent space of the run `source`, on the data of that run."""
        about = self.registry.get(source).config
        if not ((model := model_of(about)) and model.encodes):
            raise ConfigError("The source of a latent diffusion must be the run of an autoencoder or a VAE.")
        config = parse_config({"dataset": about["dataset"], **values, "autoencoder": about})
        if config.dataset != about["dataset"]:
            raise ConfigError(f"dataset = {config.dataset!r} is refused: the source was trained on {about['dataset']!r}.")
        return self.registry.start(self.fitting(config), source=self.registry.checkpoint(source))

    def sample(self, run: str, values: dict[str, Any]) -> str:
        """Starts drawing samples from a run's newest weights, while it trains or after, as a run of its own."""
        config = SampleConfig(**{"device": self.device, **named(values)})
        if not self._model(run).is_generative:
            raise ConfigError(NOT_GENERATIVE)
        checkpoint, origin = self.weights(run)
        return self.registry.start(config, task=SAMPLING, of=(origin,), checkpoint=checkpoint)

    def study(self, name: str, run: str, values: dict[str, Any], others: dict[str, str] | None = None) -> str:
        """Starts a study of a run's newest weights, while it trains or after, as a run of its own, which also gets the weights of the
        runs `others`, by name, if it compares models. Returns its run id. Raises `ConfigError` or `RegistryError` with a sentence."""
        study, others = features.study(name), named(others or {})
        if others.keys() != set(study.others):
            wanted = " and ".join(study.others) or "no other run"
            raise ConfigError(f"The study {name} takes {wanted} beside the run that it measures.")
        runs = {"checkpoint": run} | others
        if not study.latents and any(self._model(each).diffuses == "latents" for each in runs.values()):
            raise ConfigError(
                "This measures a diffusion of the data themselves, but the model of this tab works in the latent space of an autoencoder: "
                "train one that diffuses in the data."
            )
        settings = study.configure({"device": self.device, **named(values)})
        taken = {name: self.weights(each) for name, each in runs.items()}
        origins = tuple(origin for _, origin in taken.values())
        data: dict[str, Any] = {name: weights for name, (weights, _) in taken.items()}
        return self.registry.start(settings, task=study.run, of=origins, **data)

    def results(self, run: str) -> Payload:
        """What a study found so far, in numbers and words: `results` of its feature, or the view without its pictures; empty at first."""
        record = self.registry.get(run)
        study = features.study(record.config.get("study"))
        if record.snapshot is None:
            return {}
        return study.results(record.snapshot.arrays) if study.results else numbers(features.builder(study.name)(RunViews(), record))

    def _trained(self, run: str) -> dict[str, Any]:
        """The settings of a run that trains a model, or did. Raises `ConfigError` for others."""
        config = self.registry.get(run).config
        if "model" not in config:
            raise ConfigError("This run trains no model: it measures one, or draws from it.")
        return config

    def _model(self, run: str) -> Model:
        """What the model of such a run can do."""
        return MODELS[self._trained(run)["model"]]

    def fork(self, run: str, step: int, values: dict[str, Any]) -> str:
        """Starts a new run from the last checkpoint of a run that is kept at or before `step`, and returns its id; the old
        one stops, if it still goes on. The new run has the settings `values`, except for those that its weights were made
        for (`shaping`). Raises `ConfigError` or `RegistryError` with a sentence."""
        if type(step) is not int:
            raise ConfigError("A moment is given by its step, a whole number.")
        kept, old = self.registry.checkpoint_at(run, step).step, self.registry.get(run).config
        wanted = {name: value for name, value in named(values).items() if name in old}
        kept_with = [name for name in shaping(type(parse_config(old))) if name in wanted]
        config = parse_config({**old, **wanted, **{name: old[name] for name in kept_with}})
        if config.steps <= kept:
            raise ConfigError(
                f"steps = {config.steps} is refused: that checkpoint is of step {kept:,} already, so Steps must be larger."
            )
        origin = f"Continues another run from step {kept:,}.{began_anew(self.registry.get(run).moments, kept)}"
        if unchanged := ", ".join(f"{name} = {old[name]}" for name in kept_with if wanted[name] != old[name]):
            origin += f" Its weights keep {unchanged}; the other settings are those of the form."
        new = self.registry.fork(run, kept, self.fitting(config), origin)
        if not is_watch(run):
            self.registry.stop(run, note=f"Stopped, because a new run goes on from its step {kept:,}.")
        return new

    def kept(self, tab: str) -> str | None:
        """The run that came with the project for this tab."""
        return next((run for run in self.registry.kept if self.registry.get(run).config["model"] == tab), None)

    def weights(self, run: str) -> tuple[bytes, Origin]:
        """The newest weights of a run, and what is to be said of anything that is measured with them. Raises `ConfigError` for a run
        that trains no model."""
        self._trained(run)
        data, record = self.registry.checkpoint(run), self.registry.get(run)
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

    def set(self, run: str, values: dict[str, Any]) -> None:
        """Changes live settings of a run. Raises `ConfigError` for others and for bad values."""
        change_live(parse_config(self._trained(run)), named(values))
        if self.contest:
            self.contest.keep(run, values)
        self.registry.set(run, **values)

    @answering
    def command(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, name]` with name one of `COMMANDS`; `{"ok": true}` or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2 and request[1] in COMMANDS):
            raise ConfigError(f"A command is [run, name] with name one of {', '.join(COMMANDS)}.")
        run, name = request
        getattr(self.registry, "continue_" if name == "continue" else name)(run)
        return {"ok": True}

    async def pull(self, request: Any) -> dict[str, Any]:
        """Server function, a long poll: `[run, version, static_seen, visible]` -> a frame (see `frames.py`), once
        there is something newer than `version` or ten seconds have passed; or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 4 and type(request[1]) is int):
            return {"error": "A pull is [run, version, static_seen, visible]."}
        run, version, static_seen, visible = request[0], request[1], bool(request[2]), bool(request[3])
        try:
            record = await self._news(run, version)
        except REFUSALS as error:
            return {"error": str(error)} | ({"gone": True} if isinstance(error, UnknownRun) else {})
        asked = (self.views(record.run_id).frame, record, version, static_seen, visible)
        return as_asked(await asyncio.get_running_loop().run_in_executor(self._drawing, *asked), run)

    async def _news(self, run: str, version: int):
        """The record once it is worth an answer: at once for a picture or a change of status, else a little later."""
        before = await self._record(run)
        record = await self.registry.wait(run, version, LONG_POLL_SECONDS)
        deadline = time.monotonic() + SETTLE_SECONDS
        while (
            version > 0
            and record.status == before.status == "running"
            and record.message == before.message
            and record.snapshot_version <= version
            and (left := deadline - time.monotonic()) > 0
        ):
            record = await self.registry.wait(run, record.version, left)
        return record

    async def _record(self, run: str) -> RunRecord:
        """A run, read beside the event loop where it is on the disk alone."""
        return self.registry.get(run) if self.registry.holds(run) else await self.waiting(self.registry.get, run)

    @answering
    async def ask(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, name, args]` -> what the run's model answers, packed as in `views/answers.py`, with `step`, that
        of the weights asked; or `{"error": sentence}`. The questions and their arguments stand in `questions/catalogue.py`; `moment`
        among them, a step, asks the past."""
        asked = questions.parse(request)
        questions.check(asked, (await self._record(asked.run)).config)
        return answer(await self.registry.ask(asked.run, asked.name, asked.args, moment=asked.moment, timeout=ANSWER_SECONDS))

    @answering
    def project(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, {"method", "dims", "perplexity", "seed"}]` chooses the projection of a run's map, for all who
        watch it; `{"ok": true}`, and the new map comes with the next frame, or `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2):
            raise ConfigError("A projection is chosen by [run, settings].")
        record, values = self.registry.get(to_steer(request[0])), request[1]
        self.views(record.run_id).choose(record, values)
        self.registry.nudge(record.run_id)
        return {"ok": True}

    def _nudge(self, run: str) -> None:
        """A run's embedding is there: wake who waits for a frame; the run may be gone."""
        try:
            self.registry.nudge(run)
        except REFUSALS:
            self.projector.forget(run)

    @answering
    async def replay(self, request: Any) -> dict[str, Any]:
        """Server function: `[run, step]` -> the kept moment at or before that step, as in `RunViews.replay`; or
        `{"error": sentence}`."""
        if not (isinstance(request, list) and len(request) == 2 and type(request[1]) is int):
            raise ConfigError("A replay is [run, step].")
        return await asyncio.get_running_loop().run_in_executor(self._drawing, self.views_of_past, *request)

    def views_of_past(self, run: str, step: int) -> dict[str, Any]:
        """As `replay`, but blocking and raising."""
        record = self.registry.get(run)
        self.registry.touch(run)
        return as_asked(self.views(record.run_id).replay(record, step), run)

    def views(self, run: str) -> RunViews:
        """The pictures of a run, made when somebody looks; as many are kept as runs are."""
        views = self._views.setdefault(run, RunViews(self.projector))
        self._views.move_to_end(run)
        while len(self._views) > 2 * max(1, len(self.registry) + len(self.registry.kept)):
            self.projector.forget(self._views.popitem(last=False)[0])
        return views
