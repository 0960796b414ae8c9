"""The studies by name: what the page and the API may start with a trained model."""

from __future__ import annotations

from playground.config import ArenaConfig, BoundsConfig, ComparisonConfig, LikelihoodConfig, ReflowConfig, StudyConfig

STUDIES: dict[str, tuple[type[StudyConfig], str]] = {
    "arena": (ArenaConfig, "playground.features.arena.run:arena_run"),
    "bounds": (BoundsConfig, "playground.features.bounds.run:bounds_run"),
    "likelihood": (LikelihoodConfig, "playground.features.likelihood.run:likelihood_run"),
    "comparison": (ComparisonConfig, "playground.features.comparison.run:comparison_run"),
    "reflow": (ReflowConfig, "playground.features.reflow.run:reflow_run"),
}
"""Measurements of a trained model, each a run of its own: name -> its settings, and the generator that makes it."""
