"""Questions to a diffusion model: errors of nothing for the exact model, pictures of the right shapes, refusals in sentences."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import nn

from playground.config import ConfigError, DiffusionConfig
from playground.data import load_dataset
from playground.data.points import MIXTURE
from playground.diffusion.denoiser import PARAMETRIZATIONS, Denoiser, build_denoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import Exact, IdealDenoiser, MixtureDenoiser, mixture_denoiser
from playground.questions.answerer import Answerer, answer
from playground.questions.diffusion import Diffusion
from playground.questions.memory import blurred, nearest, shifted
from playground.runs.tasks import DiffusionTask

CPU = torch.device("cpu")


class Perfect(Denoiser):
    """A model whose network is the exact answer, in single precision, told the class or not."""

    def __init__(self, denoiser, p: str) -> None:
        super().__init__(nn.Identity(), denoiser.schedule, PARAMETRIZATIONS[p], n_labels=8)
        self.exact = Exact(denoiser, PARAMETRIZATIONS[p])

    def raw(self, x_t, t, c, label=None):
        return self.exact.raw(x_t, t, c, label)


def task(dataset: str = "mixture", **changes) -> DiffusionTask:
    return DiffusionTask(DiffusionConfig(dataset=dataset, width=16, depth=1, device="cpu", **changes), load_dataset(dataset), CPU)


def perfect(schedule: str, p: str) -> tuple[DiffusionTask, Perfect]:
    made = task(schedule=schedule, parametrization=p, conditional="on")
    return made, Perfect(mixture_denoiser(MIXTURE, SCHEDULES[schedule]), p)


def fresh(dataset: str, **changes) -> tuple[DiffusionTask, Denoiser]:
    made = task(dataset, **changes)
    model = build_denoiser(made.config, made.dataset.shape).requires_grad_(False)
    with torch.no_grad():
        for i, parameter in enumerate(model.parameters()):
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(i)))
    return made, model.eval()


# --- against the exact answer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("schedule", "p"), list(product(SCHEDULES, PARAMETRIZATIONS)))
def test_the_exact_model_has_no_error(schedule: str, p: str) -> None:
    """Fields, with and without a class and guidance, and errors by time, all within 1e-4 of the size of the answer."""
    made, model = perfect(schedule, p)
    for t, what, more in product(
        (0.05, 0.5, 0.95), ("score", "velocity", "x_0"), ({}, {"label": 3}, {"label": 3, "guidance_scale": 2.5})
    ):
        found = answer(made, model, "field", {"t": t, "what": what, "n": 9} | more)
        assert found["distance"].max() < 1e-4 * max(1.0, np.abs(found["exact"]).max()), (t, what, more)
        assert int(found["exact_known"]) == 1
    found = answer(made, model, "errors", {"n": 6})
    assert found["against_exact"].max() < 1e-4 and found["times"].shape == (6,)
    np.testing.assert_allclose(found["net_held_out"], found["exact_held_out"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("p", PARAMETRIZATIONS)
def test_without_a_known_density_the_exact_answer_is_that_of_the_training_set(p: str) -> None:
    made = task("moons", parametrization=p)
    model = Perfect(IdealDenoiser(made.train_x, SCHEDULES["cosine"]), p)
    found = answer(made, model, "field", {"t": 0.3, "what": "x_0", "n": 9})
    assert found["distance"].max() < 1e-4 and int(found["exact_known"]) == 0
    curves = answer(made, model, "errors", {"n": 4})
    assert curves["against_exact"].max() < 1e-4 and "exact_held_out" not in curves


def test_a_field_lies_on_its_places() -> None:
    made, model = perfect("cosine", "v")
    found = answer(made, model, "field", {"t": 0.4, "what": "score", "n": 5, "extent": [-1.0, 2.0, -3.0, 1.0]})
    places = found["places"].reshape(5, 5, 2)
    assert np.allclose(places[0, :, 0], np.linspace(-1, 2, 5)) and np.allclose(places[:, 0, 1], np.linspace(-3, 1, 5))
    exact = mixture_denoiser(MIXTURE, SCHEDULES["cosine"]).score(torch.from_numpy(found["places"]), torch.tensor([0.4]))
    np.testing.assert_allclose(found["exact"], exact, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("schedule", ["cosine", "rectified_flow"])
@pytest.mark.parametrize("t", [0.1, 0.6, 1.0])
@pytest.mark.parametrize("condition", [{}, {"label": 3}])
def test_the_learned_density_of_the_exact_model_is_the_true_one(schedule: str, t: float, condition: dict) -> None:
    """Of all classes, and of the one asked for."""
    made, model = perfect(schedule, "v")
    asked = {"t": t, "n": 9, "extent": [-2, 2, -2, 2]} | condition
    exact, learned = (answer(made, model, "density", asked | {"what": what}) for what in ("exact", "learned"))
    assert exact["log_density"].shape == (9, 9) and learned["extent"].tolist() == [-2, 2, -2, 2]
    near = exact["log_density"] > -12.0
    np.testing.assert_allclose(learned["log_density"][near], exact["log_density"][near], atol=0.05)


def test_the_default_extent_holds_the_noisy_data() -> None:
    made, model = perfect("variance_exploding", "eps")
    small, large = (answer(made, model, "density", {"t": t, "n": 40}) for t in (0.0, 1.0))
    for found in (small, large):
        x0, x1, *_ = found["extent"].tolist()
        mass = np.exp(found["log_density"].astype("f8")).sum() * ((x1 - x0) / 39) ** 2
        assert mass == pytest.approx(1.0, abs=0.05)


def test_the_ideal_denoiser_fails_where_it_has_not_been() -> None:
    """Little noise: none on what it has seen, far more than the truth on what it has not."""
    made, model = perfect("cosine", "v")
    found = answer(made, model, "errors", {"n": 12})
    assert (
        found["ideal_train"][0] < 0.5 * found["exact_held_out"][0] and found["ideal_held_out"][0] > 5 * found["exact_held_out"][0]
    )
    assert abs(found["ideal_held_out"][-1] - found["exact_held_out"][-1]) < 0.01, "in pure noise there is nothing to remember"


def test_one_coordinate_given_the_other_is_set_beside_the_exact_answer() -> None:
    """The exact model does as the exact denoiser does, both stay away from what is right by RePaint's own error, and draws from
    what is right are as far from it as so many draws are."""
    made, model = perfect("cosine", "v")
    found = answer(made, model, "conditional", {"known": 0.45, "n": 2000, "steps": 30})
    assert found["edges"].shape == (53,) and all(found[name].shape == (52,) for name in ("model", "repaint", "exact"))
    assert all(found[name].sum() == pytest.approx(1.0, abs=1e-5) for name in ("model", "repaint", "exact"))
    middle = 0.5 * (found["edges"][1:] + found["edges"][:-1])
    along = np.exp([MIXTURE.log_density(np.array([0.45, y])) for y in middle])
    assert np.abs(found["exact"] - along / along.sum()).max() < 0.01
    assert (
        found["floor"] < 0.06 < 0.12 < found["repaint_distance"] and abs(found["model_distance"] - found["repaint_distance"]) < 0.06
    )
    unknown = answer(*fresh("moons"), "conditional", {"known": 0.0, "n": 20, "steps": 3})
    assert "exact" not in unknown and int(unknown["exact_known"]) == 0 and unknown["model"].sum() == pytest.approx(1.0)


# --- images ----------------------------------------------------------------------------------------------------------


def test_pictures_have_the_shapes_that_were_promised() -> None:
    made, model = fresh("digits", conditional="on")
    conditioned = {"label": 3, "guidance_scale": 2.0}
    half = [[int(row >= 4)] * 8 for row in range(8)]
    asked = {
        "interpolate_noise": ({"a": 1, "b": 2, "n": 5, "steps": 4}, {"images": (5, 8, 8)}),
        "invert": ({"index": 7, "steps": 9}, {"original": (8, 8), "noise": (8, 8), "regenerated": (8, 8), "path": (8, 8, 8)}),
        "edit": ({"index": 7, "t": 0.5, "n": 3, "steps": 6}, {"original": (8, 8), "noisy": (8, 8), "images": (3, 8, 8)}),
        "inpaint": ({"index": 7, "mask": half, "n": 2, "steps": 5}, {"original": (8, 8), "masked": (8, 8), "images": (2, 8, 8)}),
        "memorisation": ({"n": 3, "steps": 5}, dict.fromkeys(("samples", "nearest", "ideal", "ideal_nearest"), (3, 8, 8))),
    }
    for name, (args, shapes) in asked.items():
        for more in ({}, conditioned):
            found = answer(made, model, name, args | more)
            assert all(found[key].shape == shape and found[key].dtype == np.uint8 for key, shape in shapes.items()), name
            assert "error" not in found and all(np.isfinite(value).all() for value in found.values())


def test_the_same_seed_makes_the_same_picture_and_another_does_not() -> None:
    made, model = fresh("digits")
    first, again, other = (
        answer(made, model, "edit", {"index": 7, "t": 0.7, "seed": seed, "steps": 5})["images"] for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_ends_of_a_path_are_the_pictures_of_its_seeds() -> None:
    made, model = fresh("digits")
    for mode in ("spherical", "linear"):
        there, back = (
            answer(made, model, "interpolate_noise", {"a": a, "b": b, "n": 4, "mode": mode, "steps": 5})["images"]
            for a, b in ((1, 2), (2, 1))
        )
        assert np.abs(there[0].astype(int) - back[-1]).max() <= 1 and not np.array_equal(there[0], there[-1])


def ideal(dataset: str = "digits") -> tuple[DiffusionTask, Perfect]:
    """A model of images that has learned the training set by heart."""
    made = task(dataset)
    return made, Perfect(IdealDenoiser(made.train_x, SCHEDULES["cosine"], made.scale), "v")


class Flat(MixtureDenoiser):
    """One Gaussian as a denoiser of images."""

    def __call__(self, x_t, t, label=None):
        found = super().__call__(x_t.flatten(1), t)
        return type(found)(found.x_0.reshape(x_t.shape), found.eps.reshape(x_t.shape))


def flat() -> tuple[DiffusionTask, Perfect, torch.Tensor]:
    """With the ideal denoiser a held-out image is no fixed point, so the model is one Gaussian around the mean of the data."""
    made = task("digits")
    mean = made.scale(made.train_x).flatten(1).double().mean(0)
    return made, Perfect(Flat(mean[None], 0.5, torch.ones(1), SCHEDULES["cosine"]), "v"), mean


def test_an_inversion_leads_back_to_where_it_began() -> None:
    made, model, mean = flat()
    found = answer(made, model, "invert", {"index": 11, "steps": 100})
    assert found["mse"] < 1e-5 and np.abs(found["regenerated"].astype(int) - found["original"]).mean() < 1
    assert np.array_equal(found["original"], made.dataset.test.x[11, 0]) and found["times"][0] < found["times"][-1]
    z = (made.scale(made.test_x[11:12]).flatten() - mean) / 0.5
    assert float(found["noise_std"]) == pytest.approx(float(z.std()), rel=0.03)


def test_an_image_nearly_comes_back_and_sooner_than_by_ddim() -> None:
    """At the page's 20 steps: less than a tenth of the squared error of DDIM inversion, which is what the page used to do."""
    made, model, _ = flat()
    heun, ddim = (
        float(answer(made, model, "invert", {"index": 11, "steps": 20, "sampler": sampler})["mse"]) for sampler in ("heun", "ddim")
    )
    assert 0.0 < heun < 0.1 * ddim


