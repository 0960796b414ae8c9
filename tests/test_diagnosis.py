"""The collapse doctor: right on runs that were made to collapse, quiet on healthy ones, silent before it can know."""

from __future__ import annotations

import math

import pytest
import torch

from playground.config import VAEConfig
from playground.features.collapse.view import collapse
from playground.questions.answerer import answer
from playground.runs.control import Control
from playground.runs.generation import load_model
from playground.runs.training import Trainer
from playground.runtimes.kept import path_of, read
from playground.vae.diagnosis import Diagnosis, diagnose, least_mismatch, settled_at

HEALTHY_16 = [0.63] * 6 + [0.05] * 4 + [0.005] * 6
"""Variances of posterior means as a healthy VAE of 16 dimensions has them after 2000 steps: it has switched some off."""


def verdict(kl, mean_variance, step: int = 3000, aggregate=(0.0, 1.0), **settings) -> Diagnosis:
    d = len(kl)
    config = VAEConfig(latent_dim=d, **settings).model_dump()
    return diagnose(kl, mean_variance, [aggregate[0]] * d, [aggregate[1]] * d, config, step)


def test_active_is_as_burda_et_al_have_it() -> None:
    found = verdict([3.0, 2.0, 0.01], [0.9, 0.0101, 0.0099])
    assert found.active == (True, True, False) and found.n_active == 2 and found.sentence is None


def test_a_heavy_kl_is_blamed_for_most_dimensions() -> None:
    found = verdict([1.0, 0.97] + [0.001] * 14, [0.8, 0.8] + [0.0001] * 14, beta=20.0)
    assert found.sentence == "14 of 16 dimensions carry nothing: β = 20 is too high for this decoder."
    assert "Lower β" in found.suggestion and "KL warm-up" in found.suggestion


def test_what_beta_1_switches_off_is_no_fault() -> None:
    assert verdict([2.0] * 6 + [0.02] * 10, HEALTHY_16).sentence is None
    assert verdict([2.0] * 6 + [0.001] * 10, [0.6] * 6 + [0.001] * 10).sentence is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"observation_std": 2.0}, "pixel noise σ = 2"), ({"likelihood": "bernoulli"}, "the decoder does without z")],
)
def test_without_a_heavy_kl_something_else_is_blamed(settings, reason: str) -> None:
    found = verdict([0.9, 0.8] + [0.001] * 14, [0.8, 0.8] + [0.0001] * 14, **settings)
    assert found.sentence.startswith("14 of 16 dimensions carry nothing") and reason in found.sentence and found.suggestion


def test_next_to_nothing_in_all_is_a_collapse_even_where_dimensions_count_as_active() -> None:
    """So it was after 1000 steps with β = 100: a variance of 0.018, and a hundredth of a nat."""
    assert verdict([0.088, 0.009], [0.16, 0.018], beta=100.0).sentence.startswith(
        "z carries next to nothing (0.097 nats per image): β = 100"
    )


@pytest.mark.parametrize(
    ("d", "words"), [(1, "The only dimension carries nothing"), (2, "None of the 2 dimensions carries anything")]
)
def test_it_can_count(d: int, words: str) -> None:
    assert verdict([0.0] * d, [0.0] * d, beta=4.0).sentence == f"{words}: β = 4 is too high for this decoder."


def test_codes_far_from_the_prior_are_told() -> None:
    found = verdict([40.0, 50.0], [30.0, 30.0], aggregate=(1.0, 31.0), beta=0.0)
    assert "a variance of 31, not 1" in found.sentence and "β = 0 is too low" in found.sentence
    assert (
        found.suggestion == "Raise β towards 1." and "a mean of 5, not 0" in verdict([9.0], [1.0], aggregate=(-5.0, 1.0)).sentence
    )


def test_codes_that_together_miss_the_prior_are_told_with_the_nats_that_their_moments_make_certain() -> None:
    fashion, digits = (
        verdict([3.08, 3.23], [1.95, 1.92], aggregate=(0.0, 1.94)),
        verdict([1.45, 1.41], [1.03, 1.03], aggregate=(0.0, 1.11)),
    )
    assert (
        "KL(q(z) ‖ p(z)) is at least 0.28 nats (their variance is 1.9, not 1)" in fashion.sentence
        and "latent diffusion" in fashion.suggestion
    )
    assert digits.sentence is None
    assert verdict([9.2, 5.5], [6.9, 3.0], aggregate=(3.4, 7.0)).sentence.startswith("All codes together do not match the prior")


