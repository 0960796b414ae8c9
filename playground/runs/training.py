"""The heart: `train(config)` is a generator of events.

It is the same generator for a script, a test and a worker process. Data stays on the device, losses are read back a few
times a second, and pictures are made on the clock and within a budget, so that watching costs little.
"""

from __future__ import annotations

import copy
import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from playground.config import ConfigError, RunConfig, change_live
from playground.data import load_dataset
from playground.runs.cadence import Cadence, Pace
from playground.runs.checkpoint import Loaded, load_weights, optimizer_state, pack, restore_optimizer, restore_random, unpack
from playground.runs.control import MAX_ASKS, Control
from playground.runs.events import Checkpoint, Event, Failed, Finished, Paused, Progress, Snapshot, Started, diverged
from playground.runs.measuring import FIRST_STEPS, RATES, SETTLED, Readings
from playground.runs.precision import compute
from playground.runs.steps import RecordedSteps, Steps
from playground.runs.tasks import TASKS, Answering, Task, pick_device
from playground.runs.threads import Threads

REPORTS_PER_SECOND = 8.0
DIVERGED = 1e9
"""A total loss beyond this is no longer training: its squares overflow, and Adam stands still without a NaN."""
ANSWERS_BETWEEN_STEPS = 4
LAST_SECONDS = 2.0  # for each thing that is made of a run that was told to stop; it has five in all
MAX_PENDING = 1000  # losses kept on the device before they are read back, however fast the steps are
OTHER_NETWORK = "This checkpoint is of another network: model, data shape, width, depth and latent dimensions must be the same."


def train(
    config: RunConfig,
    control: Control | None = None,
    resume: bytes | None = None,
    source: bytes | None = None,
    answering: Answering | None = None,
) -> Iterator[Event]:
    """Trains the model that `config` describes, from scratch or from the checkpoint `resume`. `source` is the checkpoint of the
    autoencoder or VAE in whose latent space a latent diffusion works; its own checkpoints hold what they need of it. Without
    `answering` questions are left alone (`questions.train` is the training that answers them).

    Yields `Started`, then `Progress`, `Snapshot`, `Checkpoint` and `Paused` as they come, and last either `Finished` or
    `Failed` (a loss that is not finite ends the run and keeps the last good weights). Deterministic by `config.seed` on
    one device. Raises `ConfigError` or `CheckpointError` before the first event when it cannot start.
    """
    before, other = (c if c is None else unpack(c) for c in (resume, source))
    return Trainer(config, control or Control(), before, other, answering=answering).run()