def test_beside_the_noise_of_an_image_stands_that_of_the_models_own_samples(monkeypatch) -> None:
    """Found once, for as long as whoever answers has the same weights."""
    answerer = Answerer(*fresh("digits"))
    first = answerer.answer("invert", {"index": 1, "steps": 4})["own_std"]
    assert first.shape == (8,) and (first > 0).all()
    monkeypatch.setattr(Diffusion, "draw", lambda *args, **more: pytest.fail("drawn again"))
    assert np.array_equal(answerer.answer("invert", {"index": 2, "steps": 4})["own_std"], first)
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        answerer.answer("invert", {"index": 2, "steps": 5})


def test_little_noise_keeps_the_image_and_known_pixels_stay() -> None:
    made, model = ideal()
    kept = answer(made, model, "edit", {"index": 5, "t": 0.02, "n": 2, "steps": 50})
    near = nearest(made.test_x[5:6].float() / 255.0, made.train_x)[1]
    assert np.abs(kept["images"].astype(int) - made.train_x[near, 0].numpy()).max() <= 2, (
        "the ideal denoiser knows only training images"
    )
    mask = [[int(column >= 3) for column in range(8)] for _ in range(8)]
    painted = answer(made, model, "inpaint", {"index": 5, "mask": mask, "n": 3, "steps": 20})
    assert (painted["images"][:, :, :3] == painted["original"][None, :, :3]).all()
    assert (painted["masked"][:, 3:] == 128).all() and np.array_equal(painted["masked"][:, :3], painted["original"][:, :3])


