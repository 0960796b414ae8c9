"""One model by all measures, as a run of its own: the studies and measures of the other tabs, asked of the same held-out data.

Each measure is made where it stands elsewhere: bounds of a VAE in `features/bounds`, likelihoods of a diffusion in `features/likelihood`, distances
in `measures/`, memory in `questions/memory`. Here are the order, the draws that they share, and what is not defined and why.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import MODELS, ConfigError, DiffusionConfig, LatentDiffusionConfig, encodes, of_points, words_for
from playground.config.samplers import drawn_by
from playground.data import load_dataset
from playground.diffusion.latent_denoiser import LatentDenoiser
from playground.features.evaluation.likelihoods import Part, likelihoods
from playground.features.evaluation.measures import MEASURES, Found, row
from playground.features.evaluation.settings import EvaluationConfig
from playground.features.quality.view import DRAWN, OF_LATENTS
from playground.measures.energy import SET_SIZE, EnergyDistance
from playground.measures.features import TERMS, features, gallery_of
from playground.questions.memory import RARE, Unseen
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import Step, Study, StudyFailed, drive
from playground.runs.events import Event, Started, json_array
from playground.runs.generation import load_model
from playground.runs.quality import FEWEST
from playground.runs.tasks import TASKS, as_pictures, pick_device

SHOWN, CHUNK = 24, 50
"""Samples that are shown, and that are drawn at once: between them it may be paused."""
RECONSTRUCTED = 2000
REMEMBERED = 500
"""Held-out images that are reconstructed, and samples that are looked up in the training set, at most."""
SHARES = {"reconstruction": 20, "likelihood": 500, "draws": 430, "distances": 25, "memory": 25}
"""Of 1,000 steps, by how long the parts take."""
NO_ENCODER = "No encoder: it reconstructs nothing."
ONLY_IMAGES = "Of images only: a classifier looks at them."


def evaluation_run(config: EvaluationConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`evaluation` as a run."""
    return drive(evaluation(config, checkpoint), control)


def evaluation(config: EvaluationConfig, checkpoint: bytes) -> Study:
    """All measures of a model of any kind. The results: `table`, JSON as bytes, as `Evaluation` in `shape.py` but for `samples`, the first 24 of
    the first draw, uint8 (n, C, H, W), of points float32 (n, 2). Every kind is drawn from the same seeds. A stop keeps what there is."""
    yield from Evaluation(config, checkpoint).steps()


