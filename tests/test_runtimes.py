"""Runtimes: the same events and the same words in this process, in a worker, on a lent GPU and on a cluster; and no orphans."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from elsewhere import ray_runtime, zerogpu_runtime

from playground.runs.control import Control
from playground.runs.events import Checkpoint, Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runtimes import capacity, worker
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.inspectors import Inspectors
from playground.runtimes.worker import ANSWERS_NICE, WorkerRuntime

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 60.0
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the forkserver is used on Linux only")


@pytest.fixture(scope="module")
def workers():
    runtime = WorkerRuntime()
    runtime.warm_up()
    return runtime


@pytest.fixture(scope="module")
def cluster(workers):
    with ray_runtime(workers) as runtime:
        yield runtime


@pytest.fixture(params=["inprocess", "worker", "zerogpu", pytest.param("ray", marks=pytest.mark.thorough)])
def runtime(request, workers):
    """All four keep one contract."""
    if request.param == "ray":
        yield request.getfixturevalue("cluster")
    elif request.param == "zerogpu":
        with zerogpu_runtime(workers) as lent:
            yield lent
    else:
        yield InProcessRuntime() if request.param == "inprocess" else workers


def until(condition, what: str):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# --- Control ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        None,
        "stop",
        {},
        {"kind": "explode"},
        {"kind": "set"},
        {"kind": "set", "values": {1: 2}},
        {"kind": "watch"},
        {"kind": "watch", "rate": -1},
        {"kind": "watch", "rate": float("nan")},
        {"kind": "watch", "rate": True},
        {"kind": ["stop"]},
    ],
)
def test_senseless_messages_are_refused_with_a_sentence(message):
    with pytest.raises(ValueError, match=r"\.$"):
        Control().send(message)


def test_messages_take_effect_at_update_and_the_newest_value_wins():
    control = Control()
    control.send({"kind": "set", "values": {"a": 1, "b": 1}})
    control.send({"kind": "set", "values": {"a": 2}})
    control.send({"kind": "watch", "rate": 0})
    control.send({"kind": "checkpoint"})
    assert control.pop_changes() == {} and control.snapshot_rate > 0
    assert control.update() and not control.update()
    assert control.pop_changes() == {"a": 2, "b": 1} and control.pop_changes() == {}
    assert control.snapshot_rate == 0
    assert control.pop_checkpoint_request() and not control.pop_checkpoint_request()


def test_stop_ends_a_pause_and_a_stopped_loop_can_not_pause():
    control = Control()
    control.send({"kind": "pause"})
    control.update()
    assert control.paused
    control.send({"kind": "stop"})
    control.send({"kind": "pause"})
    control.update()
    assert control.stopped and not control.paused


def test_polled_messages_arrive_and_wait_sleeps_until_one_does():
    inbox: list[dict] = []
    control = Control(poll=lambda: [inbox.pop() for _ in range(len(inbox))])
    assert not control.wait(0.01)
    threading.Timer(0.05, inbox.append, [{"kind": "pause"}]).start()
    assert control.wait(DEADLINE) and control.paused


def test_wait_is_woken_by_another_thread():
    control = Control()
    threading.Timer(0.05, control.send, [{"kind": "stop"}]).start()
    assert control.wait(DEADLINE) and control.stopped


# --- every runtime ---------------------------------------------------------------------------------------------------


def test_events_come_in_order_and_end(runtime):
    events = list(runtime.start("fake_tasks:counting", {"steps": 3}).events())
    assert [type(event) for event in events] == [Started, *[Progress, Snapshot] * 3, Finished]
    assert [event.step for event in events] == [0, 1, 1, 2, 2, 3, 3, 3]
    assert events[-1] == Finished(3, b"3")


def test_keyword_arguments_reach_the_task(runtime):
    events = list(runtime.start("fake_tasks:counting", {"steps": 6}, resume=b"5").events())
    assert events[0].step == 5 and events[-1].step == 6


def test_pause_stops_the_steps_and_resume_goes_on(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
    events = run.events()
    next(event for event in events if isinstance(event, Progress))
    run.send({"kind": "pause"})
    paused = next(event for event in events if isinstance(event, Paused))
    assert paused.paused
    run.send({"kind": "checkpoint"})
    timer = threading.Timer(0.3, run.send, [{"kind": "resume"}])
    timer.start()
    checkpoint, resumed, following = next(events), next(events), next(events)
    assert checkpoint == Checkpoint(paused.step, str(paused.step).encode())
    assert resumed == Paused(paused.step, False)
    assert following.step == paused.step + 1
    run.cancel()
    events.close()


def test_changed_settings_reach_the_loop(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
    events = run.events()
    assert next(e for e in events if isinstance(e, Progress)).losses["learning_rate"] == 1.0
    run.send({"kind": "set", "values": {"learning_rate": 0.5}})
    assert any(isinstance(e, Progress) and e.losses["learning_rate"] == 0.5 for e in events)
    run.cancel()
    events.close()


def test_stop_ends_with_finished(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
    events = run.events()
    next(events)
    run.send({"kind": "stop"})
    last = list(events)[-1]
    assert isinstance(last, Finished) and last.stopped
    run.send({"kind": "stop"})  # to nobody: no error


def test_cancel_ends_without_a_word(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
    events = run.events()
    next(events)
    run.cancel()
    assert not any(isinstance(event, Failed) for event in events)


def test_cancel_before_the_first_event(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9})
    run.cancel()
    assert list(run.events()) == []


def test_a_senseless_message_is_refused_where_it_is_sent(runtime):
    run = runtime.start("fake_tasks:counting", {"steps": 10**9})
    with pytest.raises(ValueError, match="does not understand"):
        run.send({"kind": "explode"})
    run.cancel()


@pytest.mark.parametrize(
    ("kind", "message", "suggestion"),
    [
        ("memory", "Out of memory at step 3.", "Try a smaller batch size or width."),
        ("config", "width = 0 is refused.", ""),
        ("other", "The run failed at step 3: KeyError: 'oops'", ""),
    ],
)
def test_errors_travel_as_sentences(runtime, kind, message, suggestion):
    last = list(runtime.start("fake_tasks:raising", kind).events())[-1]
    assert last == Failed(3, message, suggestion)


def test_an_unknown_task_fails_with_a_sentence(runtime):
    (failed,) = runtime.start("fake_tasks:missing").events()
    assert isinstance(failed, Failed) and "AttributeError" in failed.message


# --- workers ---------------------------------------------------------------------------------------------------------


def test_a_killed_worker_is_noticed_and_said(workers):
    *_, progress, failed = workers.start("fake_tasks:dying", 4).events()
    assert progress.step == 4
    assert failed.step == 4 and "killed (signal 9) at step 4" in failed.message and failed.suggestion
    assert failed.checkpoint is None


def test_a_worker_is_polite_and_knows_no_main_module(workers):
    run = workers.start("fake_tasks:facts")
    progress, modules = run.events()
    expected = {"nice": float(os.nice(0) + 10), "threads": 1, "ignores_ctrl_c": True, "pid": run.pid}
    assert progress.losses == expected
    assert modules.message == ""


def test_a_worker_that_answers_is_less_polite_than_a_training(workers):
    progress, _ = workers.for_answers().start("fake_tasks:facts").events()
    assert progress.losses["nice"] == os.nice(0) + ANSWERS_NICE < os.nice(0) + 10 and progress.losses["threads"] == 1
    assert workers.for_answers().memory_limit == workers.memory_limit
    assert Inspectors(workers)._runtime._settings.nice == ANSWERS_NICE


def test_workers_can_go_backward(workers):
    (progress,) = workers.start("fake_tasks:autograd").events()
    assert progress.losses == {"gradient": 6.0}


@linux
def test_workers_are_forked_warm(workers):
    (progress,) = workers.start("fake_tasks:warm").events()
    assert progress.losses == {"torch": 1.0, "torch._dynamo": 1.0}


@linux
def test_a_memory_limit_makes_overallocation_an_error_that_is_said():
    run = WorkerRuntime(memory_limit=2 * 2**30).start("fake_tasks:hoarding", 8 * 2**30)
    progress, failed = run.events()
    assert failed.message.startswith("Out of memory") and "smaller batch" in failed.suggestion
    fine = WorkerRuntime(memory_limit=2 * 2**30).start("fake_tasks:hoarding", 2**20)
    assert isinstance(list(fine.events())[-1], Finished)


def test_both_sides_may_send_much_at_once(workers):
    run = workers.start("fake_tasks:bulky", 4 * 2**20)
    sent = 400
    for i in range(sent):  # nobody reads the worker's events yet, so it stands in a send
        run.send({"kind": "set", "values": {f"s{i}": "x" * 1000}})
        time.sleep(0.001)
    events = run.events()
    assert sum(isinstance(next(events), Checkpoint) for _ in range(8)) == 8
    run.send({"kind": "set", "values": {"last": 1}})
    assert next(events).step == sent + 1


@linux
def test_sending_to_a_frozen_worker_does_not_block(workers):
    run = workers.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.01})
    os.kill(run.pid, signal.SIGSTOP)
    done = threading.Event()

    def flood():
        for _ in range(2000):
            run.send({"kind": "set", "values": {"x": "x" * 500}})
        done.set()

    threading.Thread(target=flood, daemon=True).start()
    assert done.wait(DEADLINE)
    run.cancel()
    until(lambda: not alive(run.pid), "the frozen worker to end")


@linux
def test_closing_the_events_ends_the_worker(workers):
    run = workers.start("fake_tasks:sleeping")
    events = run.events()
    next(events)
    events.close()
    until(lambda: not alive(run.pid), "the worker to end")


PARENT = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
print("main module runs", flush=True)
from playground.runtimes.worker import WorkerRuntime
for event in WorkerRuntime().start("fake_tasks:recording", {path!r}).events():
    print("warm" if event.losses["warm"] else "cold", flush=True)
"""


