"""Latent diffusion: latents standardised and back, what a checkpoint carries, resume, refusals, and that it learns a
distribution."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import (
    AutoencoderConfig,
    ConfigError,
    DiffusionConfig,
    LatentDiffusionConfig,
    RunConfig,
    SampleConfig,
    VAEConfig,
    field_specs,
    parse_config,
)
from playground.data import load_dataset
from playground.diffusion.latent_denoiser import LatentDenoiser, build_latent_denoiser
from playground.measures.energy import EnergyDistance
from playground.questions.answerer import answer, pack_weights
from playground.questions.worker import LoadedModel
from playground.runs.checkpoint import CheckpointError, unpack
from playground.runs.control import Control
from playground.runs.events import Finished, Snapshot, Started
from playground.runs.generation import load_model, sample, sampling_run
from playground.runs.tasks import LatentDiffusionTask
from playground.runs.tasks.latent_diffusion import draw, first_of_each
from playground.runs.training import train
from playground.vae.autoencoder import VAE, Autoencoder, DiagonalGaussian

TINY = {"steps": 40, "batch_size": 64, "warmup_steps": 2, "width": 32, "depth": 1, "device": "cpu", "learning_rate": 0.005}
SOURCES: dict[str, RunConfig] = {
    "ae": AutoencoderConfig(dataset="digits", **TINY),
    "vae": VAEConfig(dataset="digits", latent_dim=3, **TINY),
}


def run(config: RunConfig, **given) -> list:
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    return list(train(config, control, **given))


@pytest.fixture(scope="module")
def sources() -> dict[str, bytes]:
    return {name: run(config)[-1].checkpoint for name, config in SOURCES.items()}


@pytest.fixture(scope="module")
def runs(sources) -> dict[str, list]:
    config = LatentDiffusionConfig(dataset="digits", sampling_steps=4, **TINY)
    return {name: run(config, source=source) for name, source in sources.items()}


@pytest.fixture(scope="module")
def checkpoints(runs) -> dict[str, bytes]:
    return {name: events[-1].checkpoint for name, events in runs.items()}


class Shift(torch.nn.Module):
    """An "encoder" whose posterior is known: mean = a x + b, std = s."""

    def forward(self, x):
        return torch.cat(
            [
                x.flatten(1) * torch.tensor([2.0, 0.5]) + torch.tensor([1.0, -3.0]),
                x.new_tensor([[0.7, 0.2]]).log().expand(len(x), 2),
            ],
            1,
        )


def known_model() -> LatentDenoiser:
    model = build_latent_denoiser(LatentDiffusionConfig(autoencoder=VAEConfig(dataset="digits", latent_dim=2, width=16)), (1, 8, 8))
    model.autoencoder.encoder = Shift()
    return model


def test_the_moments_of_latents_are_those_of_the_draws() -> None:
    """x ~ N(0, I): h = a x + b + s eps has mean b and variance a² + s², whatever the sample."""
    x = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(7))  # not the seed of the draws
    x = (x - x.mean(0)) / x.std(0, correction=0)
    model = known_model()
    model.standardise_to(*model.posterior(x))
    torch.testing.assert_close(model.mean, torch.tensor([1.0, -3.0]), atol=1e-4, rtol=0)
    torch.testing.assert_close(model.std, torch.tensor([2.0**2 + 0.7**2, 0.5**2 + 0.2**2]).sqrt(), atol=1e-4, rtol=0)
    z = draw(*model.posterior(x))
    assert z.mean(0).abs().max() < 0.03 and (z.std(0) - 1.0).abs().max() < 0.02


def test_standardised_and_back_is_the_same_latent(checkpoints) -> None:
    for checkpoint in checkpoints.values():
        model = load_model(checkpoint, "cpu")
        h = 3.0 * torch.randn(50, model.latent_dim, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(model.mean + model.std * model.standardise(h), h, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(model.decode(model.standardise(h)), model.autoencoder.decode(h), atol=1e-5, rtol=1e-4)


def test_a_dimension_that_never_changes_does_no_harm() -> None:
    model = known_model()
    means = torch.stack([torch.randn(100, generator=torch.Generator().manual_seed(0)), torch.full((100,), 5.0)], 1)
    model.standardise_to(means, torch.zeros(100, 2))
    z = model.standardise(means)
    assert bool(z.isfinite().all()) and z[:, 1].abs().max() < 1e-3


def test_latents_of_the_training_images_are_standard(runs, checkpoints) -> None:
    for name, checkpoint in checkpoints.items():
        held = LoadedModel()
        held.load(checkpoint)
        task, model = held.task, held.answerer.model
        assert task.dataset.shape == (SOURCES[name].latent_dim,) and len(task.train_x) == len(load_dataset("digits").train)
        assert task.train_x.mean(0).abs().max() < 0.1 and (task.train_x.std(0) - 1.0).abs().max() < 0.1
        assert task.data_range == (-float(model.bound), float(model.bound)) and float(task.train_x.abs().max()) == pytest.approx(
            float(model.bound)
        )
        before = task.means
        held.load(checkpoint)
        assert held.task.means is before, "the same encoder: nothing is encoded again"


def test_a_vae_gives_fresh_latents_and_an_autoencoder_its_codes(checkpoints) -> None:
    index, generator = torch.arange(20), torch.Generator().manual_seed(0)
    for name, checkpoint in checkpoints.items():
        held = LoadedModel()
        held.load(checkpoint)
        first, second = (held.task.examples(index, generator).x for _ in range(2))
        assert torch.equal(first, second) == (name == "ae")
        spread = torch.stack([held.task.examples(index, generator).x for _ in range(400)]).std(0)
        torch.testing.assert_close(spread, held.task.stds[index], atol=0.02, rtol=0.15)


def test_questions_are_about_the_latents(checkpoints) -> None:
    """The weights of a running model travel to another process and are asked there, in standardised latents."""
    held, copy = LoadedModel(), LoadedModel()
    held.load(checkpoints["ae"])
    copy.load(pack_weights(held.task, held.answerer.model, 40)["checkpoint"].tobytes())
    found = answer(copy.task, copy.answerer.model, "field", {"t": 0.5, "what": "x_0", "n": 5})
    assert found["learned"].shape == (25, 2) and all(
        np.isfinite(value).all() for value in found.values() if value.dtype == np.float32
    )
    with pytest.raises(ConfigError, match="works in the latent space"):
        answer(held.task, held.answerer.model, "memorisation", {"n": 4})
    held.load(checkpoints["vae"])
    with pytest.raises(ConfigError, match="points in the plane"):
        answer(held.task, held.answerer.model, "field", {"t": 0.5, "what": "x_0", "n": 5})


def test_a_run_says_what_it_works_with_and_trains_that_alone(runs, sources) -> None:
    for name, events in runs.items():
        started, end = events[0], events[-1]
        assert isinstance(started, Started) and isinstance(end, Finished)
        assert parse_config(started.config).autoencoder == SOURCES[name]
        model, before = load_model(end.checkpoint, "cpu"), unpack(sources[name]).group("ema")
        assert all(torch.equal(value, before[key]) for key, value in model.autoencoder.state_dict().items())
        assert started.n_parameters == sum(p.numel() for p in model.network.parameters())
        assert isinstance(model.autoencoder, {"ae": Autoencoder, "vae": VAE}[name])


def test_pictures_are_decoded_and_particles_come_in_two_dimensions(runs) -> None:
    pictures = {name: [event.arrays for event in events if isinstance(event, Snapshot)][-1] for name, events in runs.items()}
    for arrays in pictures.values():
        assert (
            arrays["samples"].shape == (25, 1, 8, 8)
            and arrays["way"].shape == (5, 25, 1, 8, 8)
            and arrays["samples"].dtype == np.uint8
        )
        assert len(arrays["times"]) == len(arrays["expected"]) == 5 and arrays["decoded"]
        changes = np.square(arrays["way"][-1].astype(float) - arrays["way"][0]).sum((1, 2, 3))
        assert changes[arrays["followed"]] == changes.max() > 0, (
            "many hardly move in a space of two dimensions: one that does is shown"
        )
    assert pictures["ae"]["trajectory"].shape == (5, 300, 2) and pictures["ae"]["latents"].shape[1] == 2
    assert "trajectory" not in pictures["vae"]


def test_the_checkpoint_alone_samples_images(checkpoints) -> None:
    for checkpoint in checkpoints.values():
        first, again, other = (
            list(sample(checkpoint, SampleConfig(n_samples=6, sampling_steps=5, sampling_seed=s, device="cpu")))[-1].x
            for s in (1, 1, 2)
        )
        assert first.shape == (6, 1, 8, 8) and first.min() >= 0.0 and first.max() <= 1.0
        assert np.array_equal(first, again) and not np.array_equal(first, other)
        *_, pictures, end = sampling_run(SampleConfig(n_samples=6, sampling_steps=5, device="cpu"), checkpoint)
        assert pictures.arrays["samples"].shape == (6, 1, 8, 8) and isinstance(end, Finished)


def test_a_run_goes_on_from_its_checkpoint_without_the_source(checkpoints) -> None:
    for name, checkpoint in checkpoints.items():
        going_on = LatentDiffusionConfig(dataset="digits", **TINY | {"steps": 60})  # knows nothing of the autoencoder
        events = run(going_on, resume=checkpoint)
        assert events[0].step == 40 and events[-1].step == 60
        assert unpack(events[-1].checkpoint).config.autoencoder == SOURCES[name]


def test_stopping_in_the_middle_changes_nothing(sources) -> None:
    config = LatentDiffusionConfig(dataset="digits", decay="constant", **TINY)
    whole = unpack(run(config, source=sources["vae"])[-1].checkpoint)
    half = run(config.replace(steps=20), source=sources["vae"])[-1].checkpoint
    joined = unpack(run(config, resume=half)[-1].checkpoint)
    assert all(torch.equal(value, joined.tensors[key]) for key, value in whole.tensors.items())


def test_classes_of_latents(sources) -> None:
    events = run(LatentDiffusionConfig(dataset="digits", conditional="on", sampling_steps=2, **TINY), source=sources["vae"])
    arrays = [event.arrays for event in events if isinstance(event, Snapshot)][-1]
    assert sorted(set(arrays["sample_labels"])) == list(range(10)) and len(arrays["samples"]) == len(arrays["sample_labels"]) == 30
    *_, last = sample(events[-1].checkpoint, SampleConfig(n_samples=3, label=7, guidance_scale=2.0, sampling_steps=3, device="cpu"))
    assert last.x.shape == (3, 1, 8, 8)


def test_the_first_of_each_class() -> None:
    labels = np.array([0, 1, 1, 0, 2, 2, 2, 0])
    assert first_of_each(labels, 6).tolist() == [0, 3, 1, 2, 4, 5] and first_of_each(labels, 1).tolist() == [0, 1, 4]


def test_refusals_are_sentences(sources, checkpoints) -> None:
    config = LatentDiffusionConfig(dataset="digits", **TINY)
    with pytest.raises(ConfigError, match="give the checkpoint of one"):
        run(config)
    with pytest.raises(ConfigError, match="was trained on 'digits'"):
        run(config.replace(dataset="sprites"), source=sources["ae"])
    with pytest.raises(ConfigError, match="must be an autoencoder or a VAE"):
        run(config, source=checkpoints["ae"])
    with pytest.raises(ConfigError, match="Only a latent diffusion"):
        run(SOURCES["ae"], source=sources["vae"])
    with pytest.raises(CheckpointError, match="another kind of model"):
        run(config, resume=sources["ae"])
    with pytest.raises(CheckpointError):
        run(DiffusionConfig(dataset="digits", **TINY), resume=checkpoints["ae"])


def test_the_settings_of_the_autoencoder_are_nobodys_to_choose() -> None:
    config = LatentDiffusionConfig(dataset="digits", autoencoder=VAEConfig(dataset="digits", latent_dim=5))
    assert "autoencoder" not in field_specs(LatentDiffusionConfig)
    assert parse_config(config.model_dump()) == config and isinstance(parse_config(config.model_dump()).autoencoder, VAEConfig)


def test_it_learns_where_the_codes_are(sources) -> None:
    """The distance of its latents to the real ones falls far below that of a Gaussian with their moments."""
    config = LatentDiffusionConfig(dataset="digits", **TINY | {"steps": 600, "width": 64, "depth": 2, "batch_size": 256})
    model = load_model(run(config, source=sources["ae"])[-1].checkpoint, "cpu")
    task = LatentDiffusionTask(config.replace(autoencoder=SOURCES["ae"]), load_dataset("digits"), torch.device("cpu"))
    task.prepare(model)
    codes = model.latents(task.train_x)
    from playground.features.comparison.run import Comparison

    class Fake:
        config = SampleConfig(sampling_steps=30)
        device = torch.device("cpu")

    energy_distance = EnergyDistance(codes, size=600)
    learned = energy_distance.measure(Comparison.of_diffusion(Fake, model))
    gaussian = energy_distance.measure(lambda n, generator: model.latents(torch.randn(n, 2, generator=generator)))
    assert learned.mean < 0.5 * gaussian.mean, (learned, gaussian)


def test_a_posterior_of_no_spread_is_its_mean() -> None:
    q = DiagonalGaussian(torch.ones(4, 2), torch.full((4, 2), -10.0))
    torch.testing.assert_close(draw(q.mean, q.std), q.mean, atol=1e-3, rtol=0)
