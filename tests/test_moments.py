"""Moments of a run: few enough, evenly spread, within bounds of memory, and a place to go on from."""

import time

import numpy as np
import pytest
from fake_tasks import Values

from playground.runs.events import Checkpoint, Finished, Progress, Snapshot, Started
from playground.runtimes import InProcessRuntime, RegistryError, RunRegistry, moments
from playground.runtimes.line import Limits
from playground.runtimes.moments import MAX_CHECKPOINTS, MAX_RUN_BYTES, MAX_SNAPSHOTS, MomentHistory, to_shed
from playground.runtimes.records import History, RunRecord, advance

DEADLINE = 60.0


def picture(step: int, n_bytes: int = 8) -> Snapshot:
    return Snapshot(step, {"x": np.zeros(n_bytes, np.uint8)})


def weights(step: int, n_bytes: int = 8) -> Checkpoint:
    return Checkpoint(step, bytes(n_bytes))


def taken(*events: Snapshot | Checkpoint) -> MomentHistory:
    history = MomentHistory()
    for event in events:
        history = history.take(event)
    return history


def steps_of(kept) -> list[int]:
    return [moment.step for moment in kept]


# --- which are kept ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 12, 13, 59, 60, 61, 119, 120, 121, 1000])
@pytest.mark.parametrize("make, limit", [(picture, MAX_SNAPSHOTS), (weights, MAX_CHECKPOINTS)])
def test_few_are_kept_first_and_newest_among_them_evenly(n, make, limit):
    history = taken(*(make(10 * i) for i in range(n)))
    kept = steps_of(history.snapshots or history.checkpoints)
    assert len(kept) == min(n, limit)
    assert kept[0] == 0 and kept[-1] == 10 * (n - 1)
    gaps = np.diff(kept)
    assert n == 1 or gaps.max() <= 2.2 * 10 * (n - 1) / (len(kept) - 1), kept
    assert (gaps > 0).all()


def test_moments_that_come_in_bursts_are_spread_over_the_steps():
    rng = np.random.default_rng(0)
    came = np.cumsum(np.where(rng.random(2000) < 0.05, 400, rng.integers(1, 5, 2000)))
    kept = steps_of(taken(*(picture(int(step)) for step in came)).snapshots)
    assert len(kept) == MAX_SNAPSHOTS and (kept[0], kept[-1]) == (came[0], came[-1])
    assert np.diff(kept).max() <= 3 * (came[-1] - came[0]) / (MAX_SNAPSHOTS - 1)


def test_a_moment_replaces_what_was_kept_of_its_step_and_after_it():
    history = taken(picture(1), picture(5), picture(9), weights(5))
    newer = picture(5, 16)
    again = history.take(newer)
    assert steps_of(again.snapshots) == [1, 5] and again.snapshots[1] is newer
    assert steps_of(history.snapshots) == [1, 5, 9], "a history does not change"
    assert steps_of(again.until(4).snapshots) == [1] and again.until(4).checkpoints == ()


def test_the_moment_at_or_before_a_step():
    history = taken(picture(3), picture(8), weights(4), weights(8))
    assert [history.snapshot_at(step).step for step in (0, 3, 7, 8, 99)] == [3, 3, 3, 8, 8]
    assert [history.checkpoint_at(step) and history.checkpoint_at(step).step for step in (3, 4, 7, 99)] == [None, 4, 4, 8]
    assert MomentHistory().snapshot_at(3) is None


# --- memory --------------------------------------------------------------------------------------------------------------


