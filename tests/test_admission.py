"""Many people at one server: who waits, in which order, for how long, and who gives up a place; nothing that was learned is lost, and Stop is at once."""

import asyncio
import threading
import time

import pytest
from clock import Clock
from fake_tasks import Values

from playground.runtimes import InProcessRuntime, RegistryError, RegistryFull, RunRegistry
from playground.runtimes.capacity import limits
from playground.runtimes.line import Limits, Ticket, has_room, in_order, sentence, waits

DEADLINE = 60.0
FOREVER = {"steps": 10**9, "pause": 0.001}


class Hall:
    """A registry to which several visitors come."""

    def __init__(self, **values) -> None:
        self.clock, self.who = Clock(), ""
        self.registry = RunRegistry(
            InProcessRuntime(),
            limits=Limits(**values),
            task="fake_tasks:counting",
            sweep_seconds=None,
            clock=self.clock,
            visitor=lambda: self.who,
            grace_seconds=10**9,
            idle_stop_seconds=10**9,
        )

    def start(self, who: str = "", task: str | None = None, **values) -> str:
        self.who = who
        return self.registry.start(Values(**(values or FOREVER)), task=task)

    def status(self, *runs: str) -> list[str]:
        return [self.registry.get(run).status for run in runs]

    def until(self, run: str, *wanted: str):
        deadline = time.monotonic() + DEADLINE
        while self.registry.get(run).status not in wanted:
            assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {wanted}, not {self.registry.get(run)}"
            time.sleep(0.005)
        return self.registry.get(run)

    def sweep(self, later: float = 0.0) -> None:
        self.clock.now += later
        self.registry.sweep()

    def runs_through(self, runs: list[str]) -> list[str]:
        """Stops whoever goes on, again and again: the order in which those that wait were let in."""
        came, left = [], set(runs)
        while left:
            going = [run for run in left if not self.registry.get(run).waiting]
            came += going
            left -= set(going)
            for run in going:
                self.registry.stop(run)
                self.until(run, "stopped")
            deadline = time.monotonic() + DEADLINE
            while left and all(self.registry.get(run).waiting for run in left):
                assert time.monotonic() < deadline, "nobody is let in"
                time.sleep(0.005)
        return came


@pytest.fixture
def hall():
    made = []

    def open_(**values) -> Hall:
        made.append(Hall(**values))
        return made[-1]

    yield open_
    for each in made:
        each.registry.close()


# --- the arithmetic --------------------------------------------------------------------------------------------------


def ticket(visitor: str, joined: float, **values) -> Ticket:
    return Ticket(f"{visitor}{joined:g}", visitor, True, joined, **values)


def test_visitors_take_turns_however_many_runs_one_has():
    waiting = [ticket("a", k) for k in range(3)] + [ticket("b", 10), ticket("c", 11), ticket("b", 12)]
    assert [one.run for one in in_order(waiting, {})] == ["a0", "b10", "c11", "a1", "b12", "a2"]
    assert [one.run for one in in_order(waiting, {"a": 1.0})] == ["b10", "c11", "a0", "b12", "a1", "a2"], (
        "who was let in comes later"
    )


def test_what_nobody_watches_goes_last():
    waiting = [ticket("a", 0, unwatched=True), ticket("b", 1), ticket("b", 2)]
    assert [one.run for one in in_order(waiting, {})] == ["b1", "b2", "a0"]


@pytest.mark.parametrize(
    ("places", "left", "takes", "expected"),
    [
        (1, [30.0], [60.0, 60.0, 60.0], [30.0, 90.0, 150.0]),  # one place: 30 + 60 k
        (2, [10.0, 40.0], [60.0] * 4, [10.0, 40.0, 70.0, 100.0]),  # two: each every 60 s
        (2, [50.0], [60.0, 60.0], [0.0, 50.0]),
        (3, [], [5.0] * 7, [0.0, 0.0, 0.0, 5.0, 5.0, 5.0, 10.0]),
    ],
)
def test_the_estimated_wait_is_that_of_a_line_before_several_counters(places, left, takes, expected):
    assert waits(places, left, takes) == expected


def test_a_place_and_a_wait_are_said_in_words():
    assert sentence(3, 121.0) == "Third in line, about 2 min."
    assert sentence(1, 20.0) == "First in line, less than a minute."
    assert sentence(12, 7300.0) == "Number 12 in line, about 2 h."


