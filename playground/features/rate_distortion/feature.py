"""The way of a VAE on the rate-distortion plane."""

from playground.features.feature import Feature
from playground.features.rate_distortion.view import rate_view

FEATURE = Feature("rate_distortion", history=rate_view)
