"""The scheduler arena as a page draws it: the results as they are, pictures as short strings."""

from __future__ import annotations

import numpy as np

from playground.features.feature import Memory
from playground.measures.networks import described
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord
from playground.views.codec import f32, u8
from playground.views.images import Payload


def arena_study(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """The view `arena` of a run of `playground.features.arena.run`."""
    found = arena(record.newest.arrays, record.newest.step)
    return {"arena": found | ({"network": described(record.config["dataset"])} if found.get("looked_at") else {})}


def arena(arrays: dict[str, np.ndarray], step: int) -> Payload:
    """As `Arena` in `shape.py` but for `network`; the ways of points lead from noise to data."""
    return results(arrays) | {"step": int(step), "pictures": _pictures(arrays)}


def _pictures(arrays: dict[str, np.ndarray]) -> dict[str, Payload]:
    shown = [str(int(i)) for i in arrays.get("shown", ())]
    if "tiles" in arrays:
        n, h, w = arrays["tiles"].shape[1:4]
        return {i: {"h": h, "w": w, "n": n, "data": u8(tiles)} for i, tiles in zip(shown, arrays["tiles"])}
    if "dots" not in arrays:
        return {}
    sizes = arrays["length"].astype(int)
    ways = np.split(arrays["paths"], np.cumsum(sizes * (len(arrays["paths"]) // max(1, sizes.sum())))[:-1])
    return {
        i: {"dots": f32(dots), "T": int(T), "n": len(way) // (2 * int(T)), "ways": f32(way)}
        for i, dots, T, way in zip(shown, arrays["dots"], sizes, ways)
    }


def results(arrays: dict[str, np.ndarray]) -> Payload:
    """The numbers alone: `{rows, floor, left_out, unit, reference, …}`."""
    return read_json(arrays["board"])


def schedulers(arrays: dict[str, np.ndarray]) -> Payload:
    """Who may take part: `{schedule, version, in: [{name, title, noise, ours, convention, grid, distance}], out: [{name, title,
    reason}]}`."""
    return read_json(arrays["schedulers"])


def folder(arrays: dict[str, np.ndarray]) -> Payload:
    """What is in an opened diffusers folder: `{shape, n_parameters, dataset, schedule, prediction}`."""
    return read_json(arrays["folder"])
