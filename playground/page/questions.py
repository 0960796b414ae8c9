"""A page's question to a model, before it is passed on: checked against the catalogue, so that a refusal costs no worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from playground.config import ConfigError
from playground.questions.catalogue import find, kind_of


class Asked(NamedTuple):
    """The question `name` to `run`, as it is now or, where `moment` is a step, as it was there."""

    run: str
    name: str
    args: dict[str, Any]
    moment: int | None


def parse(request: Any) -> Asked:
    """`[run, name, args]`, where `moment` may be among the arguments. Raises `ConfigError` for any other form."""
    if not (
        isinstance(request, list)
        and len(request) == 3
        and all(isinstance(word, str) for word in request[:2])
        and isinstance(request[2], dict)
    ):
        raise ConfigError("A question is [run, name, args], with the arguments by name.")
    run, name, args = request
    moment = args.get("moment")
    if moment is not None and (type(moment) is not int or not 0 <= moment < 2**31):
        raise ConfigError("The argument moment is refused: it must be the step of a moment of this run.")
    return Asked(run, name, {key: value for key, value in args.items() if key != "moment"}, moment)


def check(asked: Asked, config: Mapping[str, Any]) -> None:
    """Whether a run of these settings can be asked this, with these arguments. Raises `ConfigError`."""
    if "model" not in config:
        raise ConfigError("Only a model can be asked: this run measures one, or draws from it.")
    find(asked.name, kind_of(config["model"])).parse(asked.args)
