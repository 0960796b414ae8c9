"""The comparison of six ways to draw latents: all rows, measured alike; what it refuses; what a stop keeps; how it is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, LatentDiffusionConfig, RunConfig, VAEConfig
from playground.data import load_dataset
from playground.features.comparison.run import ROWS, SHOWN, Comparison, comparison_run
from playground.features.comparison.sentences import summary
from playground.features.comparison.settings import ComparisonConfig
from playground.features.comparison.view import REFERENCES, comparison_views
from playground.measures.energy import EnergyDistance, distances_to_data, energy_distance
from playground.runs.cadence import Cadence
from playground.runs.control import Control
from playground.runs.events import Finished, Paused, Progress, Snapshot, Started
from playground.runs.generation import load_model
from playground.runs.tasks.latent_diffusion import LatentDiffusionTask
from playground.runs.training import Trainer, train
from playground.runtimes.records import RunRecord

TINY = {"dataset": "digits", "steps": 150, "batch_size": 64, "width": 64, "depth": 1, "device": "cpu", "learning_rate": 0.005}
STUDY = ComparisonConfig(steps=30, n_samples=60, width=16, sampling_steps=4, device="cpu")


def trained(config: RunConfig) -> bytes:
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    *_, end = train(config, control)
    return end.checkpoint


@pytest.fixture(scope="module")
def ae() -> bytes:
    return trained(AutoencoderConfig(**TINY))


@pytest.fixture(scope="module")
def vae() -> bytes:
    return trained(VAEConfig(**TINY))


class Always(Cadence):
    """Everything is always due, however fast the machine is."""

    def due(self, rate: float) -> bool:
        return True


@pytest.fixture(scope="module")
def events(ae, vae) -> list:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playground.runs.driver.Cadence", Always)
        return list(comparison_run(STUDY, ae, vae))


def table(event: Snapshot) -> dict:
    return json.loads(event.arrays["table"].tobytes())


def test_every_row_is_measured_and_shown(events) -> None:
    started, end = events[0], events[-1]
    last = [event for event in events if isinstance(event, Snapshot)][-1]
    assert isinstance(started, Started) and started.config["dataset"] == "digits" and isinstance(end, Finished) and not end.stopped
    assert tuple(table(last)["rows"]) == ROWS and table(last)["n"] == 60
    for name in ROWS:
        row = table(last)["rows"][name]
        assert np.isfinite([row["distance"], row["std"]]).all() and row["std"] > 0
        assert row["frechet"] >= 0 and row["frechet_std"] > 0 and 0 <= row["precision"] <= 1 and 0 <= row["recall"] <= 1
        assert last.arrays[f"grid/{name}"].shape == (SHOWN, 1, 8, 8) and last.arrays[f"grid/{name}"].dtype == np.uint8


def test_rows_appear_as_they_are_ready_and_progress_reaches_the_end(events) -> None:
    known = [len(table(event)["rows"]) for event in events if isinstance(event, Snapshot)]
    assert known == sorted(known) and known[0] == 0 and set(known) == set(range(len(ROWS) + 1))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps) and steps[-1] == events[0].config["steps"]


def test_real_images_are_at_the_floor_and_generated_ones_are_not(events) -> None:
    rows = table([event for event in events if isinstance(event, Snapshot)][-1])["rows"]
    assert abs(rows["floor"]["distance"]) < 4 * rows["floor"]["std"]
    others = [rows[name]["distance"] for name in ROWS if name != "floor"]
    assert min(others) > rows["floor"]["distance"] + 5 * rows["floor"]["std"]
    seen = [rows[name]["frechet"] for name in ROWS if name != "floor"]
    assert min(seen) > rows["floor"]["frechet"] + 5 * rows["floor"]["frechet_std"]


def test_a_vae_is_measured_by_draws_with_its_means_beside(events, vae) -> None:
    rows = table([event for event in events if isinstance(event, Snapshot)][-1])["rows"]
    assert {name for name in rows if "distance_of_means" in rows[name]} == {"vae_prior", "vae_codes", "vae_diffusion"}
    model, real = load_model(vae, "cpu"), torch.tensor(load_dataset("digits").test.x) / 255.0
    distance = EnergyDistance(real, STUDY.seed, 60, 5)
    z = lambda n, generator: torch.randn(n, 2, generator=generator)  # noqa: E731
    with torch.no_grad():
        drawn = distance.measure(lambda n, generator: model.draw(z(n, generator), generator))
        means = distance.measure(lambda n, generator: model.decode(z(n, generator)))
    row = rows["vae_prior"]
    assert (row["distance"], row["distance_of_means"]) == pytest.approx((drawn.mean, means.mean), rel=1e-4)
    assert abs(drawn.mean - means.mean) > 0.01


def test_the_same_seed_gives_the_same_numbers(events, ae, vae) -> None:
    control, again = Control(), {}
    for event in comparison_run(STUDY.replace(steps=5000), ae, vae, control):
        if isinstance(event, Progress) and event.step > 6:  # in the midst of the first training
            control.send({"kind": "stop"})
        if isinstance(event, Snapshot):
            again = table(event)["rows"]
    first = table([event for event in events if isinstance(event, Snapshot)][-1])["rows"]
    assert all(again[name]["distance"] == first[name]["distance"] for name in again) and len(again) == 7


def test_a_stop_keeps_the_rows_so_far(ae, vae) -> None:
    control, events = Control(), []
    for event in comparison_run(STUDY.replace(steps=5000), ae, vae, control):
        events.append(event)
        if isinstance(event, Progress) and event.step > 20:  # in the midst of the first training
            control.send({"kind": "stop"})
    assert isinstance(events[-1], Finished) and events[-1].stopped
    assert set(table(events[-2])["rows"]) == set(ROWS) - {"ae_diffusion", "vae_diffusion"}


def test_a_pause_holds_the_training_still(ae, vae, monkeypatch) -> None:
    control, events, steps = Control(), [], []
    advance = Trainer._advance
    monkeypatch.setattr(Trainer, "_advance", lambda self: [advance(self), steps.append(self.step)][0])
    for event in comparison_run(STUDY.replace(steps=5000), ae, vae, control):
        events.append((event, len(steps)))
        if isinstance(event, Progress) and event.step > 20 and not control.paused:
            control.send({"kind": "pause"})
        if isinstance(event, Paused):
            control.send({"kind": "resume" if event.paused else "stop"})
    (first, before), (second, after) = [pair for pair in events if isinstance(pair[0], Paused)]
    assert (first.paused, second.paused) == (True, False) and first.step == second.step > 20 and before == after > 0
    assert isinstance(events[-1][0], Finished) and events[-1][0].stopped


@pytest.mark.parametrize(
    ("other", "sentence"),
    [({"dataset": "sprites"}, "train both on the same data"), ({"latent_dim": 3}, "2 latent dimensions and the VAE 3")],
)
def test_what_cannot_be_compared_is_refused(ae, other: dict, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        next(comparison_run(STUDY, ae, trained(VAEConfig(**TINY | {"steps": 1} | other))))


def test_the_two_must_be_what_they_are_called(ae, vae) -> None:
    with pytest.raises(ConfigError, match="an autoencoder and that of a VAE, in this order"):
        next(comparison_run(STUDY, vae, ae))


def test_both_rows_of_a_vae_encode_what_it_was_trained_on(ae) -> None:
    """A Bernoulli VAE knows black and white pixels only: its codes of real images, and those that its diffusion learns from, are theirs."""
    config = VAEConfig(**TINY | {"steps": 1, "likelihood": "bernoulli"})
    vae = trained(config)
    study = Comparison(STUDY, {"ae": AutoencoderConfig(**TINY), "vae": config}, {"ae": ae, "vae": vae})
    encode, met = study.vae.encode, []
    study.vae.encode = lambda x: met.append(x) or encode(x)
    with torch.no_grad():
        study.of_vae_codes(300, torch.Generator().manual_seed(0))
    assert set(met[0].unique().tolist()) == {0.0, 1.0}
    assert len(study.task.some_train(300, torch.Generator().manual_seed(0)).unique()) > 2, (
        "the floor is of grey images all the same"
    )
    latent = LatentDiffusionTask(
        LatentDiffusionConfig(dataset="digits", autoencoder=config, device="cpu"), study.dataset, study.device
    )
    seen = latent.autoencoding()
    shown = seen.scale(seen.train_x).flatten(1)
    assert bool((torch.cdist(met[0].flatten(1), shown).amin(1) == 0).all()), "the diffusion beside it meets the very same images"


# --- the energy distance to the data ------------------------------------------------------------------------------------------


def test_the_energy_distance_to_the_data_of_shifted_samples_is_known() -> None:
    """Of N(m, 1) in one dimension against N(0, 1): 2 E|X - Y| - 2 E|X - X'| is known in closed form."""
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(40_000, 1, generator=generator)
    distance = EnergyDistance(real, size=2000, repeats=8)
    reading = distance.measure(lambda n, generator: 1.5 + torch.randn(n, 1, generator=generator))
    gap = torch.tensor(1.5 / 2**0.5, dtype=torch.float64)
    normal = torch.distributions.Normal(0.0, 1.0)
    between = 2**0.5 * ((2 / torch.pi) ** 0.5 * (-(gap**2) / 2).exp() + gap * (2 * normal.cdf(gap) - 1))
    exact = float(2 * between - 2 * 2 / torch.pi**0.5)
    assert reading.mean == pytest.approx(exact, abs=3 * reading.std / 8**0.5 + 0.01)


