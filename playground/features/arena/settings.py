"""The settings of the scheduler arena."""

from __future__ import annotations

from typing import Any, Literal

from playground.config import TIME_GRIDS, ConfigError, StudyConfig
from playground.config.settings import setting


class ArenaConfig(StudyConfig):
    """A trained diffusion model under many of diffusers' schedulers: quality against evaluations of the network."""

    study: Literal["arena"] = "arena"
    schedulers: tuple[str, ...] = setting(
        (
            "DDPMScheduler",
            "DDIMScheduler",
            "HeunDiscreteScheduler",
            "DPMSolverMultistepScheduler",
            "UniPCMultistepScheduler",
            "FlowMatchEulerDiscreteScheduler",
        ),
        "Schedulers",
        "Names of classes of diffusers.schedulers.",
        main=True,
    )
    evaluations: tuple[int, ...] = setting(
        (5, 10, 20, 50), "Evaluations (NFE)", "How often the network may be asked for each sample.", main=True, unit="evaluations"
    )
    time_grid: Literal["own", "uniform_t", "karras", "log_snr"] = setting(
        "own",
        "Time grid",
        "At which noise levels the network is asked: each scheduler's own, or the same for all. Those that cannot be "
        "given other levels are then left out, with the reason.",
        main=True,
        titles=TIME_GRIDS,
    )
    seeds: int = setting(3, "Seeds", "Measurements of each distance, from other initial noise each.", ge=1, le=20, main=True)
    n_samples: int = setting(300, "Samples", "In one measurement.", ge=10, le=2000, main=True)

    def __init__(self, /, **values: Any) -> None:
        """Raises `ConfigError` for lists that are empty, too long, or of something else."""
        names, numbers = values.get("schedulers", ("DDIMScheduler",)), values.get("evaluations", (1,))
        if not (
            isinstance(names, (list, tuple))
            and 1 <= len(names) <= 60
            and all(isinstance(n, str) and n.isidentifier() and len(n) <= 80 for n in names)
        ):
            raise ConfigError("schedulers are refused: they must be 1 to 60 names of classes of diffusers.schedulers.")
        whole = isinstance(numbers, (list, tuple)) and all(type(n) is int and 1 <= n <= 1000 for n in numbers)
        if not (whole and 1 <= len(numbers) <= 12):
            raise ConfigError("evaluations are refused: they must be 1 to 12 whole numbers from 1 to 1000.")
        if "schedulers" in values:
            values["schedulers"] = tuple(dict.fromkeys(names))
        if "evaluations" in values:
            values["evaluations"] = tuple(sorted(set(numbers)))
        super().__init__(**values)
