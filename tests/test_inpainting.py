"""Inpainting: what is known stays as it is, and what is painted fits to it."""

from __future__ import annotations

import pytest
import torch

from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import MixtureDenoiser
from playground.diffusion.sampling import inpaint, time_grid

ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def two(schedule) -> MixtureDenoiser:
    """Two components on the diagonal: whoever knows one coordinate knows the other."""
    means = torch.tensor([[1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    return MixtureDenoiser(means, 0.1, torch.tensor([0.5, 0.5], dtype=torch.float64), schedule)


@ALL
def test_the_missing_coordinate_follows_from_the_known_one(schedule) -> None:
    known, missing = torch.tensor([[0.95, 7.0]], dtype=torch.float64), torch.tensor([[False, True]])
    states = list(
        inpaint(two(schedule), schedule, known, missing, 200, time_grid(schedule, 60), torch.Generator().manual_seed(0), 3)
    )
    x = states[-1].x
    assert [state.index for state in states] == list(range(61)) and states[-1].t == 0.0
    assert (x[:, 0] == 0.95).all(), "the known part must come back untouched"
    assert (x[:, 1] > 0).double().mean() > 0.97 and x[:, 1].median() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("resample", "measured"), [(1, 0.30), (3, 0.34), (10, 0.47)])
def test_it_is_no_draw_from_the_missing_given_the_known(resample: int, measured: float) -> None:
    """With the exact denoiser, so that the whole error is RePaint's: of three components the first coordinate, 0, leaves almost only
    the one below, P(x_2 < -0.3) = 0.945, but the parts that are drawn early do not know of it."""
    means = torch.tensor([[1.0, 0.5], [-1.0, 0.0], [0.5, -1.5]], dtype=torch.float64)
    exact = MixtureDenoiser(means, 0.3, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), SCHEDULES["cosine"])
    known, missing = torch.zeros(1, 2, dtype=torch.float64), torch.tensor([[False, True]])
    right = exact.given(known[0], missing[0])
    assert float((right.weights * torch.special.ndtr((-0.3 - right.means[:, 0]) / 0.3)).sum()) == pytest.approx(0.945, abs=0.001)
    *_, end = inpaint(
        exact, exact.schedule, known, missing, 2000, time_grid(exact.schedule, 50), torch.Generator().manual_seed(0), resample
    )
    assert float((end.x[:, 1] < -0.3).double().mean()) == pytest.approx(measured, abs=0.04)


def test_the_hidden_value_plays_no_part() -> None:
    schedule, missing = SCHEDULES["cosine"], torch.tensor([[False, True]])
    ends = []
    for hidden in (7.0, -3.0):
        known = torch.tensor([[0.95, hidden]], dtype=torch.float64)
        *_, end = inpaint(two(schedule), schedule, known, missing, 20, time_grid(schedule, 20), torch.Generator().manual_seed(0), 2)
        ends.append(end.x)
    assert torch.equal(*ends)


def test_making_steps_again_makes_the_parts_fit_better() -> None:
    """With the known part merely put in, the rest is drawn too early to know of it (Lugmayr et al. 2022, section 4.2)."""
    schedule = SCHEDULES["cosine"]
    known, missing = torch.tensor([[1.0, 0.0]], dtype=torch.float64), torch.tensor([[False, True]])

    def right(resample: int) -> float:
        *_, end = inpaint(
            two(schedule), schedule, known, missing, 1000, time_grid(schedule, 8), torch.Generator().manual_seed(0), resample
        )
        return float((end.x[:, 1] > 0).double().mean())

    assert right(5) > right(1)