def test_the_energy_distance_to_the_data_and_the_measurement_of_many_agree() -> None:
    generator = torch.Generator().manual_seed(1)
    real, draw = (
        torch.rand(2000, 1, 4, 4, generator=generator),
        lambda n, generator: torch.rand(n, 1, 4, 4, generator=generator) ** 2,
    )
    one, many = EnergyDistance(real, size=300).measure(draw), distances_to_data({"x": draw}, real)["x"]
    assert one.mean == pytest.approx(many.mean, abs=4 * (one.std + many.std))


def test_the_energy_distance_to_the_data_meets_every_row_with_the_same_data() -> None:
    real = torch.randn(500, 3, generator=torch.Generator().manual_seed(2))
    distance, draw = EnergyDistance(real, size=100), lambda n, generator: torch.randn(n, 3, generator=generator)
    first = distance.measure(draw)
    distance.measure(lambda n, generator: torch.randn(7 * n, 3, generator=generator)[:n])
    assert distance.measure(draw) == first
    generator = torch.Generator().manual_seed(1)
    expected = [float(energy_distance(draw(100, generator), part)) for part in distance.parts]
    assert first.mean == pytest.approx(np.mean(expected), rel=1e-9)


# --- what is told ---------------------------------------------------------------------------------------------------------


def test_the_view_has_a_place_for_every_row(events) -> None:
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    for snapshot in snapshots:
        record = RunRecord("run", {}, "finished" if snapshot is snapshots[-1] else "running", snapshot=snapshot)
        payload = comparison_views(None, record)["comparison"]
        assert {row["name"] for row in payload["rows"]} == set(ROWS)
        ready = [row for row in payload["rows"] if row["state"] == "ready"]
        assert {row["name"] for row in ready} == set(table(snapshot)["rows"]) and all(row["tiles"] for row in ready)
        json.dumps(payload, allow_nan=False)
    assert payload["h"] == payload["w"] == 8 and [row["name"] for row in payload["rows"] if row["reference"]] == list(REFERENCES)
    best = {row["name"]: row.get("best") for row in payload["rows"]}
    assert best["ae_mixture"] == table(snapshots[-1])["rows"]["ae_codes"]["distance"] and best["floor"] is None


