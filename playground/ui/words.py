"""The words of a card or a bench: the question that it answers, what to try there, and its theory, from the file `words.md` of its folder.

    # Collapse doctor
    How many of its dimensions does the model use?

    - **β** 30 on Digits: …

    ## Theory
    A dimension is **active** if $\\operatorname{Var}_x[\\mu_j(x)] > 0.01$ …

The question stands in the head of a bench, in a card behind its (i), with what to try; the theory stands in the drawer of the tab, and (i) opens
it there. A heading `# Card: …` is that of a card, any other that of a bench.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import count
from pathlib import Path

from playground.ui.prose import html

PLAYGROUND = Path(__file__).parents[1]
PART = re.compile(r"^# (.+)\n", re.M)
NUMBERS = count(1)


@dataclass(frozen=True)
class Words:
    """What is said of one card or bench."""

    question: str
    tries: str
    theory: str


@cache
def known() -> dict[str, Words]:
    """All of them by title, those of cards as `Card: title`."""
    found = {}
    for path in sorted(PLAYGROUND.rglob("words.md")):
        _, *parts = PART.split(path.read_text("utf-8"))
        for title, text in zip(parts[::2], parts[1::2]):
            said, _, theory = text.partition("\n## Theory\n")
            question, _, tries = said.strip().partition("\n\n")
            found[title] = Words(question, tries.strip(), theory.strip())
    return found


def popover(label: str, name: str, inside: str) -> str:
    """A button called `name`, and what it shows over the page until Escape or a press elsewhere; the browser gives the focus back."""
    place = f"about-{next(NUMBERS)}"
    return (
        f'<button type="button" class="pg-small pg-about" popovertarget="{place}" aria-label="{escape(name)}">{label}</button>'
        f'<div class="pg-words" id="{place}" popover role="dialog" aria-label="{escape(name)}" tabindex="0">{inside}</div>'
    ).replace("\\", "&#92;")


def about(title: str) -> str:
    """The (i) of a card: its question, and what to try; nothing where there are no words for it."""
    words = known().get(f"Card: {title}")
    if words is None:
        return ""
    asked = f"<p><strong>{html(words.question).removeprefix('<p>').removesuffix('</p>')}</strong></p>"
    return popover("i", f"About {title}", asked + html(words.tries) + (theory_button(title) if words.theory else ""))


def head(title: str) -> str:
    """The head of a bench: its question in sight, what to try behind a button, and another to its theory."""
    words = known().get(title)
    if words is None:
        return ""
    tries = popover("What to try", f"What to try: {title}", html(words.tries)) if words.tries else ""
    theory = theory_button(title) if words.theory else ""
    return f'<div class="pg bench-head">{html(words.question)}<span class="bench-more">{tries}{theory}</span></div>'


def theory_button(title: str) -> str:
    """A button that opens the drawer of the tab at the theory of `title` (`lib/theory.js`)."""
    return f'<button type="button" class="pg-small" data-theory="{escape(title)}">Equations and sources</button>'


def theory(*titles: str) -> str:
    """The theory of these, each under its title."""
    said = {title: words.theory for title in titles if (words := known().get(title) or known().get(f"Card: {title}"))}
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in said.items() if text)
