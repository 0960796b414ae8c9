"""t-SNE beside the runs: the newest latents win, one process that comes when it is wanted and never stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from serving import alive, stat

from playground.measures.projection import Embedding, ProjectionSettings
from playground.runs.control import Control
from playground.runs.events import Answer, Failed
from playground.runtimes import projector as module
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.projector import Projector

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 180.0  # a busy machine leaves little to a process of low priority
TSNE = ProjectionSettings("tsne", perplexity=8)
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def latents(seed=0, n=60, d=5):
    rng = np.random.default_rng(seed)
    return 4 * rng.normal(size=(4, d))[np.arange(n) % 4] + rng.normal(size=(n, d))


def until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.01)


class Listener:
    """Counts for whom news came."""

    def __init__(self):
        self.runs = []

    def __call__(self, run_id):
        self.runs.append(run_id)

    def wait(self, n):
        until(lambda: len(self.runs) >= n, f"{n} news")


class Slow:
    """A runtime whose process answers when it is told to, and notes what it is asked. `dies`: it ends instead, that often."""

    def __init__(self, dies=0):
        self.asked, self.go, self.starts, self.dies = [], threading.Semaphore(0), 0, dies

    def start(self, task):
        self.starts += 1
        self.waiting = threading.Semaphore(0)
        return self

    def send(self, message):
        self.asked.append(message["args"])
        self.waiting.release()

    def events(self):
        while True:
            self.waiting.acquire()
            self.go.acquire()
            if self.dies:
                self.dies -= 1
                yield Failed(0, "killed")
                return
            n = len(self.asked[-1]["latent"])
            arrays = {"points": np.full((n, 2), float(len(self.asked))), "scale": np.array(2.0), "seconds": np.array(0.1)}
            yield Answer(self.starts and self.projector._serial, arrays)

    def cancel(self):
        self.dies = 1
        self.waiting.release()
        self.go.release()


@pytest.fixture
def made():
    """Makes projectors, which are closed after the test."""
    begun = []

    def make(runtime, **settings):
        listener = Listener()
        projector = Projector(listener, runtime, **settings)
        runtime.projector = projector
        begun.append(projector)
        return projector, listener

    yield make
    for projector in begun:
        projector.close()


# --- the process's end ------------------------------------------------------------------------------------------------------


def test_serve_answers_with_the_embedding():
    control = Control()
    args = {"latent": latents(), "settings": TSNE, "previous": None, "fresh": True}
    control.send({"kind": "ask", "id": 5, "name": "embed", "args": args})
    (answer,) = module.serve(control, idle_seconds=0.01)
    assert (
        answer.id == 5 and answer.arrays["points"].shape == (60, 2) and answer.arrays["scale"] > 1 and answer.arrays["seconds"] > 0
    )


def test_what_goes_wrong_is_a_sentence(capsys):
    control = Control()
    args = {"latent": "nonsense", "settings": TSNE, "previous": None, "fresh": True}
    control.send({"kind": "ask", "id": 5, "name": "embed", "args": args})
    (answer,) = module.serve(control, idle_seconds=0.01)
    assert answer.arrays is None and answer.error.startswith("t-SNE failed: ") and "Traceback" in capsys.readouterr().err


# --- the server's end -------------------------------------------------------------------------------------------------------


def test_nothing_is_started_before_it_is_wanted(made):
    runtime = Slow()
    projector, _ = made(runtime)
    assert projector.newest("a") is None and projector.at("a", 3) is None and runtime.starts == 0 and projector.pid is None


def test_the_newest_latents_are_taken_and_those_between_are_left_out(made):
    runtime = Slow()
    projector, listener = made(runtime, rest=0.0)
    projector.submit("a", 1, latents(1), TSNE)
    until(lambda: len(runtime.asked) == 1, "the first question")
    for step in range(2, 9):
        projector.submit("a", step, latents(step), TSNE)
    assert projector.newest("a") is None  # it is under way, and nothing waited for it
    runtime.go.release(2)
    listener.wait(2)
    assert len(runtime.asked) == 2 and projector.newest("a").step == 8
    np.testing.assert_array_equal(runtime.asked[1]["latent"], latents(8))


def test_the_first_picture_is_fresh_and_the_next_starts_from_it(made):
    runtime = Slow()
    runtime.go.release(9)
    projector, listener = made(runtime, rest=0.0)
    for step, settings in enumerate([TSNE, TSNE, ProjectionSettings("tsne", perplexity=20)], 1):
        projector.submit("a", step, latents(step), settings)
        listener.wait(step)
    first, second, third = runtime.asked
    assert first["fresh"] and first["previous"] is None
    assert not second["fresh"] and isinstance(second["previous"], Embedding) and (second["previous"].points == 1.0).all()
    assert third["fresh"] and (third["previous"].points == 2.0).all()


def test_an_unchanged_model_does_not_move_at_all(made):
    runtime = Slow()
    runtime.go.release(9)
    projector, listener = made(runtime, rest=0.0)
    projector.submit("a", 1, latents(), TSNE)
    listener.wait(1)
    before = projector.newest("a")
    projector.submit("a", 5, latents(), TSNE)
    listener.wait(2)
    after = projector.newest("a")
    assert len(runtime.asked) == 1 and after.step == 5 and after.serial > before.serial
    np.testing.assert_array_equal(after.embedding.points, before.embedding.points)


def test_it_rests_beside_a_training_but_not_for_the_first_picture_nor_after_the_end(made):
    runtime = Slow()
    runtime.go.release(9)
    projector, listener = made(runtime, rest=1e6)
    projector.submit("a", 1, latents(1), TSNE)
    listener.wait(1)
    projector.submit("a", 2, latents(2), TSNE)
    projector.submit("b", 7, latents(7), TSNE)
    listener.wait(2)
    assert listener.runs == ["a", "b"] and projector.newest("a").step == 1
    projector.submit("a", 3, latents(3), TSNE, rest=False)
    listener.wait(3)
    assert projector.newest("a").step == 3


def test_runs_take_turns(made):
    runtime = Slow()
    projector, listener = made(runtime, rest=0.0)
    for run in "abc":
        projector.submit(run, 1, latents(1), TSNE)
    runtime.go.release(3)
    listener.wait(3)
    projector.submit("a", 2, latents(2), TSNE)
    until(lambda: len(runtime.asked) == 4, "a")
    for run in "bca":
        projector.submit(run, 3, latents(3), TSNE)
    runtime.go.release(4)
    listener.wait(7)
    assert listener.runs[3:] == ["a", "b", "c", "a"]


def test_a_process_that_died_is_started_again_and_the_run_is_told(made):
    runtime = Slow(dies=1)
    projector, listener = made(runtime, rest=0.0)
    projector.submit("a", 1, latents(), TSNE)
    runtime.go.release()
    listener.wait(1)
    assert "ended unexpectedly, and is started again" in projector.newest("a").error
    runtime.go.release()
    listener.wait(2)
    found = projector.newest("a")
    assert runtime.starts == 2 and not found.error and found.step == 1 and found.embedding is not None


def test_one_that_keeps_dying_is_left_alone_until_somebody_chooses_again(made):
    runtime = Slow(dies=3)
    runtime.go.release(9)
    projector, listener = made(runtime, rest=0.0)
    projector.submit("a", 1, latents(), TSNE)
    listener.wait(3)
    assert "choose it again" in projector.newest("a").error
    projector.submit("a", 2, latents(2), TSNE)
    projector.submit("b", 2, latents(2), TSNE)  # another run may try
    listener.wait(4)
    assert listener.runs[3] == "b" and projector.newest("b").embedding is not None and projector.newest("a").step == 1
    projector.retry("a")
    assert not projector.newest("a").error
    projector.submit("a", 3, latents(3), TSNE)
    listener.wait(5)
    assert projector.newest("a").step == 3 and not projector.newest("a").error


def test_the_past_is_bounded_and_of_one_kind(made, monkeypatch):
    monkeypatch.setattr(module, "MAX_PAST", 6)
    runtime = Slow()
    runtime.go.release(99)
    projector, listener = made(runtime, rest=0.0)
    for i in range(20):
        projector.submit("a", 10 * i, latents(i), TSNE)
        listener.wait(i + 1)
    kept = {projector.at("a", step).step for step in range(0, 300, 10)}
    assert 3 <= len(kept) <= 6 and {0, 190} <= kept and projector.at("a", -1) is None
    projector.submit("a", 200, latents(), ProjectionSettings("tsne", seed=3))
    listener.wait(21)
    assert projector.at("a", 199) is None and projector.at("a", 200).settings.seed == 3
    projector.forget("a")
    assert projector.newest("a") is None and projector.at("a", 300) is None


def test_a_closed_one_takes_nothing(made):
    runtime = Slow()
    projector, _ = made(runtime)
    projector.submit("a", 1, latents(), TSNE)
    until(lambda: runtime.asked, "the question")
    projector.close()
    projector.submit("b", 1, latents(), TSNE)
    assert not projector._thread.is_alive() and runtime.starts == 1


def test_in_this_process_too(made):
    projector, listener = made(type("Plain", (InProcessRuntime,), {})(), rest=0.0)
    projector.submit("a", 1, latents(), TSNE)
    listener.wait(1)
    assert projector.newest("a").embedding.points.shape == (60, 2)


# --- the real process -------------------------------------------------------------------------------------------------------


def real(listener):
    return Projector(listener, rest=0.0)


@linux
def test_a_real_process_has_low_priority_survives_being_killed_and_ends():
    listener = Listener()
    projector = real(listener)
    projector.submit("a", 1, latents(), TSNE)
    listener.wait(1)
    pid = projector.pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.nice(0) + module.NICE)
    os.kill(pid, signal.SIGKILL)
    projector.submit("a", 2, latents(2), TSNE)
    until(lambda: (found := projector.newest("a")).step == 2 and not found.error, "the embedding after the death")
    last = projector.pid
    assert last != pid
    projector.close()
    until(lambda: (facts := stat(last)) is None or facts[1] == "Z", "its end")


SERVER = """
import signal, time
import numpy as np
from playground.measures.projection import ProjectionSettings
from playground.runtimes.projector import Projector
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored from birth where the tests run in the background of a shell
    projector = Projector(lambda run: print(projector.pid, flush=True), rest=0.0)
    projector.submit("a", 1, np.random.default_rng(0).normal(size=(60, 5)), ProjectionSettings("tsne"))
    time.sleep(600)
"""


@pytest.mark.slow
@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_orphan_is_left_when_the_server_ends(how, tmp_path):
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        pid = int(server.stdout.readline())
        process = (pid, stat(pid)[2])
        assert alive(process)
    finally:
        server.send_signal(how)
        server.wait(DEADLINE)
    until(lambda: not alive(process), "the end of its process")