class Evaluation:
    """One run: the model, what has been found, and how far it is."""

    def __init__(self, config: EvaluationConfig, checkpoint: bytes) -> None:
        self.config, self.checkpoint, self.about = config, checkpoint, unpack(checkpoint)
        self.kind, settings = MODELS[self.about.config.model], self.about.config
        self.device = pick_device(config.device)
        self.dataset = load_dataset(settings.dataset)
        self.model: Any = load_model(checkpoint, str(self.device), nn.Module)
        self.task: Any = TASKS[settings.model](settings, self.dataset, self.device)
        self.task.prepare(self.model)
        self.drawn = DRAWN[settings.model]
        if isinstance(settings, DiffusionConfig):
            self.task.drawing = settings
            self.drawn = f"drawn by {drawn_by(settings)}{OF_LATENTS if self.kind.diffuses == 'latents' else ''}"
        self.real = {
            name: torch.from_numpy(np.array(part.x)).to(self.device)
            for name, part in (("train", self.dataset.train), ("test", self.dataset.test))
        }
        self.n = min(config.n_samples, len(self.dataset.test) // 2, len(self.dataset.train))
        self.found: dict[str, Found] = {}
        self.draws: list[Tensor] = []
        shape, kind = (self.dataset.shape, np.float32) if of_points(self.dataset.name) else ((1, 1, 1), np.uint8)
        self.samples = np.zeros((0, *shape), kind)
        self.done, self.now = 0, ""

    def steps(self) -> Study:
        """All parts, the quick ones first."""
        if len(self.dataset.test) < FEWEST:
            raise ConfigError(
                f"These data have {len(self.dataset.test)} held-out examples: at least {FEWEST} are needed to measure anything."
            )
        said = {"dataset": self.dataset.name, "steps": sum(SHARES.values()), "of_step": self.about.step}
        yield Started(self.config.model_dump() | said, self.about.n_parameters, str(self.device))
        parts = {
            "reconstruction": self.reconstruction,
            "draws": self.drawing,
            "distances": self.distances,
            "memory": self.memory,
            "likelihood": self.likelihood,
        }
        self.found |= self.known()
        for name, part in parts.items():
            self.now = name
            self.found |= yield from part()
            self.done += SHARES[name]
            yield Step(
                self.done,
                sum(SHARES.values()),
                self.results,
                {f"the part {name}": [each.value for each in self.found.values() if each.value is not None]},
            )
        self.now = ""
        yield Step(self.done, sum(SHARES.values()), self.results)

    def share(self, part: str, done: float) -> Step:
        """How far it is when so much of a part is done, 0 to 1."""
        return Step(self.done + int(SHARES[part] * done), sum(SHARES.values()), self.results)

    def results(self) -> dict[str, np.ndarray]:
        """All so far."""
        rows = [row(name, self.found[name]) for name in MEASURES if name in self.found]
        table = {"rows": rows, "now": self.now, "of_step": self.about.step, "n": self.n, "drawn": self.drawn}
        return {"table": json_array(table), "samples": self.samples}

    def known(self) -> dict[str, Found]:
        """What needs no measuring."""
        whole = sum(value.numel() for value in self.about.group("ema").values())
        frozen = whole - self.about.n_parameters
        note = f"And {frozen:,} numbers that are not trained, such as those of its autoencoder." if frozen > 0 else ""
        alone = "Without the training of its autoencoder." if self.kind.diffuses == "latents" else ""
        return {"parameters": Found(self.about.n_parameters, note=note), "train_seconds": Found(self.about.seconds, note=alone)}

    # --- reconstructions ------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def reconstruction(self) -> Part:
        """The squared error of held-out images; of a latent diffusion that of its autoencoder."""
        yield None
        settings = self.about.config
        task, model, note = self.task, self.model, ""
        if isinstance(settings, LatentDiffusionConfig) and isinstance(model, LatentDenoiser):
            task, model, note = task.autoencoding(), model.autoencoder, "That of its autoencoder."
        if not encodes(task.config):
            return {"reconstruction": Found(why=NO_ENCODER)}
        x = task.scale(task.test_x[:RECONSTRUCTED])
        errors = torch.cat([(model.decode(model.latent(part)) - part).square().flatten(1).mean(1) for part in x.split(CHUNK)])
        binarised = getattr(getattr(task, "likelihood", None), "binarised", False)
        if binarised:
            note = f"{note} Of binarised pixels: not comparable with that of grey levels.".strip()
        mean_image = task.baseline().get("mse")
        one, part = words_for(self.dataset.name)
        beside = (f"the mean {one}", mean_image, None) if mean_image is not None else None
        return {
            "reconstruction": Found(
                *mean_and_error(errors),
                f"standard error over {len(errors):,} {one}s",
                beside,
                note,
                unit=f"squared error per {'binarised ' if binarised else ''}{part}",
            )
        }

    def likelihood(self) -> Part:
        """The bound and log p(x), where this kind has them."""
        yield None
        return (yield from likelihoods(self.config, self.about, self.checkpoint, lambda done: self.share("likelihood", done)))

    # --- samples -----------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def drawing(self) -> Part:
        """Fresh draws, in parts, each from a seed of its own that is the same for every model; timed."""
        settings, seconds, total = self.task.config, 0.0, self.config.draws * self.n
        clock = time.process_time if self.device.type == "cpu" else time.perf_counter
        for k in range(self.config.draws):
            parts: list[Tensor] = []
            while (had := sum(map(len, parts))) < self.n:
                self.task.config = settings.replace(seed=(10_000 * (k + 1) + had + self.config.seed) % 2**31)
                began = clock()
                made = self.task.fresh(self.model, min(CHUNK, self.n - had), lambda: False)
                assert made is not None
                parts.append(made.to(self.device))
                finite = bool(made.isfinite().all())  # and a GPU has come to its end
                seconds += clock() - began
                if not finite:
                    raise StudyFailed(
                        "Some samples of this model are not finite numbers.",
                        "It may have diverged: train it again with a smaller learning rate.",
                    )
                yield self.share("draws", (k * self.n + had + len(made)) / total)
            self.draws.append(torch.cat(parts))
            if k == 0:
                some = self.draws[0][:SHOWN]
                self.samples = some.cpu().numpy() if of_points(self.dataset.name) else as_pictures(some)
        self.task.config = settings
        how = "Processor seconds" if self.device.type == "cpu" else "Seconds"
        return {"sample_seconds": Found(1000.0 * seconds / total, note=f"{how}, {self.drawn}.")}

    @torch.no_grad()
    def distances(self) -> Part:
        """How far the draws are from the data: in features of a classifier, and in pixels or the plane."""
        yield None
        found, spread = {}, f"between {self.config.draws} draws of {self.n:,}"
        if self.dataset.is_image:
            gallery = gallery_of(self.dataset.name, str(self.device))
            read = []
            for draw in self.draws:
                read.append(gallery.compare(features(gallery.model, draw)))
                yield None
            floor = gallery.floor(self.n)
            for name in TERMS:
                mean, sd = mean_and_sd([each[name] for each in read])
                found[name] = Found(mean, sd, spread, ("real images", floor[name], floor.get(f"{name}_std")))
        else:
            found = {name: Found(why=ONLY_IMAGES) for name in TERMS}
        scale = (lambda x: x.float() / 255.0) if self.dataset.is_image else (lambda x: x.float())
        measure, kept = (
            EnergyDistance(scale(self.real["test"]), self.config.seed, min(SET_SIZE, self.n), self.config.draws),
            iter(self.draws),
        )
        energy = yield from measure.measuring(lambda n, generator: next(kept)[:n])
        train = self.real["train"]
        real = yield from measure.measuring(
            lambda n, generator: scale(train[torch.randperm(len(train), generator=generator)[:n].to(train.device)])
        )
        unit = (
            "pixel values, 0 to 1"
            if self.dataset.is_image
            else "units of the plane"
            if of_points(self.dataset.name)
            else "standard deviations of the columns"
        )
        label = "real images" if self.dataset.is_image else "real data"
        found["energy"] = Found(
            energy.mean,
            energy.std,
            f"between {self.config.draws} draws of {measure.size:,}",
            (label, real.mean, real.std),
            unit=unit,
        )
        return found

    @torch.no_grad()
    def memory(self) -> Part:
        """The share of samples that lie nearer to the training set than unseen images do."""
        yield None
        if not self.dataset.is_image:
            return {"memorised": Found(why="Of images only.")}
        unseen, x = Unseen(self.real["train"], self.real["test"]), torch.cat(self.draws)[:REMEMBERED]
        yield None
        near = unseen.nearness(x)
        low, high = near.interval
        note = f"95 % interval {low:.3f} to {high:.3f}. Blurred samples lie far from all images, so a small share is no proof."
        return {
            "memorised": Found(
                near.share, (high - low) / 3.92, f"of {len(x)} samples, from the 95 % interval", ("unseen images", RARE, None), note
            )
        }


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """Mean and its standard error."""
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def mean_and_sd(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation of one of them."""
    array = np.asarray(values)
    return float(array.mean()), float(array.std(ddof=1))
