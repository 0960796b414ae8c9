"""The registry: news reach whoever waits, runs obey, and what happens when nobody watches."""

import asyncio
import multiprocessing as mp
import os
import sys
import threading
import time

import numpy as np
import pytest
from clock import Clock
from fake_tasks import Values

from playground.config import ConfigError, DiffusionConfig
from playground.runs.events import Checkpoint, Failed, Finished, Paused, Progress, Started
from playground.runtimes import InProcessRuntime, RegistryError, RegistryFull, RunRegistry, UnknownRun, WorkerRuntime
from playground.runtimes.jobs import Jobs
from playground.runtimes.records import History, RunRecord, Series, advance

DEADLINE = 60.0
FOREVER = {"steps": 10**9, "pause": 0.001}


def start(registry: RunRegistry, **values) -> str:
    return registry.start(Values(**values))


@pytest.fixture
def make():
    """Registries that are closed after the test; in-process runs (a thread each) unless a runtime is given."""
    made = []

    def build(runtime=None, task="fake_tasks:counting", **options):
        options = {"sweep_seconds": None, **options}
        made.append(RunRegistry(runtime or InProcessRuntime(), task=task, **options))
        return made[-1]

    yield build
    for registry in made:
        registry.close()


def until(condition, what: str):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.005)


def until_status(registry, run_id, status):
    until(lambda: registry.get(run_id).status == status, f"status {status}, not {registry.get(run_id)}")
    return registry.get(run_id)


def newest(registry, run_id, name):
    """The newest reading of a curve, in a list; an empty list before the first."""
    _, values = registry.get(run_id).history.get(name, ((), np.zeros(0)))
    return values[-1:].tolist()


# --- records ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 9, 10, 11, 19, 20, 21, 500, 12_345])
def test_a_series_keeps_first_and_newest_evenly(n):
    series = Series(limit=10)
    for i in range(n):
        series.add(i, 0.0)  # all alike, so that none is an extreme
    steps, _ = series.points()
    assert len(steps) <= 10
    if n:
        assert steps[0] == 0 and steps[-1] == n - 1
        strides = np.diff(steps[:-1])
        assert len(set(strides.tolist())) <= 1, "every k-th reading"