def test_no_mismatch_is_larger_than_the_true_one() -> None:
    """A mixture of two Gaussians, KL to N(0, 1) by quadrature: its moments alone say less, and all of it where it is Gaussian."""
    z = torch.linspace(-12.0, 12.0, 48_001, dtype=torch.float64)
    for centre, std in ((0.0, 1.7), (1.0, 0.4), (2.5, 0.2)):
        log_q = torch.stack([torch.distributions.Normal(sign * centre, std).log_prob(z) for sign in (-1.0, 1.0)]).logsumexp(
            0
        ) - math.log(2.0)
        log_p = torch.distributions.Normal(0.0, 1.0).log_prob(z)
        true = float(torch.trapezoid(log_q.exp() * (log_q - log_p), z))
        least = least_mismatch([0.0], [centre**2 + std**2])
        assert least <= true + 1e-6 and (centre or least == pytest.approx(true, abs=1e-6))


def test_what_the_moments_of_fashion_mnist_hide_is_measured() -> None:
    """The run that is kept for the VAE's tab: its samples suffer from the prior, as the text of the tab says, and so must the doctor. Its
    moments alone would call it well, and digits are."""
    record = read(path_of("vae"), "vae")
    said, trainer = collapse(record)["collapse"], Trainer(VAEConfig(**QUICK), Control(), None)
    limits = said["mismatch"]
    for _ in range(trainer.config.steps):
        trainer._advance()
    fashion = Trainer(VAEConfig(**(record.config | {"device": "cpu"})), Control(), None)
    parts = answer(fashion.task, load_model(record.checkpoint, "cpu"), "information", {})
    assert said["well"] and record.config["dataset"] == "fashion_mnist"
    assert parts["mismatch"] - 2 * parts["mismatch_se"] > limits["above"] and parts["most"] - parts["information"] > limits["known"]
    healthy = answer(trainer.task, trainer.ema, "information", {})
    assert healthy["mismatch"] + 2 * healthy["mismatch_se"] < limits["above"]


def test_nothing_is_said_before_it_can_be_known() -> None:
    collapsed = ([0.0] * 4, [0.0] * 4)
    assert verdict(*collapsed, step=200, steps=3000).sentence is None and verdict(*collapsed, step=300, steps=3000).sentence
    assert verdict(*collapsed, step=1200, kl_warmup=1500, beta=4.0).sentence is None
    assert settled_at(VAEConfig(steps=100_000).model_dump()) == 1000 and settled_at(VAEConfig(steps=300).model_dump()) == 200


QUICK = {
    "dataset": "digits",
    "width": 64,
    "depth": 1,
    "warmup_steps": 0,
    "learning_rate": 3e-3,
    "ema_length": 0.1,
    "steps": 400,
    "device": "cpu",
}


def trained(**settings) -> Diagnosis:
    """The diagnosis at the end of a run."""
    trainer = Trainer(VAEConfig(**(QUICK | settings)), Control(), None)
    for _ in range(trainer.config.steps):
        trainer._advance()
    with torch.no_grad():
        arrays = trainer.task.snapshot(trainer.ema, lambda: False)
    names = ("kl_per_dimension", "mean_variance", "aggregate_mean", "aggregate_variance")
    return diagnose(*(arrays[name] for name in names), trainer.config.model_dump(), trainer.step)


@pytest.mark.parametrize(
    "settings",
    [
        {"beta": 100.0},
        {"beta": 100.0, "latent_dim": 16},
        {"beta": 6.0, "latent_dim": 16},
        {"beta": 6.0, "latent_dim": 16, "likelihood": "bernoulli"},
    ],
    ids=str,
)
def test_runs_made_to_collapse_are_recognised(settings) -> None:
    found = trained(**settings)
    assert found.sentence is not None and f"β = {settings['beta']:g} is too high" in found.sentence
    assert found.n_active < len(found.active)


@pytest.mark.parametrize(
    "settings", [{}, {"latent_dim": 16}, {"latent_dim": 4, "beta": 20.0, "kl_warmup": 400, "steps": 350}], ids=str
)
def test_healthy_runs_are_left_alone(settings) -> None:
    assert trained(**settings).sentence is None


@pytest.mark.parametrize(
    "settings", [{"observation_std": 0.05, "steps": 200}, {"likelihood": "gaussian_learned", "steps": 200}], ids=str
)
def test_runs_whose_codes_are_pulled_away_from_the_prior_are_told_so(settings) -> None:
    """Where pixels count for much, codes are still far from filling the prior after so few steps; all dimensions are alive."""
    found = trained(**settings)
    assert found.n_active == len(found.active) and found.sentence.startswith("All codes together do not match the prior")


def test_a_run_without_kl_is_told_that_its_codes_are_far_out() -> None:
    assert "β = 0 is too low" in trained(beta=0.0, observation_std=0.1).sentence


def test_how_much_beta_collapses_depends_on_the_data() -> None:
    """As the page says of β = 30: digits collapse, sprites go on telling something, here after few steps of a small network."""
    digits, sprites = trained(beta=30.0), trained(beta=30.0, dataset="sprites")
    assert digits.n_active == 0 and digits.sentence.startswith("None of the 2 dimensions carries anything: β = 30 is too high")
    assert sprites.n_active >= 1
