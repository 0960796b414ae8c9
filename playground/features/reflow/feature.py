"""The study that straightens a rectified flow."""

from playground.features.feature import Feature
from playground.features.reflow.settings import ReflowConfig
from playground.features.reflow.view import reflow_views

FEATURE = Feature("reflow", ReflowConfig, "playground.features.reflow.run:reflow_run", reflow_views)
