"""How good the samples of a training are, while it goes."""

from playground.features.feature import Feature
from playground.features.quality.view import quality_view

FEATURE = Feature("quality", history=quality_view)
