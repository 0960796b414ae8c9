"""Samples from trained models: their shapes and ranges, the same again by seed, and no samples from an autoencoder."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, RunConfig, SampleConfig, VAEConfig
from playground.diffusion.denoiser import ClippedDenoiser, Denoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.runs.checkpoint import CheckpointError, pack, unpack
from playground.runs.control import Control
from playground.runs.events import Failed, Finished, Progress, SampleStep, Snapshot, Started
from playground.runs.generation import load_model, sample, sampling_run
from playground.runs.training import train
from playground.vae.autoencoder import VAE, Autoencoder

TINY = {"steps": 40, "batch_size": 32, "warmup_steps": 2, "width": 16, "depth": 1, "device": "cpu", "learning_rate": 0.005}
CONFIGS: dict[str, RunConfig] = {
    "ae": AutoencoderConfig(dataset="digits", **TINY),
    "vae": VAEConfig(dataset="digits", latent_dim=3, **TINY),
    "points": DiffusionConfig(dataset="mixture", sampling_steps=2, **TINY),
    "images": DiffusionConfig(dataset="digits", sampling_steps=2, **TINY),
}


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, bytes]:
    def trained(config: RunConfig) -> bytes:
        control = Control()
        control.send({"kind": "watch", "rate": 0.0})
        *_, end = train(config, control)
        return end.checkpoint

    return {name: trained(config) for name, config in CONFIGS.items()}


def draw(checkpoint: bytes, **settings) -> list[SampleStep]:
    return list(sample(checkpoint, SampleConfig(**({"n_samples": 8, "sampling_steps": 5, "device": "cpu"} | settings))))


@pytest.mark.parametrize("name", ["vae", "points", "images"])
def test_the_seed_decides(checkpoints, name: str) -> None:
    first, again, other = (draw(checkpoints[name], sampling_seed=seed)[-1].x for seed in (5, 5, 6))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("name", ["points", "images"])
@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "heun"])
def test_a_diffusion_model_goes_from_noise_to_data(checkpoints, name: str, sampler: str) -> None:
    steps = draw(checkpoints[name], sampler=sampler, sampling_steps=6, eta=0.5, time_grid="uniform_t")
    assert [step.index for step in steps] == list(range(7)) and {step.total for step in steps} == {6}
    times = [step.t for step in steps]
    assert times[0] == pytest.approx(1.0, abs=2e-3) and times[-1] == 0.0 and times == sorted(times, reverse=True)
    shape = (8, 2) if name == "points" else (8, 1, 8, 8)
    assert all(step.x.shape == step.x_0.shape == shape and step.x.dtype == np.float32 for step in steps)
    assert all(np.isfinite(step.x).all() for step in steps)


def test_a_sample_of_a_vae_is_the_mean_or_a_draw_as_asked(checkpoints) -> None:
    """The z are the same; a draw lies about its mean with the model's own pixel noise."""
    (mean,), (drawn,) = draw(checkpoints["vae"], n_samples=200), draw(checkpoints["vae"], n_samples=200, pixels="draw")
    assert np.array_equal(mean.x, mean.x_0) and np.allclose(drawn.x_0, mean.x, atol=1e-6)
    noise = drawn.x - mean.x
    assert noise.std() == pytest.approx(0.4, rel=0.02) and abs(noise.mean()) < 0.02


def test_points_are_in_units_of_the_data(checkpoints) -> None:
    x = draw(checkpoints["points"], n_samples=500, sampling_steps=20)[-1].x
    assert np.abs(x.mean(0)).max() < 0.4 and 0.5 < x.std() < 1.5


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler", "heun"])
def test_images_are_between_black_and_white(checkpoints, sampler: str) -> None:
    end = draw(checkpoints["images"], sampler=sampler, sampling_steps=10)[-1]
    assert end.x_0.min() >= 0.0 and end.x_0.max() <= 1.0
    assert end.x.min() >= -0.05 and end.x.max() <= 1.05  # the last step of Euler and Heun overshoots a little
    assert end.x.std() > 0.05


def test_a_vae_decodes_the_prior_at_once(checkpoints) -> None:
    (step,) = draw(checkpoints["vae"])
    assert (step.index, step.total, step.t) == (1, 1, 0.0) and step.x.shape == (8, 1, 8, 8)
    assert step.x.min() > 0.0 and step.x.max() < 1.0
    z = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(step.x, load_model(checkpoints["vae"], "cpu").decode(z).numpy(), atol=1e-6)


def test_an_autoencoder_refuses_with_a_sentence(checkpoints) -> None:
    with pytest.raises(ConfigError, match="no distribution.*train a VAE or a diffusion model"):
        sample(checkpoints["ae"], SampleConfig())


def test_a_stop_ends_the_way(checkpoints) -> None:
    control = Control()
    steps = sample(checkpoints["points"], SampleConfig(n_samples=2, sampling_steps=50, device="cpu"), control)
    next(steps)
    control.send({"kind": "stop"})
    assert list(steps) == []


