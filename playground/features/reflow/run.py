"""The study of reflow: how straight the paths of a trained rectified flow are, and how good a few Euler steps, before and
after."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError, DiffusionConfig, RunConfig, diffuses_data
from playground.data import load_dataset
from playground.diffusion.denoiser import ClippedDenoiser, Denoiser
from playground.diffusion.sampling import initial_noise
from playground.features.reflow.settings import ReflowConfig
from playground.features.reflow.straightness import EULER_STEPS, FRAMES, Paths, following
from playground.measures.energy import REPEATS, EnergyDistance, Reading, SlowDraw
from playground.measures.features import Gallery, gallery_of
from playground.measures.work import Work, whole
from playground.runs.checkpoint import pack, unpack
from playground.runs.control import Control
from playground.runs.driver import Changes, Step, Study, drive
from playground.runs.events import Event, Progress, Started, json_array
from playground.runs.generation import load_model
from playground.runs.tasks import DiffusionTask, PairTask, as_pixels, pick_device
from playground.runs.training import Trainer
from playground.runs.training_within import train_within

PAIRS = {"points": 20_000, "images": 2_000, "table": 10_000}
SET = {"points": 1000, "images": 200, "table": 1000}
"""Examples in one measurement of a distance, and paths whose straightness is measured."""
DRAWN, TILES = 120, 10
"""Paths in the plane, and images of each number of steps, that are shown."""
CHUNK = 1000
EMA_LENGTH = 0.05
SHARE = 0.5
"""Of the learning rate that the model was trained with: it begins where it ended."""


def reflow_run(config: ReflowConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`reflow` as a run."""
    return drive(reflow(config, checkpoint), control)


def reflow(config: ReflowConfig, checkpoint: bytes) -> Study:
    """Measures the flow of `checkpoint`, draws pairs with it, trains on them once, and measures again.

    The results hold all that is known so far: `numbers`, JSON as bytes, `{phase, pairs, ode_steps, n, repeats, floor:
    [mean, std], before, after}` with `{straightness: [mean, standard error], relative, distance: {steps: [mean, std]}, frechet: {steps: [value,
    spread]}}` (the last of images only), `floor_frechet: [value, spread] | null`
    (`relative` is S in shares of E|x_1 - x_0|²; energy distances as in `metrics.py`, `std` that of one measurement); of
    points `paths_before`, `paths_after` (T, 120, 2) from the same noise, of images `tiles_before`, `tiles_after`, uint8 (k,
    10, C, H, W), one row for each number of steps that is measured. The last checkpoint is that of the straightened model.
    Raises `ConfigError` where there is no rectified flow."""
    loaded = unpack(checkpoint)
    yield from Reflow(config, check(loaded.config), loaded.data_shape, checkpoint).steps()


def check(about: RunConfig) -> DiffusionConfig:
    """`about`. Raises `ConfigError` for models that reflow does not apply to."""
    if not diffuses_data(about):
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
    return about


