"""A little Markdown as plain pieces of text, from which the page builds its nodes, so that nothing in a file is ever markup; and the same as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import Any

INLINE = re.compile(
    r"\*\*(?P<strong>[^*\n]+)\*\*|\*(?P<em>[^*\n]+)\*|`(?P<code>[^`\n]+)`|\[(?P<link>[^\]\n]+)\]\((?P<href>https?://[^\s()<>\"]+)\)"
)
"""**strong**, *emphasis*, `code` and [a link](https://…); anything else is text as it stands."""
ITEM = re.compile(r"[-*] +")
Block = dict[str, Any]


def blocks(lines: list[str]) -> list[Block]:
    """Paragraphs and items of lists: `{"kind": "p" or "li", "spans": [{"style", "text"}]}`, of a link also `href`. Blank lines part them."""
    found: list[tuple[str, list[str]]] = []
    apart = True
    for line in map(str.strip, lines):
        item = ITEM.match(line)
        if line and (apart or item):
            found.append(("li" if item else "p", []))
        if line:
            found[-1][1].append(line[item.end() :] if item else line)
        apart = not line
    return [{"kind": kind, "spans": list(spans(" ".join(parts)))} for kind, parts in found]


def spans(text: str) -> Iterator[dict[str, str]]:
    """A line in pieces of one style each."""
    at = 0
    for match in INLINE.finditer(text):
        if match.start() > at:
            yield {"style": "", "text": text[at : match.start()]}
        style = match.lastgroup if match.lastgroup != "href" else "link"
        yield {"style": style or "", "text": match[style or 0]} | ({"href": match["href"]} if style == "link" else {})
        at = match.end()
    if at < len(text):
        yield {"style": "", "text": text[at:]}


def html(text: str) -> str:
    """The text as paragraphs and lists; everything in it is escaped."""
    parts = []
    for kind, same in groupby(blocks(text.splitlines()), key=lambda block: block["kind"]):
        inner = "".join(f"<{kind}>{''.join(map(_span, block['spans']))}</{kind}>" for block in same)
        parts.append(f"<ul>{inner}</ul>" if kind == "li" else inner)
    return "".join(parts)


def _span(span: dict[str, str]) -> str:
    """One piece of a line."""
    text = escape(span["text"])
    if span["style"] == "link":
        return f'<a href="{escape(span["href"])}" target="_blank" rel="noopener">{text}</a>'
    return f"<{span['style']}>{text}</{span['style']}>" if span["style"] else text