@linux
def test_no_worker_outlives_a_killed_server_and_none_runs_its_main_module(tmp_path):
    """An unguarded script started from another folder: its workers must neither run it again nor outlive it."""
    script, pid_file = tmp_path / "script.py", tmp_path / "pid"
    script.write_text(PARENT.format(root=str(ROOT), tests=str(ROOT / "tests"), path=str(pid_file)))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, script]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    try:
        assert server.stdout.readline() == "main module runs\n"
        assert server.stdout.readline() == "warm\n"  # not "main module runs" again
        pid = int(pid_file.read_text())
        assert alive(pid)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    until(lambda: not alive(pid), "the orphan to end")


def test_the_web_process_imports_neither_torch_nor_gradio():
    code = (
        "import sys, playground.runs.control, playground.runtimes as r; r.RunRegistry(r.WorkerRuntime());"
        "print([m for m in ('torch', 'gradio', 'scipy', 'sklearn', 'diffusers') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_where_others_reach_the_server_each_training_has_its_share_of_the_gpu(monkeypatch):
    """Trainings at once, times the share of each, leave something of the GPU; one's own has no such limit. Without a GPU nothing is limited."""
    asked = []
    monkeypatch.setattr("torch.cuda.set_per_process_memory_fraction", asked.append)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    worker.share_gpu(0.5)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert capacity.gpu_share(own=True) == 0.0
    for share in (0.0, capacity.gpu_share(own=False)):
        worker.share_gpu(share)
    assert len(asked) == 1 and 0 < asked[0] * capacity.limits(own=False).trainings < 1


def test_a_worker_on_a_gpu_has_no_memory_limit():
    from playground.config import AutoencoderConfig
    from playground.runtimes.worker import _takes_gpu

    assert _takes_gpu((AutoencoderConfig(device="cuda"),)) and not _takes_gpu((AutoencoderConfig(device="cpu"),))
    assert not _takes_gpu(()) and not _takes_gpu((b"a checkpoint to be asked about",))


def test_a_container_has_what_its_cgroup_says(tmp_path, monkeypatch):
    from playground.runtimes import machine

    monkeypatch.setattr(machine, "CGROUP", (tmp_path / "none", tmp_path / "max"))
    (tmp_path / "max").write_text("max\n")
    whole = machine.machine_memory()
    assert whole == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine.worker_memory() == max(machine.LEAST, whole // 4)
    (tmp_path / "max").write_text(f"{6 * 2**30}\n")
    assert machine.machine_memory() == min(whole, 6 * 2**30) and machine.worker_memory() <= 3 * 2**29
    (tmp_path / "max").write_text(f"{2**30}\n")
    assert machine.worker_memory() == machine.LEAST


# --- lent GPUs -------------------------------------------------------------------------------------------------------


def test_leases_follow_each_other_as_one_run(workers):
    with zerogpu_runtime(workers, seconds=0.2) as lent:
        events = list(lent.start("fake_tasks:counting", {"steps": 150, "pause": 0.005}).events())
        assert [event.step for event in events if isinstance(event, Progress)] == list(range(1, 151))
        assert sum(isinstance(event, Started) for event in events) == 1 and events[-1] == Finished(150, b"150")
        assert len(lent.log) >= 4 and set(lent.log) == {"lent", "given back"}


def test_a_paused_run_holds_no_gpu_and_keeps_what_it_was_told(workers):
    with zerogpu_runtime(workers) as lent:
        run = lent.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.001})
        events = run.events()
        run.send({"kind": "set", "values": {"learning_rate": 0.5}})
        assert any(isinstance(event, Progress) and event.losses["learning_rate"] == 0.5 for event in events)
        run.send({"kind": "pause"})
        assert any(isinstance(event, Paused) and event.paused for event in events) and isinstance(next(events), Checkpoint)
        assert lent.log == ["lent", "given back"]
        run.send({"kind": "ask", "id": 7, "name": "decode", "args": {}})
        run.send({"kind": "watch", "rate": 0})
        answer = next(events)
        assert answer.id == 7 and answer.arrays is None and "waits for its GPU" in answer.error
        run.send({"kind": "resume"})
        assert next(events).paused is False
        progress = next(event for event in events if isinstance(event, Progress))
        assert (
            progress.losses["learning_rate"] == 0.5
            or next(e for e in events if isinstance(e, Progress)).losses["learning_rate"] == 0.5
        )
        run.send({"kind": "stop"})
        assert list(events)[-1].stopped and lent.log == ["lent", "given back"] * 2


