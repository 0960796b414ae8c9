"""How good the bound of a VAE is: its curves while it trains, and the study that measures it."""

from playground.features.bounds.settings import BoundsConfig
from playground.features.bounds.view import bound_curves, bounds_study
from playground.features.feature import Feature

FEATURE = Feature("bounds", BoundsConfig, "playground.features.bounds.run:bounds_run", bounds_study, history=bound_curves)