def test_memory_counts_as_places_do_but_one_run_is_let_in_always():
    bounds = Limits(trainings=4, memory=100, gpu_memory=1000)
    assert has_room(ticket("a", 0, bytes=500), [], bounds)
    assert has_room(ticket("a", 0, bytes=40), [ticket("b", 1, bytes=60)], bounds)
    assert not has_room(ticket("a", 0, bytes=41), [ticket("b", 1, bytes=60)], bounds)
    assert has_room(ticket("a", 0, bytes=500, on_gpu=True), [ticket("b", 1, bytes=60)], bounds), "a GPU has memory of its own"
    assert not has_room(ticket("a", 0, bytes=500, on_gpu=True), [ticket("b", 1, bytes=501, on_gpu=True)], bounds)


def test_a_public_server_carries_what_its_cores_do_and_one_s_own_what_it_did(monkeypatch):
    monkeypatch.setattr("playground.runtimes.capacity.cores", lambda: 2)
    public = limits(own=False)
    assert (public.trainings, public.others, public.a_visitor) == (2, 1, 1) and public.turn and public.pause and public.longest
    mine = limits(own=True)
    assert (mine.trainings, mine.a_visitor, mine.turn, mine.pause, mine.longest) == (4, None, None, None, None)


# --- the line --------------------------------------------------------------------------------------------------------


def test_fifty_who_start_at_once_all_get_a_place_in_line(hall):
    """Of fifty, forty-six were refused."""
    at = hall(trainings=4)
    runs = [at.start(f"visitor {k}") for k in range(50)]
    assert sum(status == "waiting" for status in at.status(*runs)) == 46 and at.registry.active == 4
    last = at.registry.get(runs[-1])
    assert (last.place, last.message.split(",")[0]) == (46, "Number 46 in line") and last.wait > 0
    assert [at.registry.get(run).place for run in runs[4:]] == list(range(1, 47))


def test_one_visitor_s_paused_runs_lock_nobody_out(hall):
    """Four paused runs kept everybody from training, and from drawing samples of a finished run, for as long as they were watched."""
    at = hall(trainings=4, others=1)
    paused = [at.start("one") for _ in range(4)]
    for run in paused:
        at.until(run, "running")
        at.registry.pause(run)
        at.until(run, "paused")
    drawing = at.start("two", task="fake_tasks:counting", steps=1)
    assert at.until(drawing, "finished"), "samples have places of their own"
    training = at.start("two", steps=3)
    assert at.status(training) == ["waiting"]
    at.sweep()
    at.sweep(later=19.0)
    assert at.status(training) == ["waiting"], "a short pause keeps its place"
    at.sweep(later=2.0)
    at.until(training, "finished")
    kept = [run for run in paused if at.registry.get(run).status != "paused"]
    assert len(kept) == 1, "as many give way as wait"
    record = at.until(kept[0], "stopped")
    assert "Continue puts it in line again" in record.message and int(record.checkpoint) == record.step
    at.registry.continue_(kept[0])
    assert at.until(kept[0], "running").started.step == record.step


def test_who_leaves_a_run_paused_and_starts_another_gets_it(hall):
    at = hall(a_visitor=1)
    first = at.start("one")
    at.until(first, "running")
    second = at.start("one", steps=2)
    record = at.registry.get(second)
    assert (record.status, record.place, record.message.split(":")[0]) == (
        "waiting",
        0,
        "Waits for another run of yours, one at a time here",
    )
    at.sweep()
    assert at.status(first, second) == ["running", "waiting"], "what goes on is not taken away"
    at.registry.pause(first)
    at.until(first, "paused")
    at.sweep()
    at.until(second, "finished")
    assert at.until(first, "stopped").checkpoint


def test_a_visitor_s_second_run_keeps_nobody_waiting(hall):
    at = hall(trainings=2, a_visitor=1)
    first, second, other = at.start("one"), at.start("one"), at.start("two")
    assert at.status(second) == ["waiting"] and not at.registry.get(other).waiting
    assert not at.registry.get(first).waiting


def test_a_run_behind_its_own_visitor_s_takes_no_other_s_place(hall):
    at = hall(trainings=2, a_visitor=1, turn=60.0)
    other, first, second = at.start("two"), at.start("one"), at.start("one")
    at.until(other, "running"), at.until(first, "running")
    assert at.status(second) == ["waiting"]
    stopped, at.registry.admission._stop = [], lambda run, why: stopped.append(run)
    at.sweep(61.0)
    assert stopped == [first], "nobody waits for the place of the other visitor"


def test_places_go_round_among_visitors(hall):
    at = hall(trainings=1)
    runs = [at.start(who) for who in ("one", "one", "one", "two", "three")]
    assert [runs.index(run) for run in at.runs_through(runs)] == [0, 3, 4, 1, 2]


