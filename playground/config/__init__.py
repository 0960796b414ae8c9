"""Every setting, once: its default, bounds, unit and help. Sliders, the command line, the API, links and checkpoints are derived from them."""

from playground.config.runs import (
    CONFIGS,
    IMAGE_DATASETS,
    OF_THE_WEIGHTS,
    POINT_DATASETS,
    AnyDataset,
    AutoencoderConfig,
    DiffusionConfig,
    LatentConfig,
    LatentDiffusionConfig,
    RunConfig,
    VAEConfig,
    change_live,
    parse_config,
)
from playground.config.samplers import SampleConfig, SamplerSettings
from playground.config.settings import ConfigError, FieldSpec, Settings, field_specs, setting
from playground.config.studies import TIME_GRIDS, StudyConfig

__all__ = [
    "OF_THE_WEIGHTS",
    "AnyDataset",
    "AutoencoderConfig",
    "CONFIGS",
    "ConfigError",
    "DiffusionConfig",
    "FieldSpec",
    "IMAGE_DATASETS",
    "LatentConfig",
    "LatentDiffusionConfig",
    "POINT_DATASETS",
    "RunConfig",
    "SampleConfig",
    "SamplerSettings",
    "Settings",
    "StudyConfig",
    "TIME_GRIDS",
    "VAEConfig",
    "change_live",
    "field_specs",
    "parse_config",
    "setting",
]
