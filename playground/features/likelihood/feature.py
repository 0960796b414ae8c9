"""The study of log p(x) under a diffusion model."""

from playground.features.feature import Feature
from playground.features.likelihood.settings import LikelihoodConfig
from playground.features.likelihood.view import likelihood_views

FEATURE = Feature("likelihood", LikelihoodConfig, "playground.features.likelihood.run:likelihood_run", likelihood_views)
