"""A run on data that somebody brought, taken to where these were brought, too: there they have another name, and are known by what is in them."""

from __future__ import annotations

from dataclasses import replace

from playground.config import LatentDiffusionConfig, RunConfig, parse_config
from playground.data import DATASETS
from playground.data.own import shelf
from playground.runs.checkpoint import CheckpointError, pack, unpack
from playground.runs.events import Checkpoint
from playground.runtimes.records import RunRecord

ELSEWHERE = (
    "This run is refused: its data, which somebody brought where it was trained, are not on this server. Bring the very same files here first, "
    "then the whole run (.zip), which knows them by what is in them."
)


def at_home(there: RunRecord, newest: bytes) -> RunRecord:
    """The same run with its weights, `newest` among them, on the very same data by the name that they have here, where they are here by another one."""
    loaded = unpack(newest)
    if DATASETS[loaded.config.dataset].available() or there.started is None:
        return there
    name = shelf.alike(loaded.config.dataset, there.started.data, loaded.data_shape)
    if name is None:
        return there
    kept = there.moments.checkpoints if there.moments else ()
    moments = there.moments and replace(
        there.moments, checkpoints=tuple(Checkpoint(one.step, moved(one.data, name)) for one in kept)
    )
    config = on_data(parse_config(there.config), name).model_dump()
    return replace(there, config=config, checkpoint=moved(newest, name), moments=moments)


def on_data(config: RunConfig, name: str) -> RunConfig:
    """The same settings, on these data."""
    inner = {"autoencoder": on_data(config.autoencoder, name)} if isinstance(config, LatentDiffusionConfig) else {}
    return config.replace(dataset=name, **inner)


def moved(data: bytes, name: str) -> bytes:
    """The same weights, trained on these data; what are none is left as it is, for others to refuse."""
    try:
        loaded = unpack(data)
    except CheckpointError:
        return data
    groups = {group: loaded.group(group) for group in dict.fromkeys(key.partition("/")[0] for key in loaded.tensors)}
    return pack(on_data(loaded.config, name), loaded.step, loaded.seconds, loaded.data_shape, groups)
