"""How quickly a loop goes, as it is said from the first second on: what is done once before the steps makes no estimate of the whole."""

from __future__ import annotations

import pytest

from playground.runs import cadence
from playground.runs.cadence import BESIDE, Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to."""

    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

    monkeypatch.setattr(cadence, "time", Clock())
    return cadence.time


def test_seconds_before_the_first_step_count_for_no_more_than_their_share(clock):
    pace = Pace(0.0, 0, readings=24)
    with pace.aside():
        clock.now = 5.0
    assert pace.rate(5.5, 10) == pytest.approx(20.0 * (1 - BESIDE))  # half a second of steps, 20 of them a second


def test_a_little_beside_the_steps_is_counted_as_it_is(clock):
    pace = Pace(0.0, 0, readings=24)
    with pace.aside():
        clock.now = 0.05
    assert pace.rate(1.0, 19) == pytest.approx(19.0)


def test_only_the_last_readings_count_and_nothing_is_said_before_a_step():
    pace = Pace(2.0, 100, readings=3)
    assert pace.rate(2.5, 100) == 0.0
    for second in range(3, 9):
        rate = pace.rate(float(second), 100 + 10 * second)
    assert rate == pytest.approx(10.0)
    assert pace.rate(8.5, 180) == pytest.approx(10.0), "no step more is no news"
