"""Every setting, once: its default, bounds, unit and help. Sliders, the command line, the API, links and checkpoints are derived from them."""

from playground.config.autoencoders import AutoencoderConfig, LatentConfig, VAEConfig
from playground.config.diffusion import DiffusionConfig, LatentDiffusionConfig
from playground.config.likelihoods import LIKELIHOODS
from playground.config.models import (
    MODELS,
    NOT_GENERATIVE,
    Model,
    diffuses_data,
    encodes,
    has_bound,
    is_plain_autoencoder,
    model_of,
    unit_of,
)
from playground.config.runs import CONFIGS, change_live, parse_config, shaping
from playground.config.samplers import SampleConfig, SamplerSettings
from playground.config.settings import ConfigError, FieldSpec, Settings, Slider, field_specs, setting
from playground.config.studies import TIME_GRIDS, StudyConfig
from playground.config.training import IMAGE_DATASETS, RunConfig, of_points, of_table, words_for

__all__ = [
    "AutoencoderConfig",
    "CONFIGS",
    "ConfigError",
    "DiffusionConfig",
    "FieldSpec",
    "IMAGE_DATASETS",
    "LIKELIHOODS",
    "LatentConfig",
    "LatentDiffusionConfig",
    "MODELS",
    "Model",
    "NOT_GENERATIVE",
    "RunConfig",
    "SampleConfig",
    "SamplerSettings",
    "Settings",
    "Slider",
    "StudyConfig",
    "TIME_GRIDS",
    "VAEConfig",
    "change_live",
    "diffuses_data",
    "encodes",
    "field_specs",
    "has_bound",
    "is_plain_autoencoder",
    "model_of",
    "of_points",
    "of_table",
    "parse_config",
    "setting",
    "shaping",
    "unit_of",
    "words_for",
]