def test_a_gain_within_the_spread_is_no_gain() -> None:
    def sentence(before: float, after: float) -> str:
        return summary({"ae_gaussian": {"distance": before, "std": 0.01}, "ae_diffusion": {"distance": after, "std": 0.01}})

    assert (
        "closer" in sentence(0.10, 0.05) and "further" in sentence(0.05, 0.10) and "no more than the spread" in sentence(0.05, 0.04)
    )
    assert sentence(0.10, 0.05).startswith("AE: ") and "0.1000 to 0.0500" in sentence(0.10, 0.05)
    assert summary({}) == "" and summary({"vae_prior": {"distance": 1.0, "std": 0.1}}) == ""


def test_sentences_name_both_distances_and_say_where_they_disagree() -> None:
    def row(distance: float, frechet: float, **more: float) -> dict[str, float]:
        return {"distance": distance, "std": 0.001, "frechet": frechet, "frechet_std": 1.0} | more

    def told(new: dict[str, float]) -> str:
        return summary({"ae_gaussian": row(0.02, 40.0), "ae_diffusion": new})

    assert told(row(0.01, 30.0)).endswith(
        "energy distance from 0.0200 to 0.0100 and the Fréchet distance from 40.0 to 30.0: closer to real images by both."
    )
    assert told(row(0.01, 50.0)).endswith(
        "closer to real images by the energy distance, further from real images by the Fréchet distance; the two disagree."
    )
    assert told(row(0.02, 30.0)).endswith(
        "no more than the spread by the energy distance, closer to real images by the Fréchet distance."
    )
    assert told(row(0.01, None)).endswith("energy distance from 0.0200 to 0.0100: closer to real images.")


def test_a_prior_is_held_against_a_box_by_means_on_both_sides() -> None:
    """Draws from p(x|z) carry pixel noise, which an autoencoder has not, and no classifier looks at them."""
    prior = {"distance": 0.2, "std": 0.001, "distance_of_means": 0.01, "std_of_means": 0.001, "frechet": 40.0, "frechet_std": 1.0}
    sentence = summary({"ae_box": seen(30.0), "vae_prior": prior})
    assert "from 0.0200 to 0.0100" in sentence and "from 30.0 to 40.0" in sentence and sentence.endswith("the two disagree.")


def seen(frechet: float) -> dict[str, float]:
    return {"distance": 0.02, "std": 0.001, "frechet": frechet, "frechet_std": 1.0}


@pytest.mark.parametrize(
    ("box", "prior", "own", "end"),
    [
        (50.0, 30.0, 29.0, "closer to real images by the Fréchet distance."),
        (
            16.0,
            21.0,
            15.5,
            "Real codes are at 15.5 through the VAE's decoder, at 11.0 through the AE's: a better prior can hardly help, a sharper decoder can.",
        ),
        (
            16.0,
            21.0,
            12.0,
            "Real codes are at 12.0 through the VAE's decoder, at 11.0 through the AE's: what lies between 12.0 and 21.0 is the prior's.",
        ),
    ],
)
def test_where_a_prior_is_no_nearer_it_is_said_whose_fault_it_is(box: float, prior: float, own: float, end: str) -> None:
    known = {"ae_box": seen(box), "vae_prior": seen(prior), "vae_codes": seen(own), "ae_codes": seen(11.0)}
    assert summary(known).endswith(end)
