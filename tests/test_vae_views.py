"""What the page says about an autoencoder's and a VAE's loss: sums that add up as shown, the right words, comparable nats."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from playground.config import LIKELIHOODS, AutoencoderConfig, VAEConfig
from playground.features.bounds import view as bounds
from playground.features.collapse import view as collapse
from playground.features.rate_distortion import view as rates
from playground.features.terms import view as bound_terms
from playground.runs.events import Snapshot
from playground.runtimes import RunRecord

PIXELS = 64


def record(config, steps=(10,), arrays=None, **readings) -> RunRecord:
    """A run with readings by name (`kl` is `held_out/kl`, `bounds__gap` is `bounds/gap`), constant over `steps`."""
    history = {
        name.replace("__", "/") if "__" in name else f"held_out/{name}": (np.array(steps), np.full(len(steps), value))
        for name, value in readings.items()
    }
    snapshot = Snapshot(steps[-1], arrays or {})
    return RunRecord("run", config.model_dump(), status="running", history=history, snapshot=snapshot, step=steps[-1])


def gaussian(std=0.4, kl=2.345, mse=0.0501, **readings) -> RunRecord:
    """A reading as the Gaussian with this σ gives it."""
    reconstruction = PIXELS * (mse / (2 * std**2) + math.log(std) + 0.5 * math.log(2 * math.pi))
    settings = {name: readings.pop(name) for name in ("beta", "kl_warmup", "free_bits") if name in readings}
    config = VAEConfig(dataset="digits", observation_std=std, **settings)
    return record(config, reconstruction=reconstruction, kl=kl, mse=mse, **readings)


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def adds_up(total: dict, terms: list[dict]) -> bool:
    return math.isclose(sum(number(term["text"]) for term in terms), number(total["text"]), abs_tol=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_every_sum_adds_up_as_it_is_shown_and_starts_from_the_numbers_above(seed):
    rng = np.random.default_rng(seed)
    std, weight = float(rng.uniform(0.06, 2.0)), float(rng.uniform(0.0, 5.0))
    run = gaussian(std, kl=float(rng.uniform(0, 30)), mse=float(rng.uniform(0, 0.2)), kl_weight=weight, free_bits=0.5)
    free = float(rng.uniform(0, 2))
    run.history["held_out/free_bits"] = (np.array([10]), np.array([free]))
    payload = bound_terms.vae_terms(run)
    likelihood, trained, *_ = payload["lines"]
    assert adds_up(payload["total"], payload["terms"])
    for line in (likelihood, trained):
        assert adds_up(line["total"], line["terms"])
    reconstruction = payload["terms"][0]["text"]
    assert likelihood["total"]["text"] == reconstruction and trained["terms"][0]["text"] == reconstruction


def test_the_squared_error_in_disguise_is_the_mse_of_the_reading():
    line = bound_terms.vae_terms(gaussian(std=0.4, mse=0.0501))["lines"][0]
    assert number(line["terms"][0]["text"]) == pytest.approx(PIXELS * 0.0501 / (2 * 0.16), abs=0.02)
    assert number(line["terms"][1]["text"]) == pytest.approx(PIXELS * math.log(0.4 * math.sqrt(2 * math.pi)), abs=0.02)
    assert "σ = 0.4" in line["note"] and "density over pixels from 0 to 1" in line["note"]


def test_what_is_trained_on_is_said_where_it_is_not_the_bound():
    assert "−ELBO itself" in bound_terms.vae_terms(gaussian(kl_weight=1.0))["lines"][1]["note"]
    weighted = bound_terms.vae_terms(gaussian(beta=4.0, kl_weight=4.0))["lines"][1]
    assert weighted["terms"][1]["label"] == "4 × KL" and number(weighted["terms"][1]["text"]) == pytest.approx(4 * 2.345, abs=0.06)
    assert "no bound" in weighted["note"] and "warming" not in weighted["note"]
    warming = bound_terms.vae_terms(gaussian(beta=4.0, kl_warmup=100, kl_weight=0.4))["lines"][1]
    assert "warming up to β = 4" in warming["note"]


def test_iwae_says_how_much_more_samples_give():
    config = VAEConfig(dataset="digits", objective="iwae", importance_samples=8)
    payload = bound_terms.vae_terms(record(config, reconstruction=10.0, kl=2.0, mse=0.05, neg_iwae=11.25))
    line = payload["lines"][1]
    assert line["total"] == {"label": "−IWAE-8", "text": "11.25"} and adds_up(line["total"], line["terms"])
    assert payload["total"]["text"] == "12.00", "the bound on screen stays the ELBO"


def test_bernoulli_is_a_cross_entropy_without_a_density():
    config = VAEConfig(dataset="digits", likelihood="bernoulli")
    payload = bound_terms.vae_terms(record(config, reconstruction=20.0, kl=PIXELS * math.log(2) - 20.0, mse=0.05))
    assert payload["lines"][0]["terms"] == [] and "cross-entropy" in payload["lines"][0]["note"]
    assert payload["bits"] == "1.000", "D log 2 nats are one bit per pixel"


def test_penalties_of_an_autoencoder_are_terms_and_those_switched_off_are_not():
    plain = bound_terms.autoencoder_terms(record(AutoencoderConfig(dataset="digits"), mse=0.05, sparsity=0.0, contraction=0.0))
    assert [term["name"] for term in plain["terms"]] == ["mse"]
    sparse = bound_terms.autoencoder_terms(record(AutoencoderConfig(dataset="digits"), mse=0.05, sparsity=0.0123, contraction=0.0))
    assert [term["name"] for term in sparse["terms"]] == ["mse", "sparsity"] and adds_up(sparse["total"], sparse["terms"])


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_diverged_run_is_still_strict_json(broken):
    payload = bound_terms.vae_terms(record(VAEConfig(dataset="digits"), reconstruction=broken, kl=1.0, mse=broken))
    json.dumps(payload, allow_nan=False)


def test_only_nats_of_the_same_kind_may_be_compared():
    def unit(**settings):
        return bound_terms.comparable(VAEConfig(**{"dataset": "digits"} | settings).model_dump())

    assert unit() == unit(observation_std=0.1) == unit(beta=3.0, latent_dim=8)
    assert unit() == unit(likelihood="gaussian_learned") == unit(likelihood="gaussian_per_pixel"), "densities in one unit"
    assert len({unit(), unit(likelihood="bernoulli"), unit(dataset="sprites")}) == 3


def test_more_bits_than_no_model_at_all_are_explained():
    """σ = 0.4 costs log₂(255 · 0.4 · √2π) = 8.00 bits by itself, and the squared error comes on top."""
    lines = bound_terms.vae_terms(gaussian(std=0.4, mse=0.05))["lines"]
    assert "σ = 0.4 alone costs 8.00" in lines[2]["note"] and "learned σ" in lines[2]["note"]
    assert len(bound_terms.vae_terms(gaussian(std=0.2, mse=0.03))["lines"]) == 2, "7.5 bits need no excuse"
    assert "small against the errors" in bound_terms.vae_terms(gaussian(std=0.06, mse=0.08))["lines"][2]["note"]
    coin = record(VAEConfig(dataset="digits", likelihood="bernoulli"), reconstruction=80.0, kl=1.0, mse=0.2)
    assert "no model at all (1)" in bound_terms.vae_terms(coin)["lines"][2]["note"]


def test_a_run_on_the_plane_is_its_readings_and_adds_up_to_the_bound():
    run = record(VAEConfig(dataset="digits", beta=2.0, latent_dim=5), steps=range(1000), kl=3.0, reconstruction=9.0, kl_weight=2.0)
    view = rates.rate_view(run)["rate"]
    assert view["label"] == "β 2, d = 5, σ 0.4" and set(view) >= {"steps", "rate", "distortion", "weight"}
    assert len(view["rate"]) == len(view["distortion"]) < 700, "thinned"
    assert rates.rate_view(record(AutoencoderConfig(dataset="digits"), mse=0.1)) == {}


def study(n=30, gap=0.25) -> RunRecord:
    rng = np.random.default_rng(0)
    elbo = rng.normal(-80, 9, n)
    arrays = {"elbo": elbo, "iwae_5": elbo + gap / 2, "exact": elbo + gap + rng.normal(0, 0.01, n)}
    arrays |= {"dimensions": PIXELS, "k": 5000, "total": 100}
    arrays |= {"effective_samples": np.full(n, 900.0)}
    arrays |= {"gap_mean": gap, "approximation_gap_mean": 0.0704, "amortisation_gap_mean": gap - 0.0704}
    snapshot = Snapshot(n, {name: np.asarray(value) for name, value in arrays.items()})
    return RunRecord("run", {"study": "bounds", "dataset": "digits"}, snapshot=snapshot)


def test_the_doctor_speaks_only_once_a_verdict_means_something():
    d = 4
    arrays = {
        "kl_per_dimension": np.full(d, 1e-5),
        "mean_variance": np.full(d, 1e-6),
        "aggregate_mean": np.zeros(d),
        "aggregate_variance": np.ones(d),
        "latent": np.zeros((50, d)),
    }
    run = record(VAEConfig(dataset="digits", latent_dim=d, beta=20.0, steps=1000), steps=(900,), arrays=arrays, kl=0.0)
    late = collapse.collapse(run)["collapse"]
    assert not late["well"] and "β = 20" in late["sentence"] and late["n_active"] == 0 and late["n"] == 50
    early = collapse.collapse(replace(run, snapshot=Snapshot(5, arrays)))["collapse"]
    assert early["step"] < early["settled_at"] and early["sentence"] == ""
    assert collapse.collapse(replace(run, snapshot=Snapshot(5, {"latent": arrays["latent"]}))) == {}


def test_bounds_are_told_with_the_error_of_their_difference():
    payload = bounds.bounds_study(None, study())["bounds"]
    json.dumps(payload, allow_nan=False)
    elbo, iwae, exact = payload["rows"]
    assert [row["name"] for row in payload["rows"]] == ["elbo", "iwae_5", "exact"]
    assert exact["above"] == pytest.approx(0.25, abs=0.01) and exact["above_se"] < 0.01, "paired, not the spread over images"
    assert elbo["above_text"] == "" and iwae["above_text"].startswith("+0.125")
    assert number(elbo["bits"]) == pytest.approx((80 / PIXELS + math.log(255)) / math.log(2), abs=0.1)
    gap = payload["gap"]
    assert adds_up(gap, gap["parts"]) and gap["text"] == "0.250"


def test_an_importance_sampled_estimate_that_hangs_on_few_draws_is_said_to_be_too_low():
    run = study()
    assert "warning" not in bounds.bounds_study(None, run)["bounds"]
    run.snapshot.arrays["effective_samples"][3] = 1.9
    assert "For 1 of 30 images fewer than 100 of the 5,000 draws" in bounds.bounds_study(None, run)["bounds"]["warning"]


def test_live_bounds_leave_the_wild_beginning_out_of_the_first_view():
    steps = np.arange(1, 31)
    curve = (steps, 100.0 / steps + 10.0)
    run = RunRecord("run", VAEConfig(dataset="digits").model_dump(), history={name: curve for name in bounds.LIVE})
    payload = bounds.bound_curves(run)["bound_curves"]
    assert [series["role"] for series in payload["series"]] == ["evidence", "evidence", "held_out"]
    assert payload["focus"][0] < curve[1][-1] and payload["focus"][1] < curve[1][3]
    assert "gap" in payload["series"][-1]
    without = RunRecord("run", run.config, history={name: curve for name in bounds.LIVE if name != "bounds/neg_log_p"})
    assert all("gap" not in series for series in bounds.bound_curves(without)["bound_curves"]["series"])


@pytest.mark.parametrize("name", ["gaussian", "gaussian_learned", "gaussian_per_pixel", "bernoulli"])
def test_words_about_a_likelihood_hold_its_numbers(name):
    words = LIKELIHOODS[name].formula(784, 0.4)
    if name == "gaussian":
        assert "2,450 × MSE + 2.1" in words and "σ = 19.8" in words and "σ = 0.71" in words
    assert ("dequantised" in words) == (name in ("gaussian_learned", "gaussian_per_pixel"))
    assert ("cross-entropy" in words) == (name == "bernoulli")
    assert "above 0" in LIKELIHOODS["gaussian"].formula(64, 0.0)