# --- memory ----------------------------------------------------------------------------------------------------------


def test_who_learned_by_heart_is_told_from_who_did_not() -> None:
    made, model = ideal()
    found = answer(made, model, "memorisation", {"n": 8, "steps": 60})
    assert found["share"] == found["ideal_share"] == 1.0 and found["to_train"].max() < 0.01
    np.testing.assert_allclose(found["samples"].astype(int), found["nearest"], atol=2)
    assert found["floor_share"] == 0.05 and len(found["held_out_to_train"]) == len(made.test_x)
    below = found["held_out_to_train"] / found["held_out_to_held_out"] < found["threshold"]
    assert below.mean() == pytest.approx(0.05, abs=0.01)
    low, high = found["interval"]
    assert 0.6 < low < 0.7 and high == pytest.approx(1.0), "eight of eight is not certainty (Wilson)"
    other, untaught = fresh("digits")
    assert answer(other, untaught, "memorisation", {"n": 8, "steps": 5})["share"] < 0.5


def test_what_the_meter_misses_is_measured() -> None:
    """Training images, moved or blurred a little: all are copies, and most are not found."""
    made, model = fresh("digits")
    found = answer(made, model, "memorisation", {"n": 40, "steps": 2})
    assert found["shifted_to_train"].shape == found["blurred_to_train"].shape == (200,) and found["to_train"].shape == (40,)
    for copies in ("shifted", "blurred"):
        low, high = found[f"{copies}_interval"]
        assert low <= found[f"{copies}_share"] < high < 0.7
    x = torch.arange(9.0).reshape(1, 1, 3, 3)
    assert shifted(x).tolist() == [[[[0, 0, 1], [3, 3, 4], [6, 6, 7]]]]
    dot = torch.zeros(1, 1, 9, 9)
    dot[0, 0, 4, 4] = 1.0
    spread = (blurred(dot)[0, 0].sum(0) * torch.arange(-4.0, 5.0) ** 2).sum()
    assert float(blurred(dot).sum()) == pytest.approx(1.0) and float(spread) == pytest.approx(1.0, abs=0.05)


