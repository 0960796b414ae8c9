"""A lesson file: a head, steps under headings, prose, and plain lines `word: …` that say what a step sets, asks and checks.

    title: From autoencoder to diffusion
    about: What it is about, in a sentence.

    # The heading of a step
    What to do, and what you will see.

    tab: ae
    set: dataset=digits, steps=300
    train: yes
    ask: How large is the error? | half | a tenth* | nothing
    check: held_out/mse < 0.6 baseline/mse
    otherwise: What may have happened, if it is not so.

A mistake in a file is a `LessonError` with the number of its line. The README says what each line means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from playground.config import ConfigError
from playground.lessons.checks import NAME, parse_check
from playground.lessons.readings import TABS, find
from playground.lessons.settings import configure, given
from playground.ui.prose import Block, blocks

LONGEST, MOST_STEPS, LONGEST_LINE, MOST_CHECKS = 65_536, 60, 4_000, 8
"""Characters of a file, its steps, characters of a line, and checks of a step."""
LINE = re.compile(r"([a-z]+):(?:\s+(.*))?")
HEAD = ("title", "about")
WORDS = ("tab", "bench", "train", "set", "name", "ask", "because", "check", "otherwise", "table")
UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]")
Places = Mapping[str, Sequence[str]]
"""The tabs of the page, and the benches of each as addresses name them."""


class LessonError(ValueError):
    """A lesson cannot be read. `str(error)` is a sentence with the number of the line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")


@dataclass(frozen=True)
class Question:
    """What the reader is asked before the run, and which answer is right."""

    text: str
    answers: tuple[str, ...]
    right: int


@dataclass
class Step:
    """One step; `run` is the step whose training its checks are about: itself, or the last before it on the same tab."""

    heading: str
    line: int
    prose: list[Block] = field(default_factory=list)
    tab: str = ""
    bench: str = ""
    set: dict[str, Any] = field(default_factory=dict)
    train: bool = False
    name: str = ""
    ask: Question | None = None
    because: str = ""
    checks: list[str] = field(default_factory=list)
    otherwise: str = ""
    table: list[str] = field(default_factory=list)
    run: int | None = None


@dataclass(frozen=True)
class Lesson:
    """A lesson that was read."""

    title: str
    about: str
    steps: list[Step]


