"""The study that measures one model by all measures."""

from playground.features.evaluation.settings import EvaluationConfig
from playground.features.evaluation.view import evaluation_view
from playground.features.feature import Feature

RUN = "playground.features.evaluation.run:evaluation_run"
FEATURE = Feature("evaluation", EvaluationConfig, RUN, evaluation_view, latents=True)
