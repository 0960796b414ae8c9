"""The driver: what a study yields, in the words of a run; on time, obeying, and never with a number that is none."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from playground.measures.work import Work, timed, whole
from playground.runs import driver
from playground.runs.control import Control
from playground.runs.driver import Step, StudyFailed, drive
from playground.runs.events import Answer, Failed, Finished, Paused, Progress, Snapshot, Started


def script(messages: dict[int, list[dict]]) -> Control:
    """A control that brings `messages[n]` when it is read for the n-th time. The driver reads it after each yield of a study: the
    first is `Started`. In a pause it reads on."""
    calls = itertools.count(1)
    return Control(lambda: messages.get(next(calls), []))


def counting(total: int = 5, seen: list | None = None, value=float, beats: int = 0):
    """Counts to `total`; its results are the values so far. `seen` gets what it was sent, and "closed" at its end."""
    seen, values = [] if seen is None else seen, []
    try:
        seen.append((yield Started({"steps": total}, 7, "cpu")))
        for k in range(1, total + 1):
            for _ in range(beats):
                seen.append((yield))
            values.append(value(k))
            seen.append(
                (
                    yield Step(
                        k,
                        total,
                        lambda: {"values": np.array(values)},
                        {"a value": values[-1]},
                        {"v": values[-1]},
                        lambda: b"w%d" % k,
                    )
                )
            )
    finally:
        seen.append("closed")


def kinds(events: list) -> list[str]:
    return [type(event).__name__ for event in events]


@pytest.fixture
def always(monkeypatch) -> None:
    """Everything is always due."""
    monkeypatch.setattr(driver.Cadence, "due", lambda self, rate: rate > 0)


def test_a_study_becomes_a_run(always) -> None:
    seen: list = []
    events = list(drive(counting(3, seen)))
    assert kinds(events) == ["Started", *["Progress", "Snapshot"] * 3, "Finished"]
    assert [event.step for event in events[1:]] == [1, 1, 2, 2, 3, 3, 3]
    assert events[-1] == Finished(3, b"w3", False) and seen[-1] == "closed"
    assert events[-2].arrays["values"].tolist() == [1.0, 2.0, 3.0] and events[-3].losses == {"v": 3.0}
    assert [event.seconds for event in events[1::2][:3]] == sorted(event.seconds for event in events[1::2][:3])


def test_pictures_are_made_when_they_are_due_and_at_the_end(monkeypatch) -> None:
    monkeypatch.setattr(driver, "PICTURES_PER_SECOND", 1e-3)
    made: list[int] = []

    def study():
        yield Started({}, 0, "cpu")
        for k in range(1, 101):
            yield Step(k, 100, lambda: made.append(k) or {"k": np.array(k)})

    events = list(drive(study()))
    assert made == [1, 100], "the first, which was due, and the last"
    assert [event.step for event in events if isinstance(event, Snapshot)] == [1, 100]


def test_nobody_looks_and_only_the_end_is_shown(always) -> None:
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    control.update()
    assert kinds(list(drive(counting(4), control))) == ["Started", *["Progress"] * 4, "Snapshot", "Finished"]


def test_results_wait_for_the_next_step_when_they_come_too_soon(monkeypatch) -> None:
    due = iter([False, False, True])
    monkeypatch.setattr(driver.Cadence, "due", lambda self, rate: rate == driver.PICTURES_PER_SECOND and next(due, False))

    def study():
        yield Started({}, 0, "cpu")
        yield Step(1, 9, lambda: {"k": np.array(1)})
        yield Step(2, 9)
        yield
        yield Step(9, 9)

    assert [event.step for event in drive(study()) if isinstance(event, Snapshot)] == [2, 9]


def test_pause_stands_still_shows_what_is_known_and_goes_on() -> None:
    """Paused after the second step, resumed two readings later; pauses are no time of the study's."""
    events = list(drive(counting(4), script({3: [{"kind": "pause"}], 5: [{"kind": "resume"}]})))
    at = [i for i, event in enumerate(events) if isinstance(event, Paused)]
    assert [events[i] for i in at] == [Paused(2, True), Paused(2, False)] and at[1] == at[0] + 1
    before = [event for event in events[: at[0]] if isinstance(event, Snapshot)]
    assert before[-1].step == 2 and events[-1] == Finished(4, b"w4", False)


