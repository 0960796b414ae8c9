"""The clock of the race, and that the README shows what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.benchmarks.race import timing
from tests.benchmarks.race.report import summary
from tests.benchmarks.race.timing import Racer, Reading, race, reached

ROOT = Path(__file__).parents[1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Processor seconds that a test lets pass; on the wall twice as many do."""
    now = [0.0]
    monkeypatch.setattr(timing.time, "process_time", lambda: now[0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: 2.0 * now[0])
    return now


def racer(clock: list[float], steps: int) -> Racer:
    """Takes 0.5 s to be made, 1 s a step and 10 s to be measured; its quality falls by one a step."""
    done = [0]

    def training():
        for done[0] in range(1, steps + 1):
            clock[0] += 1.0
            yield None

    def quality() -> float:
        clock[0] += 10.0
        torch.rand(1)
        return 5.0 - done[0]

    clock[0] += 0.5
    return Racer(torch.nn.Linear(2, 3), training(), quality)


def test_making_and_steps_count_and_measuring_does_not(clock: list[float]) -> None:
    made, curve = race(lambda: racer(clock, 9), [0.0, 1.0, 1.2, 3.0])
    assert made.size == 9
    assert curve == [Reading(0.5, 1.0, 5.0), Reading(1.5, 3.0, 4.0), Reading(3.5, 7.0, 2.0)], "one step may pass two marks"


def test_a_racer_that_ends_is_measured_at_its_end(clock: list[float]) -> None:
    assert race(lambda: racer(clock, 2), [100.0])[1] == [Reading(2.5, 5.0, 3.0)]


def test_measuring_leaves_the_random_state_of_the_training_alone(clock: list[float]) -> None:
    one = racer(clock, 2)
    before = torch.get_rng_state()
    race(lambda: one, [0.0, 1.0])
    assert torch.equal(torch.get_rng_state(), before)


def test_a_goal_is_reached_on_the_line_between_two_readings() -> None:
    curve = [Reading(1.0, 2.0, 16.0), Reading(4.0, 8.0, 4.0), Reading(5.0, 9.0, 6.0)]
    assert reached(curve, 8.0) == pytest.approx(2.0) and reached(curve, 8.0, "wall") == pytest.approx(4.0)
    assert (reached(curve, 20.0), reached(curve, 4.0), reached(curve, 3.0)) == (1.0, 4.0, None)


def test_the_readme_shows_what_was_measured() -> None:
    results = json.loads((ROOT / "tests/benchmarks/race/results.json").read_text())
    assert summary(results) in (ROOT / "README.md").read_text("utf-8")
