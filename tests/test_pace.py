"""How quickly a loop goes, as it is said from the first second on: what is done once before the steps makes no estimate of the whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.runs import cadence
from playground.runs.cadence import BESIDE, LONGEST, Pace

RECORDED = json.loads(Path(__file__).with_name("recorded_paces.json").read_text())
"""Seconds, those of them beside steps, and the step, of whole runs on two cores at a load of 10."""


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
    pace = Pace(0.0, 0)
    with pace.aside():
        clock.now = 5.0
    assert pace.rate(5.5, 10) == pytest.approx(20.0 * (1 - BESIDE))  # half a second of steps, 20 of them a second


def test_a_little_beside_the_steps_is_counted_as_it_is(clock):
    pace = Pace(0.0, 0)
    with pace.aside():
        clock.now = 0.05
    assert pace.rate(1.0, 19) == pytest.approx(19.0)


def test_what_came_first_is_forgotten_and_nothing_is_said_before_a_step():
    pace = Pace(2.0, 100)
    assert pace.rate(2.5, 100) == 0.0
    assert pace.rate(7.0, 110) == pytest.approx(2.0), "the first steps are slow"
    for second in range(8, 20):
        rate = pace.rate(float(second), 110 + 10 * (second - 7))
    assert rate == pytest.approx(10.0)
    assert pace.rate(19.5, 230) == pytest.approx(10.0), "no step more is no news"


def test_of_a_long_run_only_the_last_seconds_count():
    pace = Pace(0.0, 0)
    for second in range(1, 601):
        rate = pace.rate(float(second), 10 * second if second <= 570 else 5700 + 2 * (second - 570))
    assert rate == pytest.approx(2.0) and len(pace.window) <= LONGEST + 1


@pytest.mark.parametrize("name", RECORDED)
def test_the_time_left_of_recorded_runs_is_said_within_a_third(name):
    pace, whole = Pace(0.0, 0), RECORDED[name][-1]
    for seconds, pace.beside, step in RECORDED[name]:
        rate = pace.rate(seconds, step)
        if 0.1 <= seconds / whole[0] <= 0.9:
            assert (whole[2] - step) / rate == pytest.approx(whole[0] - seconds, rel=1 / 3)