def test_a_large_network_is_measured_with_fewer_samples(monkeypatch) -> None:
    monkeypatch.setattr("playground.questions.memory.SECONDS", 0.0)
    found = answer(*fresh("digits"), "memorisation", {"n": 100, "steps": 2})
    assert len(found["to_train"]) == 32 and len(found["samples"]) == 16


def test_the_nearest_image_is_that_of_a_plain_search() -> None:
    images = torch.randint(0, 256, (50, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    x = torch.rand(7, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    every = (x[:, None] - images[None].float() / 255.0).square().flatten(2).mean(2).sqrt()
    distance, index = nearest(x, images)
    torch.testing.assert_close(distance, every.min(1).values, rtol=1e-4, atol=1e-5)
    assert torch.equal(index, every.argmin(1))
    own = torch.tensor([3, 40])
    distance, index = nearest(images[own].float() / 255.0, images, skip=own)
    assert (distance > 0.1).all() and (index != own).all()


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "name", "args", "sentence"),
    [
        ("digits", "field", {"t": 0.5, "what": "score"}, "drawn for points in the plane"),
        ("digits", "density", {"t": 0.5}, "drawn for points in the plane"),
        ("mixture", "inpaint", {"index": 0, "mask": [[1]]}, "Inpainting is about images"),
        ("mixture", "invert", {"index": 0}, "this model makes points"),
        ("digits", "conditional", {"known": 0.0}, "drawn for points in the plane"),
        ("mixture", "conditional", {}, "needs the argument known"),
        ("mixture", "memorisation", {}, "Memorisation is about images"),
        ("mixture", "field", {"t": 1.5, "what": "score"}, "t of the question field is refused: it must be a number from 0 to 1"),
        ("mixture", "field", {"t": float("nan"), "what": "score"}, "a number from 0 to 1"),
        ("mixture", "field", {"t": True, "what": "score"}, "a number from 0 to 1"),
        ("mixture", "field", {"t": 0.5, "what": "noise"}, "one of score, velocity, x_0"),
        ("mixture", "field", {"t": 0.5, "what": "x_0", "extent": [1, 0, 0, 1]}, "x0 < x1"),
        ("mixture", "field", {"t": 0.5, "what": "x_0", "label": 2}, "trained without classes"),
        ("mixture", "decode", {"z": [[0, 0]]}, "Only an autoencoder or a VAE"),
        ("mixture", "no such", {}, "There is no question"),
        ("digits", "inpaint", {"index": 0, "mask": [[1] * 8] * 7}, "a list of 8 lists of 8 zeros and ones"),
        ("digits", "inpaint", {"index": 0, "mask": [[2] * 8] * 8}, "zeros and ones"),
        ("digits", "inpaint", {"index": 0, "mask": [[0] * 8] * 8}, "Nothing is missing"),
        ("digits", "edit", {"index": 10**6, "t": 0.5}, "index of the question edit is refused"),
        ("digits", "edit", {"index": 0, "t": 0.5, "n": 1000}, "from 1 to 32"),
        ("digits", "edit", {"index": 0, "t": 0.5, "colour": 1}, "has no argument 'colour'"),
    ],
)
def test_what_cannot_be_answered_is_refused(dataset: str, name: str, args: dict, sentence: str) -> None:
    made, model = fresh(dataset)
    with pytest.raises(ConfigError, match=sentence):
        answer(made, model, name, args)


def test_a_model_that_always_saw_the_class_needs_one() -> None:
    made, model = fresh("mixture", conditional="on", label_dropout=0.0)
    question = {"t": 0.5, "what": "score", "n": 4}
    with pytest.raises(ConfigError, match="choose a class"):
        answer(made, model, "field", question)
    with pytest.raises(ConfigError, match="cannot be guided"):
        answer(made, model, "field", question | {"label": 1, "guidance_scale": 2.0})
    answer(made, model, "field", question | {"label": 1})
    with pytest.raises(ConfigError, match="without guidance only"):
        answer(*perfect("cosine", "v"), "density", {"t": 0.5, "n": 4, "label": 1, "guidance_scale": 2.0})
    with pytest.raises(ConfigError, match="from -1 to 7"):
        answer(made, model, "field", question | {"label": 8})


def test_a_lab_keeps_its_denoiser_within_the_data() -> None:
    made, model = fresh("digits")
    x = 5.0 * torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert Diffusion(made, model).denoiser(x, torch.tensor([0.9])).x_0.abs().max() <= 1.0