class Reflow:
    """One run: the flow before and after, and what was measured of both."""

    def __init__(self, config: ReflowConfig, about: DiffusionConfig, shape: tuple[int, ...], checkpoint: bytes) -> None:
        self.config, self.about, self.shape = config, about, shape
        self.device = pick_device(config.device)
        self.model = load_model(checkpoint, str(self.device), Denoiser)
        self.dataset = load_dataset(self.about.dataset)
        self.task = DiffusionTask(self.about, self.dataset, self.device)
        self.kind = self.dataset.kind
        self.pairs, self.n = config.pairs or PAIRS[self.kind], SET[self.kind]
        self.gallery = gallery_of(self.dataset.name, str(self.device)) if self.dataset.is_image else None
        self.after: Denoiser = self.model
        self.numbers: dict = {"phase": "measuring", "before": None, "after": None, "floor": None}
        self.arrays: dict[str, np.ndarray] = {}
        self.done, self.trained = 0, 0
        self.cost = math.ceil(self.pairs / CHUNK) * config.ode_steps
        self.total = self.cost + config.steps + 2 * (1 + len(EULER_STEPS))

    def steps(self) -> Study:
        """All of it. A step is an Euler step of a pair or a step of the training; a measurement counts as one."""
        about = {"dataset": self.dataset.name, "steps": self.total, "training_steps": self.config.steps, "pairs": self.pairs}
        yield Started(self.config.model_dump() | about, sum(p.numel() for p in self.model.parameters()), str(self.device))
        try:
            yield from self.measure("before", self.model)
            pairs = yield from self.draw_pairs()
            yield from self.train(pairs)
            yield from self.measure("after", self.after)
        finally:
            self.numbers["phase"] = "done" if self.done >= self.total else "stopped"

    def clipped(self, model: Denoiser) -> ClippedDenoiser:
        return ClippedDenoiser(model, *self.task.data_range)

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        return initial_noise(self.model.schedule, (n, *self.shape), generator).to(self.device)

    def follow(self, model: Denoiser, noise: Tensor, n_steps: int, frames: int = 0) -> Work[Paths]:
        return following(self.clipped(model), self.model.schedule, noise, n_steps, frames)

    def step(self, done: int, found: dict | None = None) -> Step:
        """Progress by `done`, with all that is known; of that `found` is new, and has to be finite."""
        self.done += done
        return Step(self.done, self.total, self.results, found or {}, weights=self.weights)

    # --- measuring -----------------------------------------------------------------------------------------------------

    def measure(self, when: str, model: Denoiser) -> Study:
        """Straightness, then the distance of samples by few Euler steps, all from the same noise before and after."""
        self.numbers["phase"] = f"measuring {when}"
        self.numbers[when] = {**(yield from self.straightness(when, model)), "distance": {}}
        yield self.step(1, {"the straightness of the paths": self.numbers[when]["straightness"]})
        real = self.task.scale(self.task.test_x)
        energy_distance = EnergyDistance(real, self.config.seed, self.n)
        if self.numbers["floor"] is None:
            self.numbers["floor"] = pair_of((yield from energy_distance.measuring(self.task.some_train)))
            seen = self.gallery.floor(self.gallery.size(self.n)) if self.gallery else None
            self.numbers["floor_frechet"] = [seen["frechet"], seen["frechet_std"]] if seen else None
        self.numbers[when]["frechet"], tiles = {}, []
        for steps in EULER_STEPS:
            found = pair_of((yield from energy_distance.measuring(self.sampled(model, steps))))
            self.numbers[when]["distance"][str(steps)] = found
            if self.gallery:
                self.numbers[when]["frechet"][str(steps)] = yield from self.seen(self.gallery, model, steps)
            if self.kind != "points":
                noise = self.noise(TILES, torch.Generator().manual_seed(self.config.seed))
                tiles.append(self.task.pictured((yield from self.follow(model, noise, steps)).x_0[None])[0])
                self.arrays[f"tiles_{when}"] = np.stack(tiles)
            yield self.step(1, {"a distance of samples from data": found})

    def seen(self, gallery: Gallery, model: Denoiser, n_steps: int) -> Work[list[float]]:
        """The Fréchet distance of samples in the features of a classifier, with its spread."""
        noise = self.noise(gallery.size(self.n), torch.Generator().manual_seed(self.config.seed + 2))
        images = as_pixels((yield from self.follow(model, noise, n_steps)).x_0)
        found = gallery.measure(images)
        return [found["frechet"], found["frechet_std"]]

    def straightness(self, when: str, model: Denoiser) -> Work[dict]:
        """S with its standard error over paths, and in shares of E|x_1 - x_0|²; and the paths that are shown."""
        noise = self.noise(self.n, torch.Generator().manual_seed(self.config.seed))
        frames = FRAMES if self.kind == "points" else 0
        paths = yield from self.follow(model, noise, self.config.ode_steps, frames)
        if frames:
            self.arrays[f"paths_{when}"] = paths.frames[:, :DRAWN].cpu().numpy()
        s = paths.straightness.double()
        return {
            "straightness": [float(s.mean()), float(s.std() / len(s) ** 0.5)],
            "relative": float(s.mean() / paths.length.double().mean()),
        }

    def sampled(self, model: Denoiser, n_steps: int) -> SlowDraw:
        def draw(n: int, generator: torch.Generator) -> Work[Tensor]:
            paths = yield from self.follow(model, self.noise(n, generator), n_steps)
            return paths.x_0

        return draw

    # --- reflow --------------------------------------------------------------------------------------------------------

    def draw_pairs(self) -> Generator[Step | None, Changes, tuple[Tensor, Tensor]]:
        """Samples with the noise that they were made of, (N, ...) each, by the flow as it is."""
        self.numbers["phase"] = "pairs"
        generator, drawn, noises = torch.Generator().manual_seed(self.config.seed + 1), [], []
        for first in range(0, self.pairs, CHUNK):
            noise = self.noise(min(CHUNK, self.pairs - first), generator)
            for piece in noise.split(50 if self.kind == "images" else CHUNK // 4):
                drawn.append((yield from self.follow(self.model, piece, self.config.ode_steps)).x_0)
            noises.append(noise / self.model.schedule.prior_std())
            yield self.step(self.config.ode_steps)
        return torch.cat(drawn), torch.cat(noises)

    def train(self, pairs: tuple[Tensor, Tensor]) -> Study:
        """One round on the pairs, from the weights of the model as it is, with the paths as they straighten."""
        self.numbers["phase"] = "training"
        config = self.about.replace(
            steps=self.config.steps,
            learning_rate=max(1e-6, SHARE * self.about.learning_rate),
            warmup_steps=0,
            decay="cosine",
            gradient_clip=1.0,
            ema_length=EMA_LENGTH,
            seed=self.config.seed,
            device=self.config.device,
        )
        task, control = PairTask(config, self.dataset, self.device, pairs, self.model.state_dict()), Control()
        trainer = Trainer(config, control, None, task=task)
        assert isinstance(trainer.ema, Denoiser)
        self.after = trainer.ema
        before = self.done

        def step(progress: Progress) -> Step:
            self.done, self.trained = before + progress.step, progress.step
            return Step(self.done, self.total, self.straightening, losses=progress.losses, weights=self.weights)

        yield from train_within(trainer.run(), control, step, "The flow on its own pairs")

    def straightening(self) -> dict[str, np.ndarray]:
        """The results while it trains: those of points with the paths as they are now, which take images too long."""
        if self.kind == "points" and self.numbers["phase"] == "training":
            found = whole(self.straightness("after", self.after))
            if np.isfinite(found["straightness"]).all():
                self.numbers["after"] = {**found, "distance": {}}
        return self.results()

    # --- what is told --------------------------------------------------------------------------------------------------

    def results(self) -> dict[str, np.ndarray]:
        """All that is known so far."""
        numbers = self.numbers | {
            "pairs": self.pairs,
            "ode_steps": self.config.ode_steps,
            "n": self.n,
            "repeats": REPEATS,
            "training_steps": self.config.steps,
            "kind": self.kind,
        }
        return {"numbers": json_array(numbers), **self.arrays}

    def weights(self) -> bytes:
        """The checkpoint of the model as it is now."""
        return pack(self.about, self.trained, 0.0, self.shape, {"ema": self.after.state_dict()})


def pair_of(reading: Reading) -> list[float]:
    """Mean and spread, as JSON takes them."""
    return [reading.mean, reading.std]
