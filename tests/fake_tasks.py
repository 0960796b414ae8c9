"""Tasks that cost nothing, for the tests of runtimes: each is a generator of events, like `playground.train:train`."""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from playground.config import ConfigError
from playground.runs.events import Checkpoint, Failed, Finished, Paused, Progress, Snapshot, Started


def counting(config=None, control=None, resume=None):
    """A loop that does everything a training does, but counts instead. `config`: steps, pause (seconds a step)."""
    config = config or {}
    step = first = int(resume or b"0")
    settings = {"learning_rate": 1.0}
    yield Started(config if isinstance(config, dict) else config.model_dump(), 0, "cpu", step)
    while step < config.get("steps", 10):
        control.update()
        if control.paused:
            yield Paused(step, True)
            while control.paused:
                control.wait(1.0)
                if control.pop_checkpoint_request():
                    yield Checkpoint(step, str(step).encode())
            yield Paused(step, False)
        if control.stopped:
            yield Finished(step, str(step).encode(), stopped=True)
            return
        settings.update(control.pop_changes())
        step += 1
        time.sleep(config.get("pause", 0.0))
        if control.pop_checkpoint_request() or config.get("checkpoint_at") == step - first:
            yield Checkpoint(step, str(step).encode())
        if step == config.get("die_at") and resume is None:
            os.kill(os.getpid(), signal.SIGKILL)
        losses = {"train": 1 / step, "learning_rate": settings["learning_rate"], "rate": control.snapshot_rate}
        yield Progress(step, 0.0, losses)
        if control.snapshot_rate > 0:
            yield Snapshot(step, {"x": np.full(3, step)})
    yield Finished(step, str(step).encode())


def weighing(config, control=None):
    """Ends with a checkpoint of so many bytes."""
    yield Started({}, 0, "cpu")
    yield Finished(1, bytes(config.get("size")))


def dying(at, control=None):
    for step in range(at + 1):
        yield Progress(step, 0.0, {})
    os.kill(os.getpid(), signal.SIGKILL)


def raising(kind, control=None):
    yield Progress(3, 0.0, {})
    raise {"memory": MemoryError("x"), "config": ConfigError("width = 0 is refused."), "other": KeyError("oops")}[kind]


def hoarding(n_bytes, control=None):
    yield Progress(1, 0.0, {})
    np.ones(n_bytes, dtype=np.uint8)
    yield Finished(2, b"")


def sleeping(config=None, control=None, resume=None):
    """One step that never ends, and listens to nobody."""
    yield Started({}, 0, "cpu")
    yield Checkpoint(7, b"7")
    time.sleep(600)


def facts(control=None):
    """What a worker looks like from inside: its modules, priority, threads, parent and signals."""
    import torch

    modules = ",".join(name for name in ("gradio", "pytest") if name in sys.modules)
    ignores = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    values = {"nice": os.nice(0), "threads": torch.get_num_threads(), "ignores_ctrl_c": ignores, "pid": os.getpid()}
    yield Progress(0, 0.0, values)
    yield Failed(0, modules)


def warm(control=None):
    """Whether the parent had torch and its compiler ready; read before anything is imported here."""
    yield Progress(0, 0.0, {name: float(name in sys.modules) for name in ("torch", "torch._dynamo")})


def bulky(n_bytes, control=None):
    """Big checkpoints out while messages come in. The last step counts the settings that came."""
    changes = {}
    for step in range(8):
        yield Checkpoint(step, bytes(n_bytes))
        control.update()
        changes.update(control.pop_changes())
    while "last" not in changes:
        control.wait(5.0)
        changes.update(control.pop_changes())
    yield Finished(len(changes), b"")


def autograd(control=None):
    """A worker must be able to go backward, whatever the forkserver did."""
    import torch

    weight = torch.ones(3, requires_grad=True)
    weight.square().sum().backward()
    yield Progress(0, 0.0, {"gradient": weight.grad.sum().item()})


def recording(path, control=None):
    """Writes its process id, then takes a long step."""
    Path(path).write_text(str(os.getpid()))
    yield Progress(0, 0.0, {"warm": "torch" in sys.modules})
    time.sleep(600)


def echo(config, control=None):
    """Says which config it was given."""
    yield Started(config.model_dump(), 0, "cpu")
    yield Finished(1, f"{type(config).__name__} {config.width}".encode())


class Values:
    """Looks like a config to the registry and like a dict to the fake task."""

    def __init__(self, **values):
        self.get = values.get

    def model_dump(self):
        return {"fake": True}
