"""The study that runs a diffusion model under diffusers' schedulers."""

from playground.features.arena.settings import ArenaConfig
from playground.features.arena.view import arena_study, results
from playground.features.feature import Feature
from playground.features.samples.feature import data

RUN = "playground.features.arena.run:arena_run"
FEATURE = Feature("arena", ArenaConfig, RUN, arena_study, results=results, static={"arena": data})
