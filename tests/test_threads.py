"""A training takes as many threads as make its steps clearly quicker, and no machine is needed to try it: the clock is told the seconds."""

import pytest
import torch

from playground.config import AutoencoderConfig
from playground.runs import threads
from playground.runs.control import Control
from playground.runs.threads import AGAIN_SECONDS, TIMED, WARM, Threads
from playground.runs.training import Trainer
from playground.runtimes import machine


@pytest.fixture(autouse=True)
def _one_thread():
    yield
    torch.set_num_threads(1)


class Machine:
    """One on which a step takes `seconds(threads)`."""

    def __init__(self, seconds) -> None:
        self.now, self.seconds, self.used = 0.0, seconds, []

    def work(self) -> None:
        self.used.append(torch.get_num_threads())
        self.now += self.seconds(self.used[-1])


def settled(seconds, most: int, steps: int = 60) -> Machine:
    one = Machine(seconds)
    taken = Threads(most, clock=lambda: one.now)
    for _ in range(steps):
        taken.step(one.work)
    return one


@pytest.mark.parametrize(
    ("seconds", "most", "best"),
    [
        (lambda n: 1.0 / n, 8, 8),
        (lambda n: 1.0 / n, 6, 4),
        (lambda n: 1.0 / n, 1, 1),
        (lambda n: 1.0 / min(n, 2), 8, 2),
        (lambda n: 1.0 / n**0.4, 8, 1),  # 1.32 times as quick with two
        (lambda n: float(n), 8, 1),
    ],
)
def test_as_many_are_taken_as_are_worth_it(seconds, most, best) -> None:
    one = settled(seconds, most, steps=4 * (WARM + TIMED) + 1)
    assert one.used[-1] == best
    assert one.used[: WARM + TIMED] == [1] * (WARM + TIMED)


def test_what_changes_meanwhile_is_noticed() -> None:
    one = Machine(lambda n: 0.1 / n)
    taken = Threads(2, clock=lambda: one.now)
    while one.now < 5.0:
        taken.step(one.work)
    assert one.used[-1] == 2
    one.seconds = lambda n: 0.1 * n  # others are here now
    while one.now < 5.0 + 1.5 * AGAIN_SECONDS:
        taken.step(one.work)
    assert one.used[-1] == 1


def test_a_training_with_one_thread_never_asks_for_more(monkeypatch) -> None:
    def trained(most: int) -> torch.Tensor:
        monkeypatch.setattr(threads, "most", most)
        trainer = Trainer(AutoencoderConfig(dataset="digits", width=32, depth=1, steps=30, device="cpu"), Control(), None)
        list(trainer.run())
        return torch.cat([weight.detach().flatten() for weight in trainer.ema.parameters()])

    alone = trained(1)
    assert torch.get_num_threads() == 1
    torch.testing.assert_close(trained(2), alone, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("nonsense", 8)])
def test_a_container_has_the_cores_of_its_quota(monkeypatch, tmp_path, quota, cores) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota)
    monkeypatch.setattr(machine, "QUOTA", file)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    assert machine.cores() == cores
