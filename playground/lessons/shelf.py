"""The lessons that come with the playground, and a lesson as the page gets it."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playground.lessons.checks import readings
from playground.lessons.parsing import Lesson, Places, Step, read
from playground.lessons.readings import find
from playground.lessons.settings import typed

TEXTS = Path(__file__).parent / "text"


def files() -> dict[str, Path]:
    """The files by the names that addresses have for them, in the order of the numbers that they begin with."""
    return {re.sub(r"^\d+-", "", path.stem): path for path in sorted(TEXTS.glob("*.md"))}


def shipped(places: Places) -> dict[str, Lesson]:
    """All of them, read."""
    return {name: read(path.read_text("utf-8"), places) for name, path in files().items()}


def shown(lesson: Lesson) -> dict[str, Any]:
    """A lesson in JSON."""
    return {"title": lesson.title, "about": lesson.about, "steps": [_step(step) for step in lesson.steps]}


def _step(step: Step) -> dict[str, Any]:
    table = [[name, reading.words] for name in step.table if (reading := find(name))]
    study = next((reading.study for name in readings(step.checks) if (reading := find(name)) and reading.study), "")
    return asdict(step) | {"set": typed(step.tab, step.set) if step.set else {}, "table": table, "study": study}
