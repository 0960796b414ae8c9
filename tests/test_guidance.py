"""Classes: networks that are told one, guidance between two predictions, and models that know none as they were."""

from __future__ import annotations

import pytest
import torch

from playground.config import DiffusionConfig
from playground.data.points import MIXTURE
from playground.diffusion.denoiser import (
    NETWORKS,
    PARAMETRIZATIONS,
    ClippedDenoiser,
    Denoiser,
    GuidedDenoiser,
    Prediction,
    build_denoiser,
)
from playground.diffusion.networks import LabelEmbedding
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import mixture_denoiser
from playground.diffusion.sampling import Counted, initial_noise, reverse, time_grid

SHAPES = pytest.mark.parametrize(("dataset", "shape"), [("mixture", (2,)), ("digits", (1, 8, 8))])


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def model(dataset: str, shape: tuple[int, ...], conditional: str = "on") -> Denoiser:
    """A small network with weights that matter everywhere."""
    denoiser = build_denoiser(DiffusionConfig(dataset=dataset, width=32, depth=1, conditional=conditional), shape)
    with torch.no_grad():
        for i, parameter in enumerate(denoiser.parameters()):
            parameter.normal_(0.0, 0.1, generator=torch.Generator().manual_seed(i))
    return denoiser.requires_grad_(False)


# --- networks --------------------------------------------------------------------------------------------------------


@SHAPES
def test_without_classes_a_network_is_what_it_was(dataset: str, shape: tuple[int, ...]) -> None:
    """The same weights under the same names: old checkpoints load, and the same seed makes the same run."""
    plain, labelled = (model(dataset, shape, which) for which in ("off", "on"))
    extra = labelled.state_dict().keys() - plain.state_dict().keys()
    assert extra == {"network.label.vectors.weight"} and plain.state_dict().keys() < labelled.state_dict().keys()
    assert (plain.n_labels, labelled.n_labels) == (0, {"mixture": 8, "digits": 10}[dataset])
    x, t = randn(3, *shape), torch.tensor([0.4])
    assert torch.equal(plain(x, t, torch.tensor([1])).x_0, plain(x, t).x_0), "a model without classes takes no notice of one"


@SHAPES
def test_every_class_has_its_own_answer(dataset: str, shape: tuple[int, ...]) -> None:
    labelled, x, t = model(dataset, shape), randn(1, *shape), torch.tensor([0.4])
    answers = [labelled(x, t, torch.tensor([k])).x_0 for k in range(-1, labelled.n_labels)]
    for i, a in enumerate(answers):
        assert all(not torch.allclose(a, b, atol=1e-4) for b in answers[i + 1 :])
    torch.testing.assert_close(labelled(x, t).x_0, answers[0])


@SHAPES
def test_labels_belong_to_their_rows(dataset: str, shape: tuple[int, ...]) -> None:
    labelled, x = model(dataset, shape), randn(4, *shape)
    t, label = torch.tensor([0.1, 0.3, 0.6, 0.9]), torch.tensor([2, -1, 0, 5])
    found = labelled(x, t, label).eps
    for i in range(4):
        torch.testing.assert_close(
            found[i : i + 1], labelled(x[i : i + 1], t[i : i + 1], label[i : i + 1]).eps, rtol=1e-4, atol=1e-5
        )
    shared = labelled(x, t, torch.tensor([3])).eps
    torch.testing.assert_close(shared, labelled(x, t, torch.full((4,), 3)).eps, rtol=1e-4, atol=1e-5)


def test_only_the_vectors_of_seen_labels_learn() -> None:
    embedding = LabelEmbedding(3, 4)
    embedding(torch.tensor([1, -1])).sum().backward()
    assert embedding.vectors.weight.grad.abs().sum(1).tolist() == [0.0, 4.0, 0.0, 4.0]
    assert torch.equal(embedding(None), embedding(torch.tensor([-1])))


def test_another_network_can_be_put_in_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setitem(NETWORKS, "mixer", lambda *about: seen.append(about) or torch.nn.Identity())
    build_denoiser(DiffusionConfig(dataset="digits", network="mixer", width=48, depth=2, conditional="on"), (1, 8, 8))
    assert seen == [((1, 8, 8), 48, 2, 10, 2)]


