"""The study of reflow: how straight the paths of a trained rectified flow are, and how good a few Euler steps, before and
after."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from playground.checkpoint import Loaded, pack, unpack
from playground.config import ConfigError, ReflowConfig, RunConfig
from playground.control import Control
from playground.data import load_dataset
from playground.denoiser import ClippedDenoiser, Denoiser
from playground.events import Event, Finished, Progress, Snapshot, Started, json_array
from playground.generation import load_model
from playground.metrics import REPEATS, Draw, Reading, Ruler
from playground.sampling import initial_noise
from playground.studies.reflow import EULER_STEPS, FRAMES, follow, train_on_pairs
from playground.tasks import TASKS, as_pixels, pick_device, to_uint8

PAIRS = {"points": 20_000, "images": 2_000}
SET = {"points": 1000, "images": 200}
"""Examples in one measurement of a distance, and paths whose straightness is measured."""
DRAWN, TILES = 120, 10
"""Paths in the plane, and images of each number of steps, that are shown."""
CHUNK = 1000
EVERY = 1.0
"""Seconds between two pictures while it trains."""


def reflow_run(config: ReflowConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """Measures the flow of `checkpoint`, draws pairs with it, trains on them once, and measures again.

    Each `Snapshot` holds all that is known so far: `numbers`, JSON as bytes, `{phase, pairs, ode_steps, n, repeats, floor:
    [mean, std], before, after}` with `{straightness: [mean, standard error], relative, distance: {steps: [mean, std]}}`
    (`relative` is S in shares of E|x_1 - x_0|²; energy distances as in `metrics.py`, `std` that of one measurement); of
    points `paths_before`, `paths_after` (T, 120, 2) from the same noise, of images `tiles_before`, `tiles_after`, uint8 (k,
    10, C, H, W), one row for each number of steps that is measured. The last checkpoint is that of the straightened model.
    Raises `ConfigError` where there is no rectified flow. """
    loaded = unpack(checkpoint)
    check(loaded.config)
    yield from Reflow(config, loaded, checkpoint, control or Control()).run()


def check(about: RunConfig) -> None:
    """Raises `ConfigError` for models that reflow does not apply to."""
    if about.model != "diffusion":
        raise ConfigError("Reflow straightens a diffusion model that was trained in the space of the data: train one first.")
    if about.schedule != "rectified_flow":
        raise ConfigError(
            "Reflow needs a rectified flow, whose lines from data to noise are straight to begin with: train with the "
            "noise schedule "
            "'rectified flow' (and let the network predict the velocity), then come back."
        )
    if about.conditional == "on" and about.label_dropout == 0.0:
        raise ConfigError(
            "Reflow takes all classes together, but this model never saw a hidden class: train with some label dropout."
        )


class Reflow:
    """One run: the flow before and after, and what was measured of both."""

    def __init__(self, config: ReflowConfig, loaded: Loaded, checkpoint: bytes, control: Control) -> None:
        self.config, self.about, self.shape, self.control = config, loaded.config, loaded.data_shape, control
        self.device = pick_device(config.device)
        self.model = load_model(checkpoint, str(self.device))
        self.dataset = load_dataset(self.about.dataset)
        self.task = TASKS["diffusion"](self.about, self.dataset, self.device)
        self.kind = "images" if self.dataset.is_image else "points"
        self.pairs, self.n = config.pairs or PAIRS[self.kind], SET[self.kind]
        self.after = copy.deepcopy(self.model)
        self.numbers: dict = {"phase": "measuring", "before": None, "after": None, "floor": None}
        self.arrays: dict[str, np.ndarray] = {}
        self.done, self.began, self.window = 0, time.perf_counter(), (0.0, 0)
        self.cost = math.ceil(self.pairs / CHUNK) * config.ode_steps
        self.total = self.cost + config.steps + 2 * (1 + len(EULER_STEPS))

    def run(self) -> Iterator[Event]:
        """The events of this run."""
        about = {"dataset": self.dataset.name, "steps": self.total, "training_steps": self.config.steps, "pairs": self.pairs}
        yield Started(self.config.model_dump() | about, sum(p.numel() for p in self.model.parameters()), str(self.device))
        yield from self.measure("before", self.model)
        pairs = yield from self.draw_pairs()
        if pairs is not None:
            yield from self.train(*pairs)
        if self.control.proceed():
            yield from self.measure("after", self.after)
        self.numbers["phase"] = "done" if self.done >= self.total else "stopped"
        yield self.snapshot()
        weights = {"ema": self.after.state_dict()}
        yield Finished(self.done, pack(self.about, self.config.steps, 0.0, self.shape, weights), stopped=self.done < self.total)

    def clipped(self, model: Denoiser) -> ClippedDenoiser:
        return ClippedDenoiser(model, *self.task.bounds)

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        return initial_noise(self.model.schedule, (n, *self.shape), generator).to(self.device)

    def solve(self, model: Denoiser, noise: Tensor, n_steps: int) -> Tensor:
        return follow(self.clipped(model), self.model.schedule, noise, n_steps).x_0

    # --- measuring -----------------------------------------------------------------------------------------------------

    def measure(self, when: str, model: Denoiser) -> Iterator[Event]:
        """Straightness, then the distance of samples by few Euler steps, all from the same noise before and after."""
        self.numbers["phase"] = f"measuring {when}"
        self.numbers[when] = {**self.straightness(when, model), "distance": {}}
        yield from self.tick(1)
        real = self.task.scale(self.task.test_x)
        ruler = Ruler(real, self.config.seed, self.n)
        if self.numbers["floor"] is None:
            self.numbers["floor"] = pair_of(ruler.measure(self.task.some_train))
        tiles = []
        for steps in EULER_STEPS:
            if not self.control.proceed():
                return
            self.numbers[when]["distance"][str(steps)] = pair_of(ruler.measure(self.sampled(model, steps)))
            if self.kind == "images":
                noise = self.noise(TILES, torch.Generator().manual_seed(self.config.seed))
                tiles.append(to_uint8(as_pixels(self.solve(model, noise, steps))))
                self.arrays[f"tiles_{when}"] = np.stack(tiles)
            yield from self.tick(1)
            yield self.snapshot()

    def straightness(self, when: str, model: Denoiser) -> dict:
        """S with its standard error over paths, and in shares of E|x_1 - x_0|²; and the paths that are shown."""
        noise = self.noise(self.n, torch.Generator().manual_seed(self.config.seed))
        frames = FRAMES if self.kind == "points" else 0
        paths = follow(self.clipped(model), self.model.schedule, noise, self.config.ode_steps, frames)
        if frames:
            self.arrays[f"paths_{when}"] = paths.frames[:, :DRAWN].cpu().numpy()
        s = paths.straightness.double()
        return {
            "straightness": [float(s.mean()), float(s.std() / len(s) ** 0.5)],
            "relative": float(s.mean() / paths.length.double().mean()),
        }

    def sampled(self, model: Denoiser, n_steps: int) -> Draw:
        return lambda n, generator: self.solve(model, self.noise(n, generator), n_steps)

    # --- reflow --------------------------------------------------------------------------------------------------------

    def draw_pairs(self) -> Iterator[Event]:
        """Samples with the noise that they were made of, (N, ...) each, by the flow as it is; None after a stop."""
        self.numbers["phase"] = "pairs"
        generator, drawn, noises = torch.Generator().manual_seed(self.config.seed + 1), [], []
        for first in range(0, self.pairs, CHUNK):
            noise = self.noise(min(CHUNK, self.pairs - first), generator)
            part = []
            for piece in noise.split(CHUNK // 4 if self.kind == "points" else 50):
                if not self.control.proceed():
                    return None
                part.append(self.solve(self.model, piece, self.config.ode_steps))
            drawn.append(torch.cat(part))
            noises.append(noise / self.model.schedule.prior_std())
            yield from self.tick(self.config.ode_steps)
            yield self.snapshot()
        return torch.cat(drawn), torch.cat(noises)

    def train(self, x_0: Tensor, noise: Tensor) -> Iterator[Event]:
        """One round on the pairs, with the paths as they straighten."""
        self.numbers["phase"] = "training"
        model, shown = copy.deepcopy(self.after).requires_grad_(True), time.perf_counter()
        self.after.requires_grad_(False)
        steps = train_on_pairs(
            model,
            self.after,
            x_0,
            noise,
            self.config.steps,
            self.about.batch_size,
            0.5 * self.about.learning_rate,
            self.config.seed,
        )
        for _ in steps:
            if not self.control.proceed():
                return
            self.done += 1
            now = time.perf_counter()
            if now - shown > EVERY:
                self.numbers["after"] = {**self.straightness("after", self.after), "distance": {}}
                yield from self.tick(0)
                yield self.snapshot()
                shown = time.perf_counter()

    def tick(self, steps: int) -> Iterator[Event]:
        """Progress by `steps`; the rate is that since the last one."""
        self.done += steps
        seconds = time.perf_counter() - self.began
        rate = (self.done - self.window[1]) / max(1e-6, seconds - self.window[0])
        self.window = (seconds, self.done)
        yield Progress(self.done, seconds, {}, rate)

    def snapshot(self) -> Snapshot:
        """All that is known so far."""
        numbers = self.numbers | {
            "pairs": self.pairs, "ode_steps": self.config.ode_steps, "n": self.n,
            "repeats": REPEATS, "training_steps": self.config.steps,
            "kind": self.kind,
        }  # fmt: skip
        return Snapshot(self.done, {"numbers": json_array(numbers), **self.arrays})


def pair_of(reading: Reading) -> list[float]:
    """Mean and spread, as JSON takes them."""
    return [reading.mean, reading.std]
