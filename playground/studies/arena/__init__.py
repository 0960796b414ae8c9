"""The scheduler arena: one trained model under many of diffusers' schedulers, from the same noise, measured alike.

    model    what is sampled from: a checkpoint of ours or a diffusers folder, with the data that its samples are held against
    board    the results so far, as arrays
    run      the loop: `arena_run`, and `schedulers_run`, which says who may take part; `folder_run`, which looks into a folder
"""

from playground.studies.arena.run import arena_run, folder_run, schedulers_run

__all__ = ["arena_run", "folder_run", "schedulers_run"]