def test_a_pause_takes_no_time(monkeypatch) -> None:
    waits, now = [], [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    class Slow(Control):
        def wait(self, timeout: float) -> bool:
            waits.append(timeout)
            now[0] += 100.0
            return super().wait(0.0)

    calls, messages = itertools.count(1), {3: [{"kind": "pause"}], 5: [{"kind": "resume"}]}
    *_, last, _, _ = drive(counting(4), Slow(lambda: messages.get(next(calls), [])))
    assert isinstance(last, Progress) and waits and last.seconds < 1.0


@pytest.mark.parametrize("beats", [0, 3])
def test_stop_closes_the_study_and_keeps_what_it_has(beats: int) -> None:
    seen: list = []
    *_, pictures, end = drive(counting(5, seen, beats=beats), script({1 + 2 * (beats + 1): [{"kind": "stop"}]}))
    assert end == Finished(2, b"w2", True) and pictures.step == 2 and pictures.arrays["values"].tolist() == [1.0, 2.0]
    assert seen[-1] == "closed"


def test_a_stop_within_long_work_does_not_wait_for_its_end() -> None:
    seen: list = []
    *_, end = drive(counting(5, seen, beats=1000), script({10: [{"kind": "stop"}]}))
    assert end == Finished(0, b"", True) and len(seen) == 10


def test_a_stop_ends_a_pause_and_one_that_comes_too_late_is_none() -> None:
    *_, end = drive(counting(5), script({3: [{"kind": "pause"}], 4: [{"kind": "stop"}]}))
    assert end == Finished(2, b"w2", True)
    *_, end = drive(counting(2), script({3: [{"kind": "stop"}]}))
    assert end == Finished(2, b"w2", False)


def test_a_number_that_is_none_ends_the_run_with_a_sentence(always) -> None:
    """The bad value is in no picture."""
    seen: list = []
    *events, end = drive(counting(5, seen, value=lambda k: np.nan if k == 3 else float(k)))
    assert (
        isinstance(end, Failed)
        and end.step == 2
        and end.message == "This ended at step 3 of 5, because a value is not a finite number."
    )
    assert "smaller learning rate" in end.suggestion and seen[-1] == "closed"
    assert all(np.isfinite(event.arrays["values"]).all() for event in events if isinstance(event, Snapshot))


def test_a_study_that_fails_says_why_and_other_errors_pass() -> None:
    def failing(error: Exception):
        yield Started({}, 0, "cpu")
        yield Step(1, 2)
        raise error

    *_, end = drive(failing(StudyFailed("It broke.", "Mend it.")))
    assert end == Failed(1, "It broke.", "Mend it.")
    with pytest.raises(KeyError):
        list(drive(failing(KeyError("x"))))


def test_live_settings_reach_the_study() -> None:
    seen: list = []
    change = {"kind": "set", "values": {"learning_rate": 0.5}}
    list(drive(counting(3, seen), script({2: [change]})))
    assert seen == [{}, {"learning_rate": 0.5}, {}, {}, "closed"]


def test_a_question_is_refused_also_in_a_pause() -> None:
    ask = {"kind": "ask", "id": 4, "name": "decode", "args": {}}
    messages = {2: [ask], 3: [{"kind": "pause"}], 4: [ask | {"id": 5}], 5: [{"kind": "resume"}]}
    answers = [event for event in drive(counting(3), script(messages)) if isinstance(event, Answer)]
    assert [answer.id for answer in answers] == [4, 5] and all("Only a model can be asked" in answer.error for answer in answers)


def test_a_run_that_is_dropped_closes_its_study() -> None:
    seen: list = []
    events = drive(counting(5, seen))
    next(events), next(events)
    events.close()
    assert seen[-1] == "closed"


def test_whole_and_timed(monkeypatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])

    def work() -> Work[str]:
        for _ in range(3):
            now[0] += 1.0
            yield
        return "done"

    assert whole(work()) == "done"
    measured = timed(work())
    for _ in range(3):
        next(measured)
        now[0] += 100.0
    with pytest.raises(StopIteration) as end:
        next(measured)
    assert end.value.value == ("done", 3.0), "what passes between the pieces is not counted"
