"""What a training will take is said before it starts: the parameters exactly, the memory within a factor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, LatentDiffusionConfig, VAEConfig
from playground.data import DATASETS
from playground.runs.tasks import TASKS
from playground.runtimes import footprint
from playground.runtimes.footprint import BASE, estimate, model_size, refuse_too_large
from playground.runtimes.machine import LEAST

ROOT = Path(__file__).resolve().parents[1]

CONFIGS = [
    *(
        AutoencoderConfig(dataset=d, network=n, width=w, depth=k, latent_dim=3)
        for d in ("digits", "fashion_mnist")
        for n in ("mlp", "conv")
        for w, k in ((16, 1), (80, 2), (256, 6))
    ),
    *(
        VAEConfig(dataset="sprites", network=n, likelihood=p, width=48, depth=3)
        for n in ("mlp", "conv")
        for p in ("gaussian", "gaussian_learned", "gaussian_per_pixel", "bernoulli")
    ),
    *(
        DiffusionConfig(dataset=d, network=n, width=w, depth=k, conditional=c)
        for d in ("digits", "fashion_mnist")
        for n in ("auto", "mlp", "unet", "unet2d")
        for w, k in ((16, 1), (64, 5))
        for c in ("off", "on")
    ),
    DiffusionConfig(),
    DiffusionConfig(dataset="fashion_mnist", skip="gaussians"),
    DiffusionConfig(dataset="fashion_mnist", skip="none"),
    DiffusionConfig(dataset="moons", width=16, depth=2, conditional="on"),
    LatentDiffusionConfig(dataset="digits", autoencoder=VAEConfig(dataset="digits", latent_dim=5)),
]


@pytest.mark.parametrize(
    "config",
    CONFIGS,
    ids=lambda c: (
        f"{c.model}-{c.dataset}-{c.network}-{c.width}-{c.depth}-{getattr(c, 'likelihood', getattr(c, 'conditional', ''))}"
    ),
)
def test_the_parameters_are_counted_exactly(config) -> None:
    with torch.device("meta"):
        model = TASKS[config.model].build(config, DATASETS[config.dataset].shape)
    assert model_size(config).parameters == sum(p.numel() for p in model.parameters())


PEAK = """
import json, sys
from playground.config import parse_config
from playground.runs.control import Control
from playground.runs.training import train

def status(name):  # not ru_maxrss, which begins with the peak of the process that started this one
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) * 1024

def peak(values):
    control = Control()
    control.send({"kind": "watch", "rate": 0})
    for event in train(parse_config(values), control):
        pass
    return status("VmHWM")

large = json.loads(sys.argv[1])
small = peak(large | {"width": 16, "depth": 1, "batch_size": 1})
print(small, peak(large))
"""

LARGE = [
    pytest.param(
        VAEConfig(dataset="digits", network="mlp", width=2048, depth=4, latent_dim=64, steps=2, device="cpu"),
        marks=pytest.mark.thorough,
    ),
    AutoencoderConfig(dataset="fashion_mnist", network="conv", width=512, depth=2, batch_size=512, steps=2, device="cpu"),
    DiffusionConfig(
        dataset="digits", network="mlp", skip="linear", width=512, depth=4, batch_size=2048, sampling_steps=1, steps=2, device="cpu"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("config", LARGE, ids=lambda c: f"{c.model}-{c.network}")
def test_the_estimate_is_near_the_measured_peak(config) -> None:
    """Both above what a training of next to nothing takes."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, config.model_dump_json()], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    small, large = map(int, done.stdout.split())
    grown, expected = large - small, estimate(config) - BASE
    assert 0.6 < grown / expected < 1.5, f"{grown / 1e6:.0f} MB measured, {expected / 1e6:.0f} MB estimated"


HUGE = AutoencoderConfig(dataset="fashion_mnist", network="conv", width=2048, depth=6, batch_size=4096)


@pytest.mark.parametrize(
    "config, words",
    [
        (HUGE.replace(width=1024, depth=2), "batch_size = "),
        (VAEConfig(width=2048, depth=6, network="conv", batch_size=16), "width = "),
        (DiffusionConfig(dataset="fashion_mnist", width=1024, depth=12, batch_size=4096), "width = "),
    ],
)
def test_what_would_not_fit_is_refused_with_what_would(config, words, monkeypatch) -> None:
    monkeypatch.setattr(footprint, "on_gpu", lambda device: device == "cuda")
    with pytest.raises(
        ConfigError, match=r"would take about .* GB of memory, and a run may take 2\.0 GB here: .* would fit\."
    ) as caught:
        refuse_too_large(config, 2_000_000_000)
    assert words in str(caught.value)
    refuse_too_large(config.replace(**caught.value.way), 2_000_000_000)  # what it says would fit does
    refuse_too_large(config, None)
    refuse_too_large(config.replace(device="cuda"), 2_000_000_000)


@pytest.mark.parametrize(
    "config", [AutoencoderConfig(), VAEConfig(network="conv"), DiffusionConfig(), DiffusionConfig(dataset="fashion_mnist")]
)
def test_the_defaults_fit_into_the_least_that_a_worker_may_have(config) -> None:
    assert estimate(config) < LEAST


def test_a_service_refuses_before_anything_is_started() -> None:
    from playground.page.service import Service
    from playground.runtimes import InProcessRuntime

    runtime = InProcessRuntime()
    runtime.memory_limit = LEAST
    service = Service(runtime, device="cpu", sweep_seconds=None)
    with pytest.raises(ConfigError, match="GB of memory"):
        service.train(HUGE.model_dump() | {"device": "cpu"})
    assert len(service.registry) == 0
    service.registry.close()
