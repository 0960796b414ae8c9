"""A page's question to a model, before it is passed on: its size checked, places on the map turned into latent points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground.config import ConfigError

MOST_VALUES = 6000
"""Numbers and words in all arguments together: 64 points of 64 dimensions, and some."""
MOST_PLACES = 64
ToLatent = Callable[[list[list[float]]], Any]
"""Places on the map, m pairs (or triples, where the map is 3-D), to latent points (m, d); raises ValueError with a sentence."""


def parse(request: Any) -> tuple[str, str, dict[str, Any], int | None]:
    """`[run, name, args]` -> run, name, args without `moment`, and `moment`. Raises `ConfigError`."""
    if not (
        isinstance(request, list) and len(request) == 3
        and all(isinstance(word, str) and len(word) <= 64 for word in request[:2]) and isinstance(request[2], dict)
    ):  # fmt: skip
        raise ConfigError("A question is [run, name, args], with the arguments by name.")
    run, name, args = request
    if count(args) > MOST_VALUES:
        raise ConfigError(f"A question may hold {MOST_VALUES} values in all.")
    moment = args.get("moment")
    if moment is not None and (type(moment) is not int or not 0 <= moment < 2**31):
        raise ConfigError("The argument moment is refused: it must be the step of a moment of this run.")
    return run, name, {key: value for key, value in args.items() if key != "moment"}, moment


def count(value: Any, depth: int = 0) -> int:
    """How many values there are in nested lists and dicts; too many where they are nested deeper than any question needs."""
    if depth > 4:
        return MOST_VALUES + 1
    if isinstance(value, dict):
        return sum(1 + count(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return sum(count(item, depth + 1) for item in value[: MOST_VALUES + 1])
    return 1 + len(value) // 16 if isinstance(value, str) else 1


def place(args: dict[str, Any], to_latent: ToLatent) -> dict[str, Any]:
    """The arguments with latent points for places on the map: `{"plane": [[x, y], ...]}` becomes `{"z": ...}`, and the end of a
    path `{"a": {"plane": [x, y]}}` becomes `{"a": z}`. Raises `ValueError` with a sentence."""
    placed = {}
    for key, value in args.items():
        if key == "plane":
            placed["z"] = latent(value, to_latent)
        elif isinstance(value, dict) and set(value) == {"plane"}:
            placed[key] = latent([value["plane"]], to_latent)[0]
        else:
            placed[key] = value
    return placed


def latent(places: Any, to_latent: ToLatent) -> list[list[float]]:
    """Checked places as latent points."""
    good = isinstance(places, list) and 1 <= len(places) <= MOST_PLACES and all(
        isinstance(p, list) and len(p) in (2, 3) and len(p) == len(places[0])
        and all(type(x) in (int, float) and abs(x) <= 1e6 for x in p) for p in places
    )  # fmt: skip
    if not good:
        raise ConfigError(f"The argument plane is refused: it must be a list of 1 to {MOST_PLACES} places [x, y].")
    return [[float(x) for x in z] for z in to_latent(places)]
