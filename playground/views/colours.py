"""One meaning, one colour, everywhere: the only place where colours are chosen.

Every colour has a value for light and one for dark pages, each with a contrast of at least 3:1 to what lies behind it.
The page reads them as CSS variables (`--role-kl`, `--class-3`), so a change here changes equation, bar, curve and map.
"""

from __future__ import annotations

from typing import Final

BACKGROUNDS: Final = {"light": ("#ffffff", "#fafafa"), "dark": ("#0f0f11", "#18181b", "#27272a")}
"""What may lie behind a colour, in Gradio's default theme."""

ROLES: Final[dict[str, tuple[str, str]]] = {
    "reconstruction": ("#0b6fb8", "#5fb0f0"),
    "kl": ("#c2500a", "#ff9a4d"),
    "prior": ("#6b7280", "#a8b0bd"),
    "posterior": ("#7c3aed", "#b79cff"),
    "evidence": ("#00727a", "#4fd3d9"),
    "data": ("#71717a", "#a1a1aa"),
    "samples": ("#0a8164", "#3fd0a4"),
    "noise": ("#b0467f", "#ee9ac6"),
    "train": ("#8a8000", "#d9cf62"),
    "held_out": ("#1f2a44", "#e8ecf5"),
    "error": ("#c81e1e", "#ff7b72"),
}
"""Role -> (light, dark)."""

CLASSES: Final[tuple[tuple[str, str], ...]] = (
    ("#2d52cc", "#078bbe"),
    ("#b85b55", "#ff7d07"),
    ("#128a8f", "#1dbb6d"),
    ("#e353c3", "#ff90bf"),
    ("#a49201", "#ffcd02"),
    ("#1b0467", "#9562ff"),
    ("#740020", "#f708a9"),
    ("#2792ff", "#82c1fe"),
    ("#6b5301", "#74f49c"),
    ("#014a63", "#eeebf3"),
)
"""Class -> (light, dark). Started from the palettes of Okabe & Ito and of Tol, then moved until the closest two were as
far apart as possible for normal, deuteranopic, protanopic and tritanopic eyes, within the contrast limits."""

SCALE: Final[tuple[tuple[str, str], ...]] = (
    ("#1f9e89", "#26828e"),
    ("#26828e", "#1f9e89"),
    ("#31688e", "#35b779"),
    ("#3e4989", "#6ece58"),
    ("#482878", "#b5de2b"),
    ("#440154", "#fde725"),
)
"""A number from low to high -> (light, dark), to be joined by straight lines. Two pieces of viridis (Smith & van der Walt
2015), whose lightness runs one way, so that every eye can read it: on both themes, the higher, the further from the
background."""

SOFT_TEXT: Final = ("#5f5f6b", "#b0b0ba")
"""Captions, ticks and notes (light, dark): softer than the text, and still readable at 4.5:1."""


def css_variables() -> str:
    """`:root{--role-…; --class-…; --scale-…}` for light pages and `.dark{…}` for dark ones (Gradio marks <body> with `dark`)."""
    roles = [f"--role-{role.replace('_', '-')}" for role in ROLES]
    names = ["--soft-text", *roles, *(f"--class-{i}" for i in range(len(CLASSES)))]
    names += [f"--scale-{i}" for i in range(len(SCALE))]
    pairs = [SOFT_TEXT, *ROLES.values(), *CLASSES, *SCALE]
    light, dark = (";".join(f"{name}:{pair[theme]}" for name, pair in zip(names, pairs)) for theme in (0, 1))
    return f":root{{{light}}}\n.dark{{{dark}}}\n"