@pytest.mark.parametrize("seed", range(20))
def test_a_series_never_forgets_its_extremes(seed):
    """However long a run goes on: of each stretch of readings the lowest and the highest are kept, at their steps."""
    rng = np.random.default_rng(seed)
    limit, n = int(rng.integers(10, 60)), int(rng.integers(1, 5000))
    values, series = rng.standard_cauchy(n), Series(limit)
    for i, value in enumerate(values):
        series.add(3 * i, value)
    steps, kept = series.points()
    assert len(steps) <= limit and (np.diff(steps) > 0).all() and np.array_equal(kept, values[steps // 3])
    assert kept.max() == values.max() and kept.min() == values.min()
    stride = series._stride
    for i in range(0, n, stride):
        assert {values[i : i + stride].max(), values[i : i + stride].min()} <= set(kept)


def test_a_number_that_is_none_hides_no_extreme():
    series = Series(limit=10)
    for i, value in enumerate([np.nan, 1.0, 9.0, np.nan, 2.0] * 20):
        series.add(i, value)
    assert np.nanmax(series.points()[1]) == 9.0


def test_a_truncated_series_goes_on_evenly():
    series = Series(limit=20)
    for i in range(100):
        series.add(i, 0.0)
    stride = series.points()[0][1]
    series.truncate(2 * stride)
    assert series.points()[0].tolist() == [0, stride, 2 * stride]
    for i in range(2 * stride + 1, 1000):
        series.add(i, 1.0)
    steps, _ = series.points()
    assert steps[-1] == 999 and len(steps) <= 20 and (np.diff(steps) > 0).all()


def test_a_truncated_series_forgets_the_extremes_that_came_later():
    series = Series(limit=10)
    for i in range(100):
        series.add(i, float(i))
    series.truncate(50)
    steps, values = series.points()
    assert steps[-1] <= 50 and np.array_equal(steps, values)


def test_each_event_raises_the_version_and_that_of_its_part():
    history, record = History(), RunRecord("id")
    record = advance(record, Started({"a": 1}, 5, "cpu"), history)
    assert (record.status, record.config, record.version) == ("running", {"a": 1}, 2)
    assert record.started_version == 2 and record.snapshot_version == 0
    record = advance(record, Progress(4, 1.0, {"train": 0.5}), history)
    assert record.version == record.history_version == 3 and record.step == 4
    assert [part.tolist() for part in record.history["train"]] == [[4], [0.5]]
    record = advance(record, Paused(4, True), history, "why")
    assert (record.status, record.message, record.history_version) == ("paused", "why", 3)
    record = advance(record, Checkpoint(4, b"c"), history)
    record = advance(record, Failed(5, "Broke.", "Mend it."), history)
    assert (record.status, record.message, record.suggestion) == ("failed", "Broke.", "Mend it.")
    assert (record.checkpoint, record.checkpoint_step, record.active) == (b"c", 4, False)


# --- the life of a run -----------------------------------------------------------------------------------------------


def test_a_run_runs_to_its_end(make):
    registry = make()
    run_id = start(registry, steps=5)
    record = until_status(registry, run_id, "finished")
    assert len(run_id) >= 20 and record.step == 5 and record.checkpoint == b"5"
    assert record.history["train"][0].tolist() == [1, 2, 3, 4, 5]
    assert record.snapshot.step == 5 and record.started.device == "cpu"
    assert registry.checkpoint(run_id) == b"5"
    registry.stop(run_id)  # nothing happens
    assert registry.get(run_id).status == "finished"


def test_configs_are_checked_at_the_door(make):
    with pytest.raises(ConfigError, match="steps = 0"):
        make().start({"model": "diffusion", "steps": 0})


def test_a_config_reaches_the_task_and_the_record(make):
    registry = make(WorkerRuntime(), task="fake_tasks:echo")
    run_id = registry.start({"model": "diffusion", "width": 64})
    assert registry.get(run_id).config["width"] == 64
    assert until_status(registry, run_id, "finished").checkpoint == b"DiffusionConfig 64"
    assert registry.get(run_id).config == DiffusionConfig(width=64).model_dump()


def test_pause_resume_set_stop(make):
    registry = make()
    run_id = start(registry, **FOREVER)
    registry.pause(run_id)
    step = until_status(registry, run_id, "paused").step
    registry.set(run_id, learning_rate=0.25)
    assert registry.checkpoint(run_id, DEADLINE) == str(step).encode()
    assert registry.get(run_id).status == "paused" and registry.get(run_id).step == step
    registry.resume(run_id)
    until(lambda: newest(registry, run_id, "learning_rate") == [0.25], "the new learning rate")
    assert registry.get(run_id).status == "running"
    registry.stop(run_id)
    assert registry.get(run_id).message in ("Stopping …", "Stopped.")
    record = until_status(registry, run_id, "stopped")
    assert record.message == "Stopped." and int(record.checkpoint) == record.step


def test_a_fresh_checkpoint_of_a_running_run(make):
    registry = make()
    run_id = start(registry, **FOREVER)
    first = int(registry.checkpoint(run_id, DEADLINE))
    assert int(registry.checkpoint(run_id, DEADLINE)) > first


def test_a_run_without_a_checkpoint_says_so(make):
    registry = make(task="fake_tasks:raising")
    run_id = registry.start("other")
    record = until_status(registry, run_id, "failed")
    assert "KeyError" in record.message
    for ask in (registry.checkpoint, registry.continue_):
        with pytest.raises(RegistryError, match=r"no checkpoint.*\.$"):
            ask(run_id)


def test_a_worker_that_does_not_stop_is_ended_and_its_checkpoint_kept(make):
    registry = make(WorkerRuntime(), task="fake_tasks:sleeping", stop_seconds=0.1)
    run_id = start(registry)
    until(lambda: registry.get(run_id).checkpoint, "the checkpoint")
    registry.stop(run_id)
    record = until_status(registry, run_id, "stopped")
    assert record.checkpoint == b"7" and "did not answer" in record.message


def test_a_killed_worker_is_said_and_the_run_can_continue(make):
    registry = make(WorkerRuntime())
    run_id = start(registry, steps=9, checkpoint_at=3, die_at=6)
    record = until_status(registry, run_id, "failed")
    assert "signal 9" in record.message and record.checkpoint == b"3"
    assert record.suggestion.startswith(
        "Press Continue to go on from the last checkpoint. If it happens again, memory may be short."
    )
    version = record.version
    registry.continue_(run_id)
    record = until_status(registry, run_id, "finished")
    assert record.version > version and record.step == 9 and record.message == record.suggestion == ""
    assert record.history["train"][0].tolist() == list(range(1, 10)), "one curve, without a step back"


def test_what_is_no_training_has_no_continue(make):
    """A measurement, too, may leave a checkpoint; its worker may die, or not stop in time."""
    registry = make(WorkerRuntime(), stop_seconds=0.1)
    run_id = registry.start(Values(steps=9, checkpoint_at=3, die_at=6), task="fake_tasks:counting")
    record = until_status(registry, run_id, "failed")
    assert record.checkpoint == b"3" and record.suggestion.startswith("Start it again. If it happens again, memory may be short.")
    with pytest.raises(RegistryError, match="^Only a training can be continued: .*Start it again.$"):
        registry.continue_(run_id)
    run_id = registry.start(Values(), task="fake_tasks:sleeping")
    until(lambda: registry.get(run_id).checkpoint, "the checkpoint")
    registry.stop(run_id)
    assert until_status(registry, run_id, "stopped").message.endswith("so it was ended; the results so far are kept.")


def test_only_a_run_that_broke_off_can_continue(make):
    registry = make()
    run_id = start(registry, steps=2)
    until_status(registry, run_id, "finished")
    with pytest.raises(RegistryError, match="has finished"):
        registry.continue_(run_id)
    run_id = start(registry, **FOREVER)
    with pytest.raises(RegistryError, match="already under way"):
        registry.continue_(run_id)
    registry.stop(run_id)
    step = until_status(registry, run_id, "stopped").step
    registry.continue_(run_id)
    until(lambda: registry.get(run_id).step > step, "further steps")
    assert registry.get(run_id).started.step == step


def test_a_run_that_cannot_even_start_fails_with_a_sentence(make):
    class Broken:
        def start(self, task, *args, **kwargs):
            raise OSError("no processes left")

        def for_answers(self):
            return self

    registry = make(Broken())
    assert "no processes left" in until_status(registry, start(registry), "failed").message


# --- room ------------------------------------------------------------------------------------------------------------


def test_the_oldest_ended_runs_make_room(make):
    registry = make(max_runs=3)
    running = start(registry, **FOREVER)
    ended = []
    for _ in range(4):
        ended.append(start(registry, steps=1))
        until_status(registry, ended[-1], "finished")
    assert len(registry) == 3
    assert registry.get(running).active
    for run_id in ended[:2]:
        with pytest.raises(UnknownRun):
            registry.get(run_id)
    assert [registry.get(run_id).status for run_id in ended[2:]] == ["finished"] * 2


@pytest.mark.parametrize("run_id", ["", "nobody", None, 3, ["x"], {}, "x" * 10**6, b"x"])
def test_unknown_runs_are_refused_with_a_sentence(make, run_id):
    registry = make()
    asks = [registry.get, registry.touch, registry.pause, registry.resume, registry.stop, registry.set]
    for ask in [*asks, registry.checkpoint, registry.continue_]:
        with pytest.raises(UnknownRun, match=r"not known here.*\.$"):
            ask(run_id)
    with pytest.raises(UnknownRun):
        asyncio.run(registry.wait(run_id, 0))


# --- news ------------------------------------------------------------------------------------------------------------


def test_wait_answers_at_once_when_there_is_news(make):
    registry = make()
    run_id = start(registry, steps=1)
    until_status(registry, run_id, "finished")
    assert asyncio.run(registry.wait(run_id, 0, DEADLINE)).status == "finished"


def test_wait_gives_up_after_its_timeout(make):
    registry = make()
    run_id = start(registry, steps=1)
    version = until_status(registry, run_id, "finished").version
    assert asyncio.run(registry.wait(run_id, version, 0.01)).version == version


def test_waiters_are_woken_by_change_without_polling(make):
    registry = make()
    run_id = start(registry, **FOREVER)
    registry.pause(run_id)
    version = until_status(registry, run_id, "paused").version

    async def watch():
        loop = asyncio.get_running_loop()
        watchers = [asyncio.create_task(registry.wait(run_id, version, DEADLINE)) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert not any(watcher.done() for watcher in watchers)
        before = len(loop._scheduled)
        await asyncio.sleep(0.05)
        assert len(loop._scheduled) <= before, "a waiter sleeps, it does not look again and again"
        registry.resume(run_id)
        return await asyncio.wait_for(asyncio.gather(*watchers), DEADLINE / 2)  # they would give up by themselves later

    assert all(record.version > version for record in asyncio.run(watch()))


# --- nobody watches --------------------------------------------------------------------------------------------------


@pytest.fixture
def idle(make):
    clock = Clock()
    registry = make(clock=clock, grace_seconds=60, idle_stop_seconds=600)
    run_id = start(registry, **FOREVER)
    until_status(registry, run_id, "running")
    return registry, run_id, clock


def test_unwatched_snapshots_end_and_come_back(idle):
    registry, run_id, clock = idle
    clock.now = 2
    registry.sweep()
    until(lambda: newest(registry, run_id, "rate") == [6.0], "snapshots")
    clock.now = 4
    registry.sweep()
    until(lambda: newest(registry, run_id, "rate") == [0.0], "no more snapshots")
    assert registry.get(run_id).status == "running"
    registry.touch(run_id)
    until(lambda: newest(registry, run_id, "rate") == [6.0], "snapshots again")


def test_an_unwatched_run_is_paused_and_goes_on_when_watched(idle):
    registry, run_id, clock = idle
    clock.now = 61
    registry.sweep()
    record = until_status(registry, run_id, "paused")
    assert record.message == "Paused: nobody was watching."
    registry.sweep()
    asyncio.run(registry.wait(run_id, 0, 0))
    record = until_status(registry, run_id, "running")
    assert record.message == ""
    until(lambda: registry.get(run_id).step > record.step, "further steps")


def test_a_run_that_a_person_paused_stays_paused(idle):
    registry, run_id, clock = idle
    registry.pause(run_id)
    version = until_status(registry, run_id, "paused").version
    clock.now = 61
    registry.sweep()
    registry.touch(run_id)
    time.sleep(0.05)
    assert registry.get(run_id).status == "paused" and registry.get(run_id).version == version


def test_a_pause_that_a_busy_loop_has_not_heard_yet_is_a_person_s_too(idle):
    """It is still called running after the grace: nobody may take the pause back for being watched again."""
    registry, run_id, clock = idle
    live = registry._find(run_id)
    sent, send = [], live.attempt.send
    live.attempt.send = lambda message: sent.append(message["kind"])  # the loop is busy and hears nothing
    registry.pause(run_id)
    clock.now = 61
    registry.sweep()
    registry.touch(run_id)
    live.attempt.send = send
    assert live.record.status == "running" and "resume" not in sent and sent.count("pause") == 1


def test_a_run_that_nobody_misses_is_stopped_and_kept(idle):
    registry, run_id, clock = idle
    clock.now = 61
    registry.sweep()
    until_status(registry, run_id, "paused")
    clock.now = 601
    registry.sweep()
    record = until_status(registry, run_id, "stopped")
    assert record.message == "Stopped after 10 minutes with nobody watching; press Continue."
    assert int(record.checkpoint) == record.step
    registry.continue_(run_id)
    registry.sweep()
    until(lambda: registry.get(run_id).step > record.step, "further steps")


def test_whoever_waits_is_watching(idle):
    registry, run_id, clock = idle
    registry.pause(run_id)
    version = until_status(registry, run_id, "paused").version  # so that nothing new ends the waiting

    async def watch():
        watcher = asyncio.create_task(registry.wait(run_id, version, DEADLINE))
        await asyncio.sleep(0.01)
        clock.now = 1000
        registry.sweep()
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)

    asyncio.run(watch())
    assert registry.get(run_id).version == version
    registry.sweep()
    until_status(registry, run_id, "stopped")


def test_the_sweeper_sweeps_by_itself(make):
    clock = Clock()
    registry = make(clock=clock, sweep_seconds=0.01)
    run_id = start(registry, **FOREVER)
    until_status(registry, run_id, "running")
    clock.now = 61
    until_status(registry, run_id, "paused")


# --- jobs and the end ------------------------------------------------------------------------------------------------


def test_a_job_gives_its_events(make):
    events = list(make().run_job("fake_tasks:counting", {"steps": 2}))
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)


def test_too_many_jobs_are_refused_and_a_closed_one_makes_room(make):
    registry = make(WorkerRuntime(), max_jobs=1)
    job = registry.run_job("fake_tasks:sleeping")
    next(job)
    with pytest.raises(RegistryFull, match="already under way"):
        next(registry.run_job("fake_tasks:sleeping"))
    job.close()
    until(lambda: not mp.active_children(), "the job's worker to end")
    assert len(list(registry.run_job("fake_tasks:counting", {"steps": 1}))) == 4


def test_a_job_that_takes_too_long_is_ended_and_said_to_be():
    jobs = Jobs(WorkerRuntime(), 1, longest=0.2)
    with pytest.raises(RegistryError, match="took longer than"):
        list(jobs.run("fake_tasks:sleeping"))
    until(lambda: not mp.active_children(), "the job's worker to end")


def test_a_sweep_that_fails_is_not_the_last(make, monkeypatch, capsys):
    registry, swept = make(sweep_seconds=0.01), []

    def failing() -> None:
        swept.append(1)
        raise RuntimeError("once")

    monkeypatch.setattr(registry, "sweep", failing)
    until(lambda: len(swept) > 1, "a second sweep")
    assert "RuntimeError: once" in capsys.readouterr().err


def test_close_leaves_no_process_and_no_thread(make):
    before = set(threading.enumerate())
    registry = make(WorkerRuntime(), task="fake_tasks:sleeping", sweep_seconds=0.05)
    runs = [start(registry) for _ in range(2)]
    job = registry.run_job("fake_tasks:sleeping")
    next(job)
    for run_id in runs:
        until_status(registry, run_id, "running")
    until(lambda: len(mp.active_children()) == 3, "three workers")
    registry.close()
    until(lambda: not mp.active_children(), "the workers to end")
    until(lambda: set(threading.enumerate()) <= before, "the threads to end")
    assert [registry.get(run_id).status for run_id in runs] == ["stopped"] * 2
    assert list(job) in ([], [Checkpoint(7, b"7")])
    with pytest.raises(RegistryError, match="shutting down"):
        start(registry)
    registry.close()  # twice is fine


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forkserver")
def test_a_run_closed_while_it_starts_leaves_nothing(make):
    registry = make(WorkerRuntime(), task="fake_tasks:sleeping")
    start(registry)
    registry.close()
    until(lambda: not mp.active_children(), "the worker to end")


# --- what is kept of runs that have ended ------------------------------------------------------------------------------


def ended(registry, size: int) -> str:
    run = registry.start(Values(size=size), task="fake_tasks:weighing")
    until_status(registry, run, "finished")
    return run


def test_weights_of_ended_runs_are_bounded_and_what_is_lost_is_said(make):
    registry = make(max_weight_bytes=2500, clock=Clock())
    runs = []
    for _ in range(5):
        runs.append(ended(registry, 1000))
        registry.sweep()
    assert [bool(registry.get(run).checkpoint) for run in runs] == [False] * 3 + [True] * 2
    lost = registry.get(runs[0])
    assert lost.message == "Its weights were let go to make room for those of newer runs." and lost.status == "finished"
    with pytest.raises(RegistryError, match="let go to make room.*train it again"):
        registry.checkpoint(runs[0])
    with pytest.raises(RegistryError, match="let go to make room.*train it again"):
        asyncio.run(registry.ask(runs[0], "decode", {}))
    assert registry.checkpoint(runs[-1])


def test_the_weights_that_somebody_looks_at_stay(make):
    clock = Clock()
    registry = make(max_weight_bytes=1500, clock=clock)
    first = ended(registry, 1000)
    clock.now += 1
    second = ended(registry, 1000)
    clock.now += 1
    registry.touch(first)
    registry.sweep()
    assert registry.get(first).checkpoint and not registry.get(second).checkpoint


def test_one_run_that_is_larger_than_all_keeps_its_weights_and_active_ones_do(make):
    registry = make(max_weight_bytes=10)
    going = start(registry, **FOREVER, checkpoint_at=1)
    until(lambda: registry.get(going).checkpoint, "a checkpoint")
    last = ended(registry, 1000)
    registry.sweep()
    assert registry.get(last).checkpoint and registry.get(going).checkpoint


def test_a_training_loses_the_checkpoints_of_its_past_too(make):
    registry = make(max_weight_bytes=0, clock=Clock())
    runs = [start(registry, steps=3, checkpoint_at=1) for _ in range(2)]
    for run in runs:
        until_status(registry, run, "finished")
    registry.sweep()
    lost, kept = (registry.get(run) for run in runs)
    assert lost.moments.checkpoints == () and lost.moments.snapshots and kept.moments.checkpoints
    with pytest.raises(RegistryError, match="No checkpoint of this run"):
        registry.fork(runs[0], 2, Values(steps=9))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="descriptors are counted in /proc")
def test_runs_that_have_ended_hold_no_descriptors(make):
    """All of them are kept; each held its pipe's end and its worker's sentinel."""
    registry = make(WorkerRuntime())
    until_status(registry, start(registry, steps=1), "finished")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        until_status(registry, start(registry, steps=1), "finished")
    until(lambda: not any(thread.name == "run" for thread in threading.enumerate()), "the threads to end")
    assert len(registry) == 21 and len(os.listdir("/proc/self/fd")) - before < 5