def test_a_training_on_leases_ends_at_the_numbers_of_one_that_was_not_cut(workers):
    from playground.config import AutoencoderConfig

    config = AutoencoderConfig(dataset="digits", steps=600, latent_dim=2)
    whole = list(InProcessRuntime().start("playground.runs.training:train", config).events())[-1]
    with zerogpu_runtime(workers) as lent:
        run = lent.start("playground.runs.training:train", config)
        events = run.events()
        assert isinstance(next(events), Started)
        run.send({"kind": "pause"})
        assert any(isinstance(event, Paused) and event.paused for event in events)
        run.send({"kind": "resume"})
        *_, last = events
    assert lent.log == ["lent", "given back"] * 2
    assert weights(last.checkpoint) == weights(whole.checkpoint)


def weights(checkpoint: bytes) -> dict[str, bytes]:
    from playground.runs.checkpoint import unpack

    return {name: tensor.numpy().tobytes() for name, tensor in unpack(checkpoint).group("model").items()}


def test_a_gpu_that_is_not_lent_or_is_taken_away_is_said(workers):
    import gradio

    with zerogpu_runtime(workers, refusal=gradio.Error("You have exceeded your quota (60s requested).")) as lent:
        (failed,) = lent.start("fake_tasks:counting", {"steps": 3}).events()
        assert failed.message == "No GPU was lent at step 0: You have exceeded your quota (60s requested)." and failed.suggestion
    with zerogpu_runtime(workers) as lent:
        *_, failed = lent.start("fake_tasks:counting", {"steps": 9, "die_at": 4, "pause": 0.02}).events()
        assert isinstance(failed, Failed) and failed.message.startswith("The GPU was taken away at step")