def read(text: Any, places: Places) -> Lesson:
    """The lesson that `text` is. Raises `LessonError`."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise LessonError(1, f"a lesson is a text of at most {LONGEST:,} characters.")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if UNWANTED.search(line) or len(line) > LONGEST_LINE:
            raise LessonError(number, f"this is no line of text, or longer than {LONGEST_LINE:,} characters.")
    starts = [number for number, line in enumerate(lines) if line.startswith("# ")]
    if not 1 <= len(starts) <= MOST_STEPS:
        raise LessonError(
            1, f"a lesson has 1 to {MOST_STEPS} steps, each under a line that begins with “# ”: here are {len(starts)}."
        )
    head = _head(lines[: starts[0]])
    steps: list[Step] = []
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        steps.append(_Reader(steps, places).step(lines, start, end))
    return Lesson(head["title"], head.get("about", ""), steps)


def _head(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        match = LINE.fullmatch(line.strip())
        if line.strip() and (match is None or match[1] not in HEAD):
            raise LessonError(number, "before the first step stand only lines “title: …” and “about: …”.")
        if match:
            found[match[1]] = (match[2] or "").strip()
    if not found.get("title"):
        raise LessonError(1, "the file begins with a line “title: …”.")
    return found


class _Reader:
    """Reads one step, after those before it."""

    def __init__(self, before: list[Step], places: Places) -> None:
        self.before, self.places = before, places

    def step(self, lines: list[str], start: int, end: int) -> Step:
        self.made = Step(lines[start][2:].strip(), start + 1)
        self.made.tab = self.before[-1].tab if self.before else ""
        if not self.made.heading:
            raise LessonError(start + 1, "a step needs a heading.")
        prose, said = [], []
        for number, line in enumerate(lines[start + 1 : end], start + 2):
            match = LINE.fullmatch(line.strip())
            if match is None:
                prose.append(line)
            else:
                said.append((number, match[1], (match[2] or "").strip()))
        self.made.prose = blocks(prose)
        self._said(said)
        return self.made

    def _said(self, said: list[tuple[int, str, str]]) -> None:
        """The plain lines, in an order in which each finds what it needs."""
        known: set[str] = set()
        for number, word, value in said:
            if word not in WORDS:
                near = get_close_matches(word, WORDS, 1)
                raise LessonError(
                    number, f"“{word}:” means nothing here{f': {near[0]}?' if near else ''} It is one of {', '.join(WORDS)}."
                )
            if word in known and word != "check":
                raise LessonError(number, f"a step has one line “{word}: …”.")
            if not value:
                raise LessonError(number, f"after “{word}:” something must stand.")
            known.add(word)
        for number, word, value in sorted(said, key=lambda line: (WORDS.index(line[1]), line[0])):
            try:
                getattr(self, f"_{word}")(value)
            except (ConfigError, ValueError) as error:
                raise LessonError(number, str(error)) from None
            if word == "set" or (word == "train" and "set" not in known):
                self._settle(number)
        if self.made.run is None and self.made.tab:
            self.made.run = self._last()

    def _settle(self, number: int) -> None:
        """What is set must be settings of the tab."""
        if not self.made.tab:
            raise LessonError(number, "say first on which tab: “tab: ae”, vae or diffusion.")
        try:
            configure(self.made.tab, self.made.set)
        except ConfigError as error:
            raise LessonError(number, str(error)) from None
        if self.made.train:
            self.made.run = len(self.before)

    def _last(self) -> int | None:
        """The last step that trains on the same tab."""
        return next(
            (i for i in reversed(range(len(self.before))) if self.before[i].train and self.before[i].tab == self.made.tab), None
        )

    def _tab(self, value: str) -> None:
        if value not in TABS:
            raise ValueError(f"a tab is one of {', '.join(TABS)}.")
        self.made.tab = value

    def _bench(self, value: str) -> None:
        benches = self.places.get(self.made.tab, ())
        if value not in benches:
            raise ValueError(f"that tab has no such bench: it has {', '.join(benches) or 'none, so name a tab'}.")
        self.made.bench = value

    def _set(self, value: str) -> None:
        self.made.set = given(value)

    def _train(self, value: str) -> None:
        if value not in ("yes", "no"):
            raise ValueError("“train:” is yes or no.")
        self.made.train = value == "yes"

    def _name(self, value: str) -> None:
        if not re.fullmatch(NAME, value):
            raise ValueError("a name is a few small letters, digits and spaces.")
        if not self.made.train or value in {step.name for step in self.before}:
            raise ValueError("only a step that trains has a name, and no other step the same.")
        self.made.name = value

    def _ask(self, value: str) -> None:
        text, *answers = (part.strip() for part in value.split("|"))
        right = [i for i, answer in enumerate(answers) if answer.endswith("*")]
        answers = [answer.removesuffix("*").strip() for answer in answers]
        if not (text and 2 <= len(answers) <= 6 and all(answers) and len(right) == 1):
            raise ValueError(
                "a question is “ask: Which? | one answer | another*”, with 2 to 6 answers, of which one, the right one, ends in *."
            )
        self.made.ask = Question(text, tuple(answers), right[0])

    def _because(self, value: str) -> None:
        self.made.because = value

    def _check(self, value: str) -> None:
        self.made.run = self._last() if self.made.run is None else self.made.run
        if self.made.run is None:
            raise ValueError("there is nothing to check: neither this step nor one before it trains on this tab.")
        if len(self.made.checks) == MOST_CHECKS:
            raise ValueError(f"a step has at most {MOST_CHECKS} checks.")
        tabs = {step.name: step.tab for step in self.before if step.name} | {"": self.made.tab}
        self.made.checks.append(parse_check(value, tabs).text)

    def _otherwise(self, value: str) -> None:
        self.made.otherwise = value

    def _table(self, value: str) -> None:
        names = [name.strip() for name in value.split(",")]
        for name in names:
            if find(name) is None:
                raise ValueError(f"{name} is no reading that is measured.")
        self.made.table = names[:MOST_CHECKS]
