"""The ratio of two estimators' variances, and whether its interval holds the truth as often as it says."""

from __future__ import annotations

import pytest
import torch

from playground.questions.gradients import estimates, variance_ratio

EXACT = {"score": (15 / 4, 18.5 / 2), "score_baseline": (10 / 4, 14 / 2)}
"""Of log p(x|z) = -z²/2 and q = N(0, 1): with ε the path's gradients are -ε and -ε², of variance 1 and 2; REINFORCE's -ε³/2 and
-ε²(ε² - 1)/2, of variance E ε⁶/4 = 15/4 and E ε⁴(ε² - 1)²/4 - 1 = 78/4 - 1; with the baseline E log p = -1/2 taken off
(1 - ε²)ε/2 and -(ε² - 1)²/2, of variance (15 - 6 + 1)/4 and E(ε² - 1)⁴/4 - 1 = 60/4 - 1."""


def gradients(n: int, seed: int) -> dict[str, torch.Tensor]:
    eps = torch.randn(n, 1, generator=torch.Generator().manual_seed(seed))
    return estimates(torch.ones(1), eps, -0.5 * eps[:, 0].square(), -eps)


@pytest.mark.parametrize("name", EXACT)
def test_many_draws_give_the_exact_ratio(name: str) -> None:
    found = gradients(400_000, 0)
    for half, exact in enumerate(EXACT[name]):
        ratio = found[name][:, half].var() / found["path"][:, half].var()
        assert float(ratio) == pytest.approx(exact, rel=0.05)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("half", [0, 1], ids=["mean", "log std"])
def test_the_interval_holds_the_exact_ratio_as_often_as_it_says(name: str, half: int) -> None:
    """The usual one, two standard errors of the delta method, holds it 7 to 9 times in ten: the draws have heavy tails."""
    runs, held = 120, 0
    for seed in range(runs):
        found = gradients(1024, 1000 + seed)
        ratio, low, high = variance_ratio(found[name][:, half : half + 1], found["path"][:, half : half + 1], seed).tolist()
        assert low < ratio < high
        held += low <= EXACT[name][half] <= high
    assert 0.91 <= held / runs <= 1.0, f"95 % in name, {held / runs:.1%} in truth"