# --- guidance --------------------------------------------------------------------------------------------------------


@SHAPES
@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 3.0])
def test_guidance_is_the_line_through_two_predictions(dataset: str, shape: tuple[int, ...], scale: float) -> None:
    labelled, x, label = model(dataset, shape), randn(4, *shape), torch.tensor([2, -1, 0, 5])
    for t in (torch.tensor([0.4]), torch.tensor([0.1, 0.3, 0.6, 0.9])):
        free, bound, found = labelled(x, t), labelled(x, t, label), GuidedDenoiser(labelled, label, scale)(x, t)
        torch.testing.assert_close(found.eps, free.eps + scale * (bound.eps - free.eps), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found.x_0, free.x_0 + scale * (bound.x_0 - free.x_0), rtol=1e-4, atol=1e-4)
        c = labelled.schedule.at(t).like(x)
        torch.testing.assert_close(c.alpha * found.x_0 + c.sigma * found.eps, x, rtol=1e-3, atol=1e-3)


def test_guidance_costs_two_evaluations_only_where_it_needs_them() -> None:
    calls = []

    class Network(torch.nn.Module):
        def forward(self, x: torch.Tensor, scalar: torch.Tensor, label: torch.Tensor | None = None) -> torch.Tensor:
            calls.append(len(x))
            return x

    labelled = Denoiser(Network(), SCHEDULES["cosine"], PARAMETRIZATIONS["v"], n_labels=8)
    for scale, rows in ((0.0, [5]), (1.0, [5]), (2.0, [10])):
        calls.clear()
        counted = Counted(ClippedDenoiser(GuidedDenoiser(labelled, torch.tensor([1]), scale), -1.0, 1.0))
        counted(randn(5, 2), torch.tensor([0.3]))
        assert calls == rows and counted.evaluations == sum(rows) // 5


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
def test_the_exact_denoiser_told_a_component_lands_on_it(schedule) -> None:
    exact, label = mixture_denoiser(MIXTURE, schedule), torch.arange(8).repeat(50)
    x = initial_noise(schedule, (400, 2), torch.Generator().manual_seed(0))
    *_, end = reverse(GuidedDenoiser(exact, label), schedule, x, time_grid(schedule, 100), "edm_heun")
    apart = (end.x.double() - exact.means[label]) / MIXTURE.std
    assert float(apart.norm(dim=1).max()) < 4.6  # further out lies one draw in 40,000
    assert float(apart.std()) == pytest.approx(1.0, abs=0.1)


def test_more_guidance_exaggerates() -> None:
    """The exact score of the mixture, guided towards one component, leads past it, away from the others (cf. Karras et al. 2024,
    figure 1)."""
    schedule = SCHEDULES["cosine"]
    exact = mixture_denoiser(MIXTURE, schedule)
    x = initial_noise(schedule, (200, 2), torch.Generator().manual_seed(0))
    away = []
    for scale in (1.0, 2.0, 4.0):
        *_, end = reverse(GuidedDenoiser(exact, torch.tensor([0]), scale), schedule, x, time_grid(schedule, 100))
        away.append(float(end.x[:, 0].mean()))
    assert away[0] == pytest.approx(MIXTURE.means[0, 0], abs=0.05) and away[0] < away[1] < away[2]


def test_clipping_goes_around_guidance() -> None:
    class Wild(torch.nn.Module):
        schedule, n_labels = SCHEDULES["cosine"], 2

        def forward(self, x_t: torch.Tensor, t: torch.Tensor, label: torch.Tensor | None = None) -> Prediction:
            x_0 = torch.zeros_like(x_t) if label is None else 0.8 * label.clamp_min(0).to(x_t)[:, None].expand_as(x_t)
            c = self.schedule.at(t).like(x_t)
            return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)

    found = ClippedDenoiser(GuidedDenoiser(Wild(), torch.tensor([1]), 3.0), -1.0, 1.0)(randn(4, 2), torch.tensor([0.5]))
    assert (found.x_0 == 1.0).all()