class Trainer:
    """One run: model, optimiser, moving average, and the clocks that say what is due; `task` instead of that of `config.model`."""

    def __init__(
        self,
        config: RunConfig,
        control: Control,
        resume: Loaded | None,
        source: Loaded | None = None,
        task: Task | None = None,
        answering: Answering | None = None,
    ) -> None:
        self.config = config = TASKS[config.model].complete(config, source, resume)
        self.control, self.device, self.answering, self.answerer = control, pick_device(config.device), answering, None
        self.dataset = load_dataset(config.dataset)
        self.task = task or TASKS[config.model](config, self.dataset, self.device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.model = self.task.build(config, self.dataset.shape).to(self.device)
        if resume is None:
            self.task.adopt(self.model, source)
        self.ema = copy.deepcopy(self.model).requires_grad_(False)
        self.generator = torch.Generator(self.device).manual_seed(config.seed)
        self.step, self.seconds, self.measured = 0, 0.0, -1
        pairs = zip(self.model.parameters(), self.ema.parameters())
        self.weights, self.averages = zip(*(pair for pair in pairs if pair[0].requires_grad))
        fused, on_cuda = self.device.type in ("cpu", "cuda"), self.device.type == "cuda"
        self.optimizer = torch.optim.Adam(self.weights, lr=config.learning_rate, fused=fused, capturable=on_cuda)
        if resume is not None:
            self._restore(resume)
        self.task.prepare(self.ema)
        self.precision, self.where = compute(self.model, config, self.task)
        kind = RecordedSteps if on_cuda else Steps
        self.steps = kind(self.model, self.task, self.optimizer, self.averages, self.generator)
        self.pending: list[Tensor] = []
        self.pace = Pace(self.seconds, self.step)
        self.readings = Readings(self.task, self.dataset, self._pressed)
        self.pictures = Cadence(share=0.06 if self.readings.quality.measures else 0.10)
        self.checkpoints, self.reports = Cadence(share=0.02), Cadence(share=0.5)
        self.floor, self.candidate, self.proven = None, None, None
        self.threads, self.clock = Threads(None if self.device.type == "cpu" else 1), time.perf_counter()

    def run(self) -> Iterator[Event]:
        """The events of this run."""
        n_parameters = sum(p.numel() for p in self.weights)
        yield Started(self.config.model_dump(), n_parameters, self.where, self.step, self.dataset.fingerprint)
        failure = yield from self._draw(lambda: False)
        if self.step == 0:  # what any training must beat
            answers = {"baseline": self.task.baseline(), "linear": self.task.linear()}
            known = {f"{name}/{term}": value for name, terms in answers.items() for term, value in terms.items()}
            yield Progress(0, 0.0, self._readings(["held_out"]) | known, learning_rate=self.learning_rate())
        self.pace.beside = time.perf_counter() - self.clock
        while self.step < self.config.steps and not self.control.stopped and failure is None:
            self.control.update()
            self._apply_changes()
            yield from self._answers(at_most=ANSWERS_BETWEEN_STEPS)
            if self.control.paused:
                failure = yield from self._pause()
                continue
            self.threads.step(self._advance)
            if self.step == self.config.steps or self.reports.due(REPORTS_PER_SECOND) or len(self.pending) >= MAX_PENDING:
                failure = yield from self._report()
            if failure is None:
                yield from self._picture()
                yield from self._keep()
        if failure is None and self.control.stopped:
            failure = yield from self._measure(LAST_SECONDS)
        yield failure or (yield from self._finish())

    def _advance(self) -> None:
        """One optimiser step, without reading anything back from the device."""
        self.task.step, rate = self.step, self.learning_rate()
        self.step, self.answerer = self.step + 1, None
        self.pending.append(self.steps.take(rate, self._fresh(), self.config.steps - self.step))

    def learning_rate(self) -> float:
        """Linear warm-up, then constant or down a half cosine, at the coming step."""
        config, done = self.config, self.step / self.config.steps
        warm = min(1.0, (self.step + 1) / (config.warmup_steps + 1))
        fall = 0.5 * (1.0 + math.cos(math.pi * done)) if config.decay == "cosine" else 1.0
        return config.learning_rate * warm * fall

    def _fresh(self) -> float:
        """The `1 - b` of the moving average `b ema + (1 - b) weights`, `b = (1 - 1/step)^(1/length - 1)`: weights then count by a power of their
        step, and what the average holds is `length step` steps old in the mean, however long the run (Karras et al. 2024, eq. 2)."""
        return 1.0 - (1.0 - 1.0 / self.step) ** (1.0 / self.config.ema_length - 1.0) if self.config.ema_length > 0.0 else 1.0

    def _measure(self, seconds: float = math.inf) -> Iterator[Event]:
        """All readings of this very step that took no longer than `seconds` last time: panels of a run that stands still agree."""
        return None if self.measured == self.step else (yield from self._report(self.readings.quick(seconds)))

    def _report(self, wanted: Sequence[str] = ()) -> Iterator[Event]:
        """Reads the losses back; yields `Progress` with them and the readings `wanted`, returns a `Failed` if one of them is not
        finite."""
        began, losses = time.perf_counter(), {}
        if self.pending:
            block = torch.stack(self.pending).cpu()
            self.pending.clear()
            good = block.isfinite().all(1) & (block[:, 0].abs() < DIVERGED)
            if not bool(good.all()):
                return self._failure(block, int(good.int().argmin()))
            losses = {f"train/{name}": value for name, value in zip(self.steps.terms, block[:, 1:].mean(0).tolist())}
        with self.pace.aside():
            losses |= self._readings(wanted)
            if self.floor is None:
                self.floor = self.task.floor()
                losses |= {f"floor/{name}": value for name, value in self.floor.items()}
        self._tick()
        self.reports.done(began)
        yield Progress(self.step, self.seconds, losses, self.pace.rate(self.seconds, self.step), self.learning_rate())
        return None

    def _readings(self, wanted: Sequence[str]) -> dict[str, float]:
        """Losses on held-out data and, where the task has them, the bounds: those `wanted` or due, all of them at the last step."""
        wanted = tuple(RATES) if self.step == self.config.steps else wanted
        self.measured = self.step if set(RATES) <= set(wanted) else self.measured
        settled = self.seconds >= SETTLED and self.step >= min(FIRST_STEPS, self.config.steps)
        expected = self.seconds * self.config.steps / max(1, self.step)
        return self.readings.read(self.ema, wanted, self.step > 0, settled, expected)

    def _failure(self, block: Tensor, row: int) -> Failed:
        """What to say when `block[row]` (total and terms of one step) shows that the loss went wrong."""
        terms = dict(zip(self.steps.terms, block[row, 1:].tolist()))
        kept = self.proven.data if self.proven else None
        return diverged(self.step - len(block) + row + 1, float(block[row, 0]), terms, self.config.learning_rate, kept)

    def _picture(self) -> Iterator[Event]:
        """A `Snapshot`, when one is due and somebody looks."""
        if self.pictures.due(self.control.snapshot_rate):
            with self.pace.aside():
                yield from self._draw(self._interrupted)

    def _draw(self, late: Callable[[], bool]) -> Iterator[Event]:
        """A `Snapshot` now, unless `late` says meanwhile that it is no longer wanted."""
        began = time.perf_counter()
        with torch.no_grad():
            arrays = self.task.snapshot(self.ema, late)
        self.pictures.done(began)
        if arrays is not None:
            yield Snapshot(self.step, arrays)

    def _interrupted(self, paused: bool = False) -> bool:
        """Somebody pressed Pause, Resume or Stop while a picture was being made of a run that moved, or was `paused`."""
        self.control.update()
        return self.control.stopped or self.control.paused != paused

    def _pressed(self) -> Callable[[], bool]:
        """Whether somebody presses something from now on; of a run that was stopped already, no more."""
        paused, stopped = self.control.paused, self.control.stopped
        return lambda: not stopped and self._interrupted(paused)

    def _keep(self) -> Iterator[Event]:
        """A `Checkpoint` on request, and every few seconds. Those are first candidates: weights count as good once the
        losses of the steps after them have been read and were finite."""
        if self.control.pop_checkpoint_request():
            yield self._checkpoint()
        if self.pending:
            return
        if self.candidate is not None and self.candidate.step < self.step:
            self.proven, self.candidate = self.candidate, None
            yield self.proven
        if self.checkpoints.due(0.5):
            began = time.perf_counter()
            self.candidate = self._checkpoint()
            self.checkpoints.done(began)

    def _pause(self) -> Iterator[Event]:
        """Waits until the control says otherwise; answers questions and checkpoint requests meanwhile. Returns a `Failed` where
        the steps before it went wrong."""
        self._tick()
        yield Paused(self.step, True)
        failure = yield from self._measure()
        if failure is None and self.control.snapshot_rate > 0:
            yield from self._draw(lambda: self._interrupted(paused=True))
        while failure is None and self.control.paused and not self.control.stopped:
            self.control.wait(1.0)
            self.control.update()
            self._apply_changes()
            yield from self._answers(at_most=MAX_ASKS)
            if self.control.pop_checkpoint_request():
                yield self._checkpoint()
        self.clock = time.perf_counter()
        yield Paused(self.step, False)
        return failure

    def _answers(self, at_most: int) -> Iterator[Event]:
        """An `Answer` to each question that came: a few between two steps, so that training goes on however many there are."""
        if self.answering is None:
            return
        for ident, name, args in self.control.pop_asks(at_most):
            self.answerer = self.answerer or self.answering(self.task, self.ema, self.step)
            yield self.answerer.reply(ident, name, args)

    def _tick(self) -> None:
        """Adds the time since the last tick to `seconds`; pauses are left out by resetting the clock."""
        before, self.clock = self.clock, time.perf_counter()
        self.seconds += self.clock - before

    def _apply_changes(self) -> None:
        """Takes over changed settings, and lets the next picture come at once."""
        if changes := self.control.pop_changes():
            try:
                self.config = self.task.config = change_live(self.config, changes)
            except ConfigError as error:  # a wrong number must not cost a run its weights
                warnings.warn(str(error), stacklevel=1)
            self.pictures.ready = -math.inf

    def _finish(self) -> Iterator[Event]:
        """The last pictures, then `Finished`."""
        if not all(bool(weight.isfinite().all()) for weight in self.weights):  # the last step of all had a bad gradient
            return self._failure(torch.full((1, len(self.steps.terms) + 1), math.nan), 0)
        stopped = self.step < self.config.steps
        latest = time.perf_counter() + (LAST_SECONDS if stopped else math.inf)
        yield from self._draw(lambda: time.perf_counter() > latest)
        return Finished(self.step, self._checkpoint().data, stopped)

    def _checkpoint(self) -> Checkpoint:
        """Everything needed to go on from here."""
        groups = {
            "model": {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad},
            "ema": self.ema.state_dict(),
            "random": {"generator": self.generator.get_state()},
            "optimizer": optimizer_state(self.model, self.optimizer),
        }
        self._tick()
        return Checkpoint(self.step, pack(self.config, self.step, self.seconds, self.dataset.shape, groups))

    def _restore(self, loaded: Loaded) -> None:
        """Takes over weights, moments and random state. Raises `CheckpointError` where they do not fit this config."""
        for model, group in ((self.model, "model"), (self.ema, "ema")):
            load_weights(model, loaded, group, OTHER_NETWORK)
        restore_optimizer(self.model, self.optimizer, loaded.group("optimizer"))
        restore_random(self.generator, loaded)
        self.step, self.seconds = loaded.step, loaded.seconds