def test_who_looks_away_is_let_in_after_those_who_wait_and_see(hall):
    at = hall(trainings=1)
    at.start("one")
    away = at.start("two")
    at.clock.now += 100.0
    here = at.start("three")
    at.sweep()
    assert [at.registry.get(run).place for run in (here, away)] == [1, 2]
    asyncio.run(at.registry.wait(away, 0, 0))  # its page is opened again
    at.sweep()
    assert [at.registry.get(run).place for run in (away, here)] == [1, 2]


def test_from_the_line_one_stops_at_once_and_cannot_pause(hall):
    at = hall(trainings=1)
    at.start("one")
    waiting, behind = at.start("two"), at.start("three")
    with pytest.raises(RegistryError, match="waits in line.*stopped"):
        at.registry.pause(waiting)
    at.registry.stop(waiting)
    assert at.status(waiting) == ["stopped"] and at.registry.get(behind).place == 1
    with pytest.raises(RegistryError, match="no checkpoint"):
        at.registry.continue_(waiting)


def test_a_line_has_an_end_and_a_part_for_each(hall):
    at = hall(trainings=1, waiting=3, waiting_a_visitor=2)
    runs = [at.start("one") for _ in range(3)]
    with pytest.raises(RegistryFull, match=r"^2 runs of yours wait here already.*\.$"):
        at.start("one")
    at.start("two")
    with pytest.raises(RegistryFull, match=r"^3 runs wait here already.*\.$"):
        at.start("three")
    assert at.status(*runs) == [at.status(runs[0])[0], "waiting", "waiting"] and len(at.registry) == 4, (
        "who is refused leaves nothing"
    )


def test_settings_that_are_changed_in_line_hold_once_it_begins(hall):
    at = hall(trainings=1)
    first, waiting = at.start("one"), at.start("two", steps=20)
    at.registry.set(waiting, learning_rate=0.25)
    at.registry.stop(first)
    at.until(waiting, "finished")
    assert 0.25 in at.registry.get(waiting).history["learning_rate"][1]


# --- limits that pause and keep --------------------------------------------------------------------------------------


def test_a_turn_that_is_over_goes_to_the_end_of_the_line_and_on_from_its_step(hall):
    at = hall(trainings=1, turn=60.0)
    first = at.start("one")
    at.until(first, "running")
    at.sweep(later=100.0)
    assert at.status(first) == ["running"], "who keeps nobody waiting goes on"
    second = at.start("two")
    seen = []
    following = threading.Thread(target=lambda: seen.extend(_statuses(at, first)))
    following.start()
    at.sweep()
    step = at.until(first, "waiting").step
    assert step > 0 and f"It goes on from step {step:,}." in at.registry.get(first).message
    at.until(second, "running")
    at.registry.stop(second)
    record = at.until(first, "running")
    assert record.started.step == step and at.registry.get(first).history["train"][0][0] == 1, "one curve"
    following.join(DEADLINE)
    assert "stopped" not in seen, "nobody who follows takes the end of a turn for that of the run"


def _statuses(at: Hall, run: str) -> list[str]:
    """All that a run was, until it has been in line and goes on."""
    seen, version, deadline = [], at.registry.get(run).version, time.monotonic() + DEADLINE
    while time.monotonic() < deadline and not ("waiting" in seen and seen[-1] == "running"):
        record = asyncio.run(at.registry.wait(run, version, 0.2))
        version = record.version
        seen.append(record.status)
    return seen


def test_who_stops_a_run_at_the_end_of_its_turn_has_stopped_it(hall):
    at = hall(trainings=1, turn=60.0)
    first = at.start("one")
    at.until(first, "running")
    live = at.registry._find(first)
    at.start("two")
    send, live.attempt.send = live.attempt.send, lambda message: None  # the loop is busy and hears it later
    at.sweep(later=100.0)
    at.registry.stop(first)
    send({"kind": "stop"})
    at.until(first, "stopped")


def test_the_longest_run_is_set_aside_and_kept(hall):
    at = hall(longest=3600.0, pause=600.0)
    first, second = at.start("one"), at.start("two")
    for run in (first, second):
        at.until(run, "running")
    at.registry.pause(second)
    at.until(second, "paused")
    at.sweep()
    at.sweep(later=601.0)
    record = at.until(second, "stopped")
    assert record.message == "Set aside after a pause of 10 minutes. Continue puts it in line again." and record.checkpoint
    at.sweep(later=3000.0)
    record = at.until(first, "stopped")
    assert record.message == "Set aside after 60 minutes, the longest that a run may take here. Continue puts it in line again."
    at.registry.continue_(first)
    at.until(first, "running")


def test_what_waits_when_the_server_ends_is_said_to_have_stopped(hall):
    at = hall(trainings=1)
    runs = [at.start("one"), at.start("two")]
    at.registry.close()
    assert at.status(*runs) == ["stopped"] * 2
