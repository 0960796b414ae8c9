"""The arguments of a question, checked: types, finite numbers, sizes within bounds. Each refusal is a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from playground.config import ConfigError

LARGEST = 1e6
"""Coordinates beyond this are refused: squares of them would leave what 32-bit floats can hold."""


class Arguments:
    """The arguments given to the question `name`. Raises `ConfigError` for names that it does not know."""

    def __init__(self, name: str, given: Any, known: Iterable[str]) -> None:
        if not (isinstance(given, dict) and all(isinstance(key, str) for key in given)):
            raise ConfigError('Arguments are given by name, such as {"index": 0}.')
        known = tuple(known)
        for key in given:
            if key not in known:
                takes = f"it takes {', '.join(known)}" if known else "it takes none"
                raise ConfigError(f"The question {name} has no argument {key[:40]!r}: {takes}.")
        self._name, self._given = name, given

    def has(self, key: str) -> bool:
        """Whether the argument was given, and is not null."""
        return self._given.get(key) is not None

    def is_list(self, key: str) -> bool:
        """Whether the argument is a list; what is in it is not looked at."""
        return isinstance(self._given.get(key), list)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self._get(key, default)
        if isinstance(value, float) and value.is_integer():  # JavaScript has one kind of number
            value = int(value)
        if type(value) is not int or not low <= value <= high:
            raise self._refusal(key, f"a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number from `low` to `high`."""
        value = self._get(key, default)
        if type(value) not in (int, float) or not low <= value <= high:  # NaN is not
            raise self._refusal(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """One of some words."""
        value = self._get(key, default)
        if not (isinstance(value, str) and value in choices):
            raise self._refusal(key, f"one of {', '.join(choices)}")
        return value

    def vector(self, key: str, size: int, device: torch.device) -> Tensor:
        """A list of `size` numbers as a tensor, (size,)."""
        value = self._get(key, None)
        if not _numbers(value, size):
            raise self._refusal(key, f"a list of {size} finite numbers, none beyond a million")
        return torch.tensor(value, dtype=torch.float32, device=device)

    def mask(self, key: str, height: int, width: int, device: torch.device) -> Tensor:
        """A list of `height` lists of `width` zeros and ones, as a tensor of truth values, (height, width)."""
        value = self._get(key, None)
        good = (
            isinstance(value, list)
            and len(value) == height
            and all(isinstance(row, list) and len(row) == width and all(number in (0, 1) for number in row) for row in value)
        )
        if not good:
            raise self._refusal(key, f"a list of {height} lists of {width} zeros and ones")
        return torch.tensor(value, dtype=torch.bool, device=device)

    def rows(self, key: str, size: int, most: int, device: torch.device, least: int = 1) -> Tensor:
        """A list of `least` to `most` lists of `size` numbers each, as a tensor, (n, size)."""
        value = self._get(key, None)
        if not (isinstance(value, list) and least <= len(value) <= most and all(_numbers(row, size) for row in value)):
            many = str(most) if least == most else f"{least} to {most}"
            raise self._refusal(key, f"a list of {many} points of {size} finite numbers each, none beyond a million")
        return torch.tensor(value, dtype=torch.float32, device=device)

    def _get(self, key: str, default: Any) -> Any:
        value = self._given.get(key, default)
        if value is None:
            if default is None:
                raise ConfigError(f"The question {self._name} needs the argument {key}.")
            return default
        return value

    def _refusal(self, key: str, right: str) -> ConfigError:
        return ConfigError(f"The argument {key} of the question {self._name} is refused: it must be {right}.")


def _numbers(value: Any, size: int) -> bool:
    """Whether `value` is a list of `size` numbers of modest size."""
    return (
        isinstance(value, list)
        and len(value) == size
        and all(
            type(number) in (int, float) and -LARGEST <= number <= LARGEST
            for number in value  # NaN is not
        )
    )
