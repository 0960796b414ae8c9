"""The arena's loop: every scheduler, every number of evaluations, every seed, with progress and partial results."""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from playground.config import TIME_GRIDS, ConfigError
from playground.diffusion.diffusers.catalogue import scheduler_classes, title, version
from playground.diffusion.diffusers.conventions import CONVENTIONS
from playground.diffusion.diffusers.driving import OWN, Driver, Evaluation
from playground.diffusion.diffusers.parity import difference, our_sampler, ours_on_their_levels
from playground.diffusion.diffusers.probing import Verdict, driver_of, quietly, verdict, verdicts
from playground.diffusion.levels import level_at
from playground.diffusion.noise import SCHEDULES
from playground.features.arena.board import PATHS, Board, Row
from playground.features.arena.model import ArenaModel, Reference, floor_distances, open_model, reference_of
from playground.features.arena.settings import ArenaConfig
from playground.features.diffusers_folder.importing import FolderError, open_folder
from playground.measures.features import Gallery, gallery_of
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event, Started, json_array

COMPARED = 8
"""Samples of which the difference to our own implementation is taken."""


def arena_run(config: ArenaConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`arena` as a run."""
    return drive(arena(config, checkpoint), control)


def arena(config: ArenaConfig, checkpoint: bytes) -> Study:
    """Samples from a model by every scheduler of `config`, and measures them against held-out data.

    `checkpoint` is one of this app's, or a zipped diffusers folder. A step is an evaluation of the network, all seeds together;
    there are results (see `Board.arrays`) after every row. Distances that are not finite are results, too: the sampler
    diverged. Raises `ConfigError` for a model that is no diffusion model, and for a folder that cannot be opened.
    """
    model = open_model(checkpoint, config)
    total = len(config.schedulers) * sum(config.evaluations) * config.seeds
    yield Started(config.model_dump() | {"dataset": model.dataset, "steps": total}, model.n_parameters, str(model.device))
    with quietly():
        yield from Arena(config, model, total).steps()


class Arena:
    """One run of the arena."""

    def __init__(self, config: ArenaConfig, model: ArenaModel, total: int) -> None:
        self.config, self.model, self.done, self.total = config, model, 0, total
        self.seeds = [config.seed + k for k in range(config.seeds)]
        self.drivers: dict[str, Driver] = {}
        self.calls = NetworkCalls(model.network)
        self.board = Board([], [], [], {})
        self.reference: Reference
        self.gallery: Gallery | None = None
        self.looked_at = 0

    def steps(self) -> Study:
        """All of it, but for the first event."""
        self.reference = reference_of(self.model, self.config.n_samples, self.config.seed)
        if self.model.image and self.model.dataset:
            self.gallery = gallery_of(self.model.dataset, str(self.model.device))
            self.looked_at = self.gallery.size(self.config.n_samples)
            self.board.floor_seen = self.gallery.floor(self.looked_at)
        self.board.floor = floor_distances(self.model, self.reference, self.config.n_samples, self.seeds)
        self.board.about = {
            "unit": "energy distance, in units of pixel values" if self.model.image else "energy distance, in units of the data",
            "reference": self.reference.sentence,
            "n_samples": self.config.n_samples,
            "seeds": self.config.seeds,
            "image": self.model.image,
            "looked_at": self.looked_at,
            "evaluations": list(self.config.evaluations),
            "schedulers": [],
            "time_grid": TIME_GRIDS[self.config.time_grid],
        }
        for name in self.config.schedulers:
            self._admit(name)
            yield self._step(fresh=True)
        self.board.rows = [Row(n, title(n), nfe, ours=our_sampler(n)) for nfe in self.config.evaluations for n in self.drivers]
        for i, row in enumerate(self.board.rows):
            yield from self._row(i, row)

    def _admit(self, name: str) -> None:
        """A verdict on one scheduler: it takes part, or it is left out with the reason."""
        cls = scheduler_classes()[0].get(name)
        reasons = scheduler_classes()[1]
        found = (
            Verdict(name, None, reasons.get(name, "This version of diffusers has no such scheduler."))
            if cls is None
            else verdict(name, cls, self.model.schedule, self.config.time_grid)
        )
        if found.entry is None:
            self.board.left_out.append({"name": name, "title": title(name), "reason": found.reason})
            self.done += sum(self.config.evaluations) * self.config.seeds
            return
        self.drivers[name] = driver_of(found, self.model.schedule)
        self.board.about["schedulers"].append(described(found))

    def _row(self, i: int, row: Row) -> Study:
        """All seeds of a row."""
        driver, start = self.drivers[row.name], self.done
        each = self.model.denoiser(self.config.n_samples)
        row.steps = driver.steps_for(max(1, row.target // getattr(each, "evaluations", 1)))
        if row.steps is None:
            row.reason = f"It cannot be run with {row.target} evaluations: its first steps cost more."
            self.done = start + row.target * self.config.seeds
            yield self._step(fresh=True)
            return
        for k, seed in enumerate(self.seeds):
            noise, way, before = self.model.noise(self.config.n_samples, seed), [], self.calls.rows
            samples, seconds, began = noise, 0.0, time.perf_counter()
            for evaluation in _until_it_fails(driver.run(each, noise, row.steps, seed), row):
                way += [self._place(evaluation.x_t[:PATHS], evaluation.t)] if k == 0 and self.model.plane else []
                samples = evaluation.x
                self.done = start + int(row.target * (k + evaluation.index / evaluation.total))
                seconds += time.perf_counter() - began
                yield self._step()
                began = time.perf_counter()  # a pause is not counted
            if row.reason:
                break
            row.seconds.append(seconds)
            row.nfe = round((self.calls.rows - before) / len(noise))
            data = self.model.to_data(samples).cpu()
            row.distances.append(self.reference.distance(data))
            row.seen += [self.gallery.measure(data[: self.looked_at])] if self.gallery else []
            if k == 0:
                row.difference = self._difference(driver, row.steps, seed)
                self.board.keep(i, self.model, data, [*way, samples[:PATHS]])
        self.done = start + row.target * self.config.seeds
        yield self._step(fresh=True)

    def _place(self, x_t: Tensor, t: float) -> Tensor:
        """`x_t / sqrt(alpha² + sigma²)`, where the ways of all schedulers begin at the same points under every schedule."""
        return x_t / level_at(self.model.schedule, t).norm

    def _difference(self, driver: Driver, n_steps: int, seed: int) -> float | None:
        """The largest difference between diffusers and our own sampler of the same method, over a few samples."""
        if our_sampler(driver.entry.name) is None:
            return None
        noise, denoiser = self.model.noise(COMPARED, seed), self.model.denoiser(COMPARED)
        theirs: list[Evaluation] = list(driver.run(denoiser, noise, n_steps, seed))
        return difference(theirs[-1].x, ours_on_their_levels(driver, theirs[0], denoiser, n_steps, seed))

    def _step(self, fresh: bool = False) -> Step:
        """How far it is, with the board where there are `fresh` results on it."""
        return Step(self.done, self.total, self.board.arrays if fresh else None)


def _until_it_fails(way: Iterator[Evaluation], row: Row) -> Iterator[Evaluation]:
    """A scheduler that passed its trial may still refuse some number of steps: then its row says so, and the others go on."""
    try:
        yield from way
    except (ValueError, IndexError, RuntimeError, AssertionError, TypeError, ZeroDivisionError) as error:
        row.reason = f"It stops with an error in {row.steps} steps: {type(error).__name__}: {' '.join(str(error).split())[:120]}."


class NetworkCalls:
    """Counts the rows that go through a network: `rows / n` are the evaluations of each of n samples, whoever asks for them."""

    def __init__(self, network: nn.Module) -> None:
        self.rows = 0
        network.register_forward_pre_hook(self._count)

    def _count(self, module: nn.Module, args: tuple) -> None:
        self.rows += len(args[0])


def described(found: Verdict) -> dict:
    """A verdict in words for the page."""
    return {
        "name": found.name,
        "title": title(found.name),
        "noise": found.draws_noise,
        "ours": our_sampler(found.name),
        "convention": CONVENTIONS[found.entry.convention].sentence if found.entry else "",
        "distance": found.distance,
        "grid": "its own" if found.grid == OWN else TIME_GRIDS[found.grid],
    }


def schedulers_run(schedule: str, control: Control | None = None) -> Iterator[Event]:
    """Who may take part under one of our noise schedules, found by trial, as a job: a `Snapshot` with `schedulers`, JSON as bytes:
    `{schedule, version, in: [described], out: [{name, title, reason}]}`."""
    return drive(listing(schedule), control)


def listing(schedule: str) -> Study:
    """The study behind `schedulers_run`; a step is a scheduler."""
    torch.set_num_threads(1)
    total, found = len(scheduler_classes()[0]) + 1, []
    for each in verdicts(SCHEDULES[schedule]):
        found.append(each)
        yield Step(min(len(found), total - 1), total)
    answer = {
        "schedule": schedule,
        "version": version(),
        "in": [described(v) for v in found if v.entry is not None],
        "out": [{"name": v.name, "title": title(v.name), "reason": v.reason} for v in found if v.entry is None],
    }
    yield Step(total, total, lambda: {"schedulers": json_array(answer)})


def folder_run(data: bytes, control: Control | None = None) -> Iterator[Event]:
    """What is in a zipped diffusers folder, as a job: a `Snapshot` with `folder`, JSON as bytes, `{shape, n_parameters, dataset,
    schedule, prediction}`. Raises `ConfigError` with a sentence for what cannot be opened."""
    return drive(opening(data), control)


def opening(data: bytes) -> Study:
    """The study behind `folder_run`, of one step."""
    try:
        folder = open_folder(data)
    except FolderError as error:
        raise ConfigError(str(error)) from None
    answer = {
        "shape": folder.shape,
        "n_parameters": folder.n_parameters,
        "dataset": folder.dataset,
        "schedule": folder.denoiser.schedule.title,
        "prediction": folder.denoiser.prediction,
    }
    yield Step(1, 1, lambda: {"folder": json_array(answer)})