def test_sampling_as_a_run_speaks_like_a_training(checkpoints) -> None:
    config = SampleConfig(n_samples=8, sampling_steps=20, device="cpu")
    for name, x in (("points", "trajectory"), ("images", "samples")):
        first, *between, pictures, end = sampling_run(config, checkpoints[name])
        assert isinstance(first, Started) and first.config["dataset"] == CONFIGS[name].dataset
        steps = [event.step for event in between if isinstance(event, Progress)]
        assert steps == sorted(steps) and steps[-1] == 20
        assert isinstance(pictures, Snapshot) and isinstance(end, Finished) and pictures.step == end.step == 20
        assert x in pictures.arrays and pictures.arrays["times"][-1] == 0.0
    final = draw(checkpoints["points"], sampling_steps=20)[-1].x
    *_, pictures, _ = sampling_run(config, checkpoints["points"])
    assert np.array_equal(pictures.arrays["trajectory"][-1], final)


def test_samples_that_are_no_numbers_end_with_a_sentence(checkpoints) -> None:
    about = unpack(checkpoints["points"])
    weights = {name: value * math.nan for name, value in about.group("ema").items()}
    broken = pack(about.config, 1, 0.0, about.data_shape, {"ema": weights})
    *_, end = sampling_run(SampleConfig(n_samples=8, sampling_steps=5, device="cpu"), broken)
    assert isinstance(end, Failed) and end.message == "This ended at step 1 of 5, because a sample is not a finite number."


@pytest.mark.parametrize(("n", "kept"), [(8, 8), (70, 64)])
def test_images_are_kept_on_their_way_with_what_was_expected_of_them(checkpoints, n: int, kept: int) -> None:
    """Twelve of the states, of the first few samples, and beside each the model's answer to that very state."""
    config = SampleConfig(n_samples=n, sampling_steps=20, device="cpu")
    *_, pictures, _ = sampling_run(config, checkpoints["images"])
    steps, found = draw(checkpoints["images"], n_samples=n, sampling_steps=20), pictures.arrays
    at = np.linspace(0, 20, 12).round().astype(int)
    assert found["samples"].shape == (n, 1, 8, 8) and found["way"].shape == (12, kept, 1, 8, 8)
    for i, k in enumerate(at):
        np.testing.assert_allclose(found["way"][i] / 255, steps[k].x[:kept].clip(0, 1), atol=0.003)
        expected = steps[k + 1].x_0 if k < 20 else steps[20].x
        np.testing.assert_allclose(found["expected"][i] / 255, expected[0].clip(0, 1), atol=0.003)


def test_of_many_images_the_first_are_done_before_the_others_begin(checkpoints) -> None:
    """150 are three batches; each is what it would be if all were drawn at once."""
    steps = draw(checkpoints["images"], n_samples=150, sampler="ddim", time_grid="uniform_t")
    assert [step.index for step in steps] == [0, 1, 2, 3, 4, 5, 10, 15] and {step.total for step in steps} == {15}
    first, last = steps[5].x, steps[-1].x
    assert np.array_equal(first[:64], last[:64]) and np.array_equal(first[64:], steps[0].x[64:])
    model, generator = load_model(checkpoints["images"], "cpu"), torch.Generator().manual_seed(0)
    noise = initial_noise(model.schedule, (150, 1, 8, 8), generator)
    *_, at_once = reverse(ClippedDenoiser(model, -1.0, 1.0), model.schedule, noise, time_grid(model.schedule, 5), "ddim")
    np.testing.assert_allclose(last, (at_once.x.numpy() / 2 + 0.5).clip(0, 1), atol=1e-5)


def test_a_run_that_draws_many_images_says_how_far_it_is_and_keeps_the_way_of_the_first(checkpoints) -> None:
    config = SampleConfig(n_samples=150, sampling_steps=5, device="cpu")
    first, *between, pictures, end = sampling_run(config, checkpoints["images"])
    told = [event.step for event in between if isinstance(event, Progress)]
    assert first.config["steps"] == 15 == told[-1] == end.step and told == sorted(told)
    assert pictures.arrays["samples"].shape == (150, 1, 8, 8) and pictures.arrays["way"].shape == (6, 64, 1, 8, 8)
    assert np.array_equal(pictures.arrays["way"][-1], pictures.arrays["samples"][:64]) and pictures.arrays["times"][-1] == 0.0


def test_models_come_back_with_their_averaged_weights(checkpoints) -> None:
    kinds = {"ae": Autoencoder, "vae": VAE, "points": Denoiser, "images": Denoiser}
    for name, kind in kinds.items():
        model, ema = load_model(checkpoints[name], "cpu"), unpack(checkpoints[name]).group("ema")
        assert isinstance(model, kind) and not model.training
        assert all(torch.equal(value, ema[key]) for key, value in model.state_dict().items())
        assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_loaded_vae_keeps_its_noise_and_a_denoiser_its_schedule(checkpoints) -> None:
    assert load_model(checkpoints["vae"], "cpu").likelihood.std == CONFIGS["vae"].observation_std
    model = load_model(checkpoints["points"], "cpu")
    assert model.schedule is SCHEDULES["cosine"] and model.parametrization.name == "v"


def test_weights_that_do_not_fit_are_refused(checkpoints) -> None:
    loaded = unpack(checkpoints["ae"])
    wrong = pack(loaded.config.replace(width=32), 1, 0.0, loaded.data_shape, {"ema": loaded.group("ema")})
    with pytest.raises(CheckpointError, match="do not fit"):
        load_model(wrong, "cpu")
    with pytest.raises(CheckpointError, match="do not fit"):
        load_model(pack(loaded.config, 1, 0.0, loaded.data_shape, {}), "cpu")


def test_what_is_no_checkpoint_is_refused() -> None:
    for call in (sample, load_model):
        with pytest.raises(CheckpointError):
            call(b"nothing")
