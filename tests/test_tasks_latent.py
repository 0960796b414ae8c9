"""What the autoencoder's and the VAE's training add to the loop: what is shown, drawn once or afresh, weighed and measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, VAEConfig
from playground.data import load_dataset
from playground.runs.control import Control
from playground.runs.events import Failed, Progress
from playground.runs.tasks import TASKS
from playground.runs.tasks.latent import LIVE_IMAGES, NoisyBatch, latent_moments
from playground.runs.training import Trainer, train
from playground.vae.autoencoder import DiagonalGaussian
from playground.vae.bounds import draw_log_weights
from playground.vae.quadrature import log_evidence

TINY = {"dataset": "digits", "width": 32, "depth": 1, "batch_size": 64, "warmup_steps": 0, "learning_rate": 0.01, "device": "cpu"}
CPU = torch.device("cpu")


def task_of(config):
    return TASKS[config.model](config, load_dataset(config.dataset), CPU)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def trainer_after(steps: int, config) -> Trainer:
    trainer = Trainer(config, Control(), None)
    for _ in range(steps):
        trainer._advance()
    return trainer


# --- what a batch is ---------------------------------------------------------------------------------------------------


def test_the_default_sees_pixels_as_they_are() -> None:
    task = task_of(VAEConfig(**TINY))
    x = task.batch(generator())
    index = torch.randint(len(task.train_x), (64,), generator=generator())
    assert torch.equal(x, torch.from_numpy(np.array(task.dataset.train.x))[index] / 255.0)


@pytest.mark.parametrize("likelihood", ["gaussian_learned", "gaussian_per_pixel"])
def test_levels_are_spread_out_where_the_variance_is_learned(likelihood: str) -> None:
    task = task_of(VAEConfig(likelihood=likelihood, **TINY))
    draws = [task.batch(generator()), task.batch(generator())]
    levels = task.levels[torch.randint(len(task.train_x), (64,), generator=generator())].float()
    assert torch.equal(draws[0], draws[1]) and torch.equal((draws[0] * 255.0).round(), levels)
    assert not torch.equal(task.examples(torch.arange(9), generator(1)), task.examples(torch.arange(9), generator(2)))
    test = torch.from_numpy(np.array(task.dataset.test.x)).float()
    assert torch.equal((task.test_x * 255.0).round(), test) and torch.equal(
        task.test_x, task_of(task.config.replace(seed=7)).test_x
    )


@pytest.mark.parametrize("binarise", ["fixed", "dynamic"])
def test_black_and_white_is_drawn_once_or_afresh(binarise: str) -> None:
    task = task_of(VAEConfig(likelihood="bernoulli", binarise=binarise, **TINY))
    index = torch.arange(200)
    a, b = task.examples(index, generator(1)), task.examples(index, generator(2))
    assert set(a.unique().tolist()) == {0.0, 1.0} == set(task.map_x.unique().tolist())
    assert torch.equal(a, b) == (binarise == "fixed")
    grey = torch.from_numpy(np.array(task.dataset.train.x[:200])) / 255.0
    assert float((a - grey).mean().abs()) < 0.01 and float((a[grey == 1.0]).mean()) == 1.0
    assert torch.equal(task.scale(task.train_x[:200]), a) == (binarise == "fixed")  # questions see one and the same draw


def test_noise_is_for_the_encoder_alone_and_for_training_alone() -> None:
    config = AutoencoderConfig(input_noise=0.3, **TINY)
    task = task_of(config)
    shown = task.batch(generator())
    assert isinstance(shown, NoisyBatch) and float((shown.seen - shown.x).std()) == pytest.approx(0.3, rel=0.05)
    assert torch.equal(shown.x, task_of(config.replace(input_noise=0.0)).batch(generator()))
    model = task.build(config, task.dataset.shape)
    assert task.held_out(model) == task_of(config.replace(input_noise=0.0)).held_out(model)
    with torch.no_grad():
        expected = (model.decode(model.encode(shown.seen)) - shown.x).square().mean()
        assert float(task.loss(model, shown, generator()).terms["mse"]) == pytest.approx(float(expected))
        noisy = task.snapshot(model, lambda: False)["noisy"]
    assert noisy.shape == (10, 1, 8, 8) and noisy.dtype == np.uint8


# --- what is weighed ---------------------------------------------------------------------------------------------------


def test_beta_warms_up_with_the_steps() -> None:
    task = task_of(VAEConfig(beta=2.0, kl_warmup=100, **TINY))
    weights = []
    for task.step in (0, 50, 100, 500):
        weights.append(task.beta())
    assert weights == [0.0, 1.0, 2.0, 2.0] and task_of(VAEConfig(beta=2.0, **TINY)).beta() == 2.0


def test_the_loop_tells_the_task_its_step_and_keeps_it_over_a_checkpoint() -> None:
    config = VAEConfig(kl_warmup=40, **TINY).replace(steps=40)
    first = trainer_after(20, config)
    assert first.task.step == 19
    events = list(train(config, Control(), resume=first._checkpoint().data))
    weights = [event.losses["train/kl_weight"] for event in events if isinstance(event, Progress)]
    assert min(weights) >= 0.5 and max(weights) < 1.0


VARIANTS = {
    "learned": VAEConfig(likelihood="gaussian_learned", **TINY),
    "per pixel": VAEConfig(likelihood="gaussian_per_pixel", **TINY),
    "bernoulli": VAEConfig(likelihood="bernoulli", **TINY),
    "free bits": VAEConfig(free_bits=0.5, latent_dim=8, **TINY),
    "iwae": VAEConfig(objective="iwae", importance_samples=3, **TINY),
    "noisy vae": VAEConfig(input_noise=0.2, **TINY),
    "sparse": AutoencoderConfig(sparsity=0.01, **TINY),
    "contractive": AutoencoderConfig(contraction=0.01, **TINY),
    "conv per pixel": VAEConfig(likelihood="gaussian_per_pixel", network="conv", **TINY),
}


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_variant_learns_and_its_terms_keep_their_names(config) -> None:
    events = list(train(config.replace(steps=60), Control()))
    assert not any(isinstance(event, Failed) for event in events)
    progress = [event.losses for event in events if isinstance(event, Progress)]
    (first, *progress), last = progress, progress[-1]  # the first is of the untrained model
    names = {name.removeprefix("train/") for name in last if name.startswith("train/")}
    assert names == {name.removeprefix("held_out/") for name in last if name.startswith("held_out/")}
    assert all(names == {n.removeprefix("train/") for n in losses if n.startswith("train/")} for losses in progress)
    assert last["held_out/objective"] < first["held_out/objective"] and np.isfinite(list(last.values())).all()
    assert ("observation_std" in names) == (getattr(config, "likelihood", "") in ("gaussian_learned", "gaussian_per_pixel"))


def test_sparsity_makes_codes_small_and_contraction_the_slopes() -> None:
    def codes_and_slopes(**settings) -> tuple[float, float]:
        trainer = trainer_after(200, AutoencoderConfig(**TINY, **settings))
        x = trainer.task.map_x[:100].requires_grad_()
        z = trainer.model.encode(x)
        slopes = torch.autograd.grad(z.sum(), x)[0]
        return float(z.abs().mean().detach()), float(slopes.square().sum() / 100)

    plain, sparse, flat = codes_and_slopes(), codes_and_slopes(sparsity=0.1), codes_and_slopes(contraction=0.1)
    assert sparse[0] < 0.5 * plain[0] and flat[1] < 0.5 * plain[1]


# --- what is measured --------------------------------------------------------------------------------------------------


def test_live_bounds_are_those_of_their_modules_in_their_order() -> None:
    trainer = trainer_after(100, VAEConfig(**TINY))
    task, model = trainer.task, trainer.ema
    found = task.live_bounds(model)
    assert list(found) == ["neg_elbo", "neg_iwae", "neg_iwae_se", "neg_log_p", "gap", "gap_se"] and task.has_bounds
    assert found["neg_elbo"] > found["neg_iwae"] > found["neg_log_p"] - 3.0 * found["neg_iwae_se"]
    x = task.map_x[:LIVE_IMAGES]
    assert found["neg_log_p"] == pytest.approx(-float(log_evidence(model, x).log_p.mean()), abs=0.01)
    assert found["gap"] == pytest.approx(found["neg_elbo"] - found["neg_log_p"], abs=1e-4)
    many = draw_log_weights(model, x, 2000, generator(5))
    assert found["neg_elbo"] == pytest.approx(-float(many.mean()), abs=0.1)
    assert task.live_bounds(model) == found
    readings = []
    for task.step in range(1000, 1030):
        found = task.live_bounds(model)
        readings.append((found["neg_iwae"], found["neg_iwae_se"]))
    values, errors = np.transpose(readings)
    assert 0.6 < np.std(values, ddof=1) / errors.mean() < 1.6


def test_above_two_dimensions_there_is_no_exact_value() -> None:
    trainer = trainer_after(20, VAEConfig(latent_dim=5, **TINY))
    assert list(trainer.task.live_bounds(trainer.ema)) == ["neg_elbo", "neg_iwae", "neg_iwae_se"]


def test_the_loop_reports_bounds_beside_the_losses() -> None:
    events = list(train(VAEConfig(**TINY).replace(steps=30), Control()))
    last = [event for event in events if isinstance(event, Progress)][-1].losses
    assert last["bounds/neg_elbo"] > last["bounds/neg_log_p"] and "held_out/neg_elbo" in last
    ae = [event for event in train(AutoencoderConfig(**TINY).replace(steps=5), Control()) if isinstance(event, Progress)][-1].losses
    assert not any(name.startswith("bounds/") for name in ae)


def test_moments_of_the_aggregated_posterior_are_those_of_its_draws() -> None:
    generator_ = generator()
    mean, log_std = torch.randn(500, 3, generator=generator_), 0.3 * torch.randn(500, 3, generator=generator_) - 1.0
    q = DiagonalGaussian(mean, log_std)
    found = latent_moments(q)
    z = q.sample(torch.randn(400, 500, 3, generator=generator_)).flatten(0, 1)
    torch.testing.assert_close(found["aggregate_mean"], z.mean(0), rtol=0.0, atol=0.01)
    torch.testing.assert_close(found["aggregate_variance"], z.var(0), rtol=0.02, atol=0.0)
    torch.testing.assert_close(found["mean_variance"], mean.var(0, correction=0))
    torch.testing.assert_close(found["kl_per_dimension"].sum(), q.kl().mean())
