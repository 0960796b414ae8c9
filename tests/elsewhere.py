"""Runtimes that are elsewhere, for tests: a Ray cluster on this machine, and ZeroGPU's own package with its calls for a device stubbed."""

import importlib.util
import itertools
import os
import secrets
import sys
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

TESTS = Path(__file__).resolve().parent
TOKEN = secrets.token_hex(32)
"""Of all clusters: a process of Ray's reads it once."""


class Everything:
    """Contains all."""

    def __contains__(self, name: str) -> bool:
        return True


@contextmanager
def ray_cluster(nodes=2, cpus=8):
    """The address of a cluster on this machine, which asks for a token."""
    if importlib.util.find_spec("ray") is None:  # and not imported: it reads its environment then
        pytest.skip("ray is not installed.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", TOKEN)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")])))
        import ray
        from ray.cluster_utils import Cluster

        node = {"num_cpus": cpus, "object_store_memory": 100 * 2**20}
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        try:
            for _ in range(nodes - 1):
                cluster.add_node(**node)
            yield cluster.address
        finally:
            ray.shutdown()
            cluster.shutdown()


@contextmanager
def ray_runtime(workers):
    """A `RayRuntime` on a cluster of two nodes on this machine."""
    with ray_cluster() as address:
        from playground.runtimes.ray_cluster import RayRuntime

        yield RayRuntime(address, workers, trainings=Everything())


@contextmanager
def zerogpu_runtime(workers, seconds=45.0, refusal=None):
    """A `ZeroGPURuntime` on the package that a ZeroGPU Space has; what would be asked of Hugging Face's scheduler and of a device is stubbed.
    With `refusal` no device is ever lent. `runtime.log` tells what was lent and given back."""
    spaces = pytest.importorskip("spaces")
    from spaces.config import Config
    from spaces.zero import client, config, decorator

    device = ModuleType("spaces.zero.torch")  # which only loads beside a torch that was built for a GPU
    for name in ("unpatch", "init", "move", "enter_mode"):
        setattr(device, name, lambda *args, **kwargs: None)
    device.size = lambda: 0
    numbers, log = itertools.count(), []

    def schedule(task_id, request=None, duration=None, gpu_size=None):
        if refusal is not None:
            raise refusal
        log.append("lent")
        return SimpleNamespace(allowToken=f"token {next(numbers)}", nvidiaIndex=0, nvidiaUUID="GPU-0", idle=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "zero_gpu", True)
        patch.setattr(decorator, "decorated_cache", {})
        patch.setattr(config, "get_config", lambda: {"duration_factor": 1, "xlarge_threshold": None})
        patch.setattr(client, "schedule", schedule)
        patch.setattr(client, "allow", lambda allow_token: None)
        patch.setattr(
            client, "release", lambda allow_token, fail=False, allow_404=False: log.append("taken" if fail else "given back")
        )
        patch.setattr(client, "duration_warning", lambda: None)
        patch.setitem(sys.modules, "spaces.zero.torch", device)
        patch.setattr(sys.modules["spaces.zero"], "torch", device, raising=False)
        from playground.runtimes.zerogpu import ZeroGPURuntime

        runtime = ZeroGPURuntime(workers, seconds, trainings=("fake_tasks:counting", "playground.runs.training:train"))
        runtime.log = log
        assert hasattr(runtime._lend, "zerogpu") and spaces.GPU is decorator.GPU
        yield runtime