def test_a_cancelled_lease_leaves_no_process(workers):
    with zerogpu_runtime(workers) as lent:
        run = lent.start("fake_tasks:counting", {"steps": 10**9, "pause": 0.01})
        events = run.events()
        next(events)
        pid = run._pid
        run.cancel()
        assert not any(isinstance(event, Failed) for event in events)
        until(lambda: not alive(pid), "the lease to end")


# --- a cluster -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_training_whose_actor_died_goes_on_from_its_checkpoint(cluster):
    run = cluster.start("fake_tasks:counting", {"steps": 30, "checkpoint_at": 5, "die_at": 10, "pause": 0.01})
    run.send({"kind": "set", "values": {"learning_rate": 0.5}})
    events = list(run.events())
    assert [event.step for event in events if isinstance(event, Started)] == [0, 5]
    assert events[-1] == Finished(30, b"30")
    assert [event for event in events if isinstance(event, Progress)][-1].losses["learning_rate"] == 0.5


@pytest.mark.slow
def test_an_actor_that_died_with_nothing_to_go_on_from_is_said(cluster):
    *_, failed = cluster.start("fake_tasks:dying", 4).events()
    assert isinstance(failed, Failed) and "ended unexpectedly" in failed.message and failed.suggestion


@pytest.mark.slow
def test_data_that_were_brought_and_checkpoints_reach_a_node_without_our_folder(cluster, tmp_path, monkeypatch):
    from playground.config import DiffusionConfig
    from playground.data.base import Split
    from playground.data.own import shelf

    monkeypatch.setenv(shelf.FOLDER, str(tmp_path))
    x = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
    split = Split(x, np.zeros(len(x), "i8"))
    name = shelf.keep(shelf.Brought("Mine", "Points.", "a test", ("all",), split, split))
    config = DiffusionConfig(dataset=name, steps=20)
    *_, first = cluster.start("playground.runs.training:train", config).events()
    *_, second = cluster.start("playground.runs.training:train", config.replace(steps=30), resume=first.checkpoint).events()
    assert isinstance(first, Finished) and isinstance(second, Finished) and second.step == 30


@pytest.mark.slow
def test_a_cancelled_actor_is_gone(cluster):
    run = cluster.start("fake_tasks:sleeping")
    events = run.events()
    next(events)
    pid = run.pid
    run.cancel()
    until(lambda: not alive(pid), "the actor to end")
    assert not any(isinstance(event, Failed) for event in events)


@pytest.mark.slow
def test_no_cluster_is_a_sentence():
    pytest.importorskip("ray")
    code = "from playground.runtimes.ray_cluster import connect; connect('127.0.0.1:1')"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert "RegistryError: No Ray cluster answers at '127.0.0.1:1'" in done.stderr
