"""Checks: what a lesson claims of the numbers that a run measured, and whether it is so. The page and the tests ask here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from playground.lessons.readings import find, written

NAME = r"[a-z][a-z0-9 -]{0,39}"
LEFT, RIGHT = (rf"(?P<{side}>[a-z_]+(?:/[a-z_]+)+)(?: +of +(?P<{side}_of>{NAME}?))?" for side in ("left", "right"))
NUMBER = r"(?P<number>-?\d{1,9}(?:\.\d{1,9})?)"
CHECK = re.compile(rf"{LEFT} +(?P<sign>[<>]) +(?:{NUMBER}(?: +|$))?(?:{RIGHT})?")
FORM = "a check is written “held_out/mse < 0.5 baseline/mse”, with < or >, a number, a reading or both on its right side"


class Side(NamedTuple):
    """A reading, of this run or of the run of an earlier step, by its name."""

    reading: str
    of: str = ""


class Check(NamedTuple):
    """`left` is below (`<`) or above `factor` times `right`, or the number `factor` where there is no `right`."""

    text: str
    left: Side
    sign: str
    factor: float
    right: Side | None

    @property
    def sides(self) -> tuple[Side, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)


class Verdict(NamedTuple):
    """Whether a check holds (None: it cannot be said), in a sentence with the numbers."""

    holds: bool | None
    sentence: str


Numbers = Mapping[str, Mapping[str, float]]
"""What runs measured: `""` is the run of the step itself, the others go by the names of their steps."""


def parse_check(text: str, tabs: Mapping[str, str]) -> Check:
    """A check; `tabs` are those of the steps that it may name, `""` for its own. Raises `ValueError` with a sentence."""
    match = CHECK.fullmatch(text.strip())
    if match is None or not (match["number"] or match["right"]):
        raise ValueError(f"{FORM}.")
    left, right = (Side(match[side], (match[f"{side}_of"] or "").strip()) if match[side] else None for side in ("left", "right"))
    assert left is not None
    check = Check(" ".join(text.split()), left, match["sign"], float(match["number"] or 1.0), right)
    for side in check.sides:
        _known(side, tabs)
    return check


def readings(texts: Iterable[str]) -> set[str]:
    """The names of all readings in checks that were read before."""
    matches = filter(None, map(CHECK.fullmatch, texts))
    return {match[side] for match in matches for side in ("left", "right") if match[side]}


def _known(side: Side, tabs: Mapping[str, str]) -> None:
    if side.of not in tabs:
        raise ValueError(f"no earlier step that trains has the name “{side.of}”.")
    reading = find(side.reading)
    if reading is None:
        raise ValueError(f"{side.reading} is no reading that is measured.")
    if tabs[side.of] not in reading.tabs:
        raise ValueError(f"{side.reading} is not measured on the tab {tabs[side.of]}.")


def judge(check: Check, measured: Numbers) -> Verdict:
    """Whether `check` holds of what was measured."""
    for side in check.sides:
        if side.of not in measured:
            return Verdict(None, f"This compares with “{side.of}”, an earlier step that has not been trained here yet.")
        if side.reading not in measured[side.of]:
            return Verdict(None, f"{_capital(_said(side))} was not measured in this run.")
    value, limit = (measured[side.of][side.reading] if side else 1.0 for side in (check.left, check.right))
    holds = value < check.factor * limit if check.sign == "<" else value > check.factor * limit
    return Verdict(holds, _sentence(check, value, limit, holds))


def _sentence(check: Check, value: float, limit: float, holds: bool) -> str:
    word = ("" if holds else "not ") + ("less" if check.sign == "<" else "more")
    said = f"{_said(check.left)} {written(value)}{_unit(check.left)}"
    if check.right is None:
        return f"{_capital(said)}: {word} than {written(check.factor)}."
    than = "." if check.factor == 1.0 else f" than {written(check.factor)} times that."
    return f"{_capital(said)}, {_said(check.right)} {written(limit)}{_unit(check.right)}: {word}{than}"


def _said(side: Side) -> str:
    reading = find(side.reading)
    return (reading.words if reading else side.reading) + (f" of “{side.of}”" if side.of else "")


def _unit(side: Side) -> str:
    reading = find(side.reading)
    return f" {reading.unit}" if reading and reading.unit else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def judge_all(texts: Iterable[str], measured: Numbers, tabs: Mapping[str, str]) -> list[Verdict]:
    """The same of checks as they are written."""
    return [judge(parse_check(text, tabs), measured) for text in texts]