def test_of_large_checkpoints_fewer_are_kept():
    data = bytes(MAX_RUN_BYTES // 4 + 1)  # one object, so the test itself stays small
    history = taken(*(Checkpoint(step, data) for step in range(50)))
    assert len(history.checkpoints) == 4 and history.nbytes <= MAX_RUN_BYTES
    assert steps_of(history.checkpoints)[0] == 0 and steps_of(history.checkpoints)[-1] == 49
    huge = taken(*(Checkpoint(step, bytes(MAX_RUN_BYTES + 1)) for step in range(2)))
    assert steps_of(huge.checkpoints) == [1] and huge.nbytes == 0, "the newest is kept in any case, and not counted"


def test_bytes_are_those_of_arrays_and_of_all_checkpoints_but_the_newest():
    assert taken(picture(1, 100), picture(2, 50), weights(1, 7), weights(2, 1000)).nbytes == 157


def test_the_oldest_runs_lose_their_moments_first_and_checkpoints_before_snapshots():
    run = taken(picture(1, 10), picture(2, 10), weights(1, 100), weights(2, 100))
    assert to_shed([run, run], 240) == {}
    left = to_shed([run, run, run], 300)
    assert list(left) == [0]
    assert steps_of(left[0].snapshots) == [1, 2] and steps_of(left[0].checkpoints) == [2]
    left = to_shed([run, run, run], 150)
    assert list(left) == [0, 1] and steps_of(left[0].snapshots) == [2] and steps_of(left[1].snapshots) == [1, 2]
    assert to_shed([run, run], 0) == {0: MomentHistory((), run.checkpoints[-1:]), 1: MomentHistory((), run.checkpoints[-1:])}


@pytest.mark.parametrize("seed", range(20))
def test_the_limit_holds_whatever_is_kept(seed):
    rng = np.random.default_rng(seed)
    histories = [
        taken(*(rng.choice([picture, weights])(step, int(rng.integers(1, 200))) for step in range(rng.integers(0, 30))))
        for _ in range(rng.integers(1, 9))
    ]
    limit = int(rng.integers(0, 3000))
    left = to_shed(histories, limit)
    assert sum(left.get(i, history).nbytes for i, history in enumerate(histories)) <= limit
    if sum(history.nbytes for history in histories) <= limit:
        assert left == {}


# --- records -------------------------------------------------------------------------------------------------------------


def test_a_record_keeps_what_came():
    record, history = RunRecord("id", moments=MomentHistory()), History()
    for event in (Started({}, 1, "cpu"), picture(0), Progress(3, 0.0, {}), picture(3), weights(2)):
        record = advance(record, event, history)
    assert steps_of(record.moments.snapshots) == [0, 3] and steps_of(record.moments.checkpoints) == [2]
    assert record.moments_version == record.version
    record = advance(record, Progress(4, 0.0, {}), history)
    assert record.moments_version == record.version - 1, "numbers are no moment"
    record = advance(record, Finished(5, b"end"), history)
    assert steps_of(record.moments.checkpoints) == [2, 5] and record.moments.checkpoints[-1].data is record.checkpoint


def test_a_run_that_goes_on_from_a_checkpoint_forgets_what_came_after_it():
    kept = taken(picture(0), picture(5), picture(9), weights(4))
    record = advance(RunRecord("id", moments=kept, checkpoint=b"at 6"), Started({}, 1, "cpu", 6), History())
    assert steps_of(record.moments.snapshots) == [0, 5]
    assert [(moment.step, moment.data) for moment in record.moments.checkpoints] == [(4, bytes(8)), (6, b"at 6")]


def test_what_keeps_no_moments_stays_without():
    record = advance(RunRecord("id"), picture(1), History())
    assert record.moments is None and record.moments_version == 0


# --- the registry --------------------------------------------------------------------------------------------------------


@pytest.fixture
def make():
    made = []

    def build(**options):
        made.append(RunRegistry(InProcessRuntime(), task="fake_tasks:counting", sweep_seconds=None, **options))
        return made[-1]

    yield build
    for registry in made:
        registry.close()


def ended(registry: RunRegistry, run_id: str) -> RunRecord:
    deadline = time.monotonic() + DEADLINE
    while registry.get(run_id).active:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return registry.get(run_id)


def test_a_training_keeps_moments_within_the_bounds_and_a_drawing_none(make):
    registry = make()
    record = ended(registry, registry.start(Values(steps=200, checkpoint_at=50)))
    kept = record.moments
    assert len(kept.snapshots) == MAX_SNAPSHOTS and (kept.snapshots[0].step, kept.snapshots[-1].step) == (1, 200)
    assert steps_of(kept.checkpoints) == [50, 200]
    assert ended(registry, registry.start(Values(steps=5), task="fake_tasks:counting")).moments is None


def test_all_runs_together_stay_within_the_limit_and_the_newest_keeps_most(make):
    one = 24 * MAX_SNAPSHOTS  # a snapshot of `counting` is three whole numbers
    registry = make(max_moment_bytes=2 * one, limits=Limits(trainings=1))
    runs = []
    for _ in range(5):
        runs.append(registry.start(Values(steps=100)))
        ended(registry, runs[-1])
        assert sum(registry.get(run).moments.nbytes for run in runs) <= 2 * one
    kept = [len(registry.get(run).moments.snapshots) for run in runs]
    assert kept[-1] == MAX_SNAPSHOTS and kept[0] == kept[1] == 1, kept
    versions = registry.get(runs[0])
    assert versions.moments_version == versions.version, "who looks on is told"
    assert versions.checkpoint == b"100", "the newest checkpoint is kept in any case"


def test_the_documented_limit_is_the_one_in_force(make):
    assert make().memory.moment_bytes == moments.MAX_BYTES == 512 * 2**20


def test_a_fork_goes_on_where_the_other_was(make):
    registry = make()
    first = registry.start(Values(steps=100, checkpoint_at=40))
    before = ended(registry, first)
    second = registry.fork(first, 59, Values(steps=70), "Said so.")
    record = ended(registry, second)
    assert second != first and registry.get(first) is before, "the other stays as it was"
    assert (record.started.step, record.step, record.origin) == (40, 70, "Said so.")
    steps, values = record.history["train"]
    assert steps.tolist() == list(range(1, 71)) and np.allclose(values, 1 / steps)
    assert steps_of(record.moments.checkpoints) == [40, 70]
    assert set(steps_of(record.moments.snapshots)) >= {1, 41, 70} and record.moments.snapshots[-1].step == 70


def test_where_no_checkpoint_is_kept_there_is_no_fork(make):
    registry = make()
    run = registry.start(Values(steps=100, checkpoint_at=40))
    ended(registry, run)
    with pytest.raises(RegistryError, match="No checkpoint of this run is kept at or before step 39"):
        registry.fork(run, 39, Values(steps=70))
    assert len(registry) == 1
