"""The study that compares six ways to draw latents, of an autoencoder and of a VAE."""

from playground.features.comparison.settings import ComparisonConfig
from playground.features.comparison.view import comparison_views
from playground.features.feature import Feature

RUN = "playground.features.comparison.run:comparison_run"
FEATURE = Feature("comparison", ComparisonConfig, RUN, comparison_views, others=("vae",))
