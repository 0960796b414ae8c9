"""What the race has shown: Markdown tables, and learning curves as a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from .timing import Curve, Reading, reached

Results = dict[str, dict[str, dict[str, Any]]]
"""Race -> entrant -> `weights`, `ours`, and `curves`: seed -> readings."""
AXES = {"diffusion": "Fréchet distance of samples to held-out images", "VAE": "½|x − x̂|² + KL", "AE": "|x − x̂|²"}
COLOURS = {"ours": "#4f46e5", "denoising": "#c026d3", "smalldiffusion": "#d97706", "diffusers": "#059669", "pythae": "#dc2626"}
SOONEST = 0.25
"""Where on the axis of seconds stands what is there sooner."""
PLACES = {"diffusion": (1, 1), "VAE": (1, 2), "AE": (1, 3), "VAE, convolutions": (2, 2), "AE, convolutions": (2, 3)}


def curves(entrant: dict[str, Any]) -> dict[str, Curve]:
    return {seed: [Reading(*values) for values in curve] for seed, curve in entrant["curves"].items()}


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Mean and, of several, standard deviation."""
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


@dataclass(frozen=True)
class Duel:
    """A peer's k-th reading of each seed that ours ran too, and when ours was as good with that seed: None for never."""

    theirs: list[Reading]
    ours: list[float | None]
    clock: str

    @classmethod
    def of(cls, us: dict[str, Curve], them: dict[str, Curve], k: int, clock: str) -> Duel:
        theirs = {seed: curve[k] for seed, curve in them.items() if seed in us and k < len(curve)}
        return cls([*theirs.values()], [reached(us[seed], one.quality, clock) for seed, one in theirs.items()], clock)

    @property
    def seconds(self) -> list[float]:
        return [getattr(one, self.clock) for one in self.theirs]

    @property
    def ratios(self) -> list[float]:
        """How many times sooner ours was, 0 where it never was."""
        return [them / us if us else 0.0 for them, us in zip(self.seconds, self.ours)]

    def cells(self) -> str:
        when = f"{spread(self.ours)} s | {spread(self.ratios)}" if None not in self.ours else "not reached | –"
        return f"{spread([one.quality for one in self.theirs])} | {spread(self.seconds)} s | {when}"


def duels(entrants: dict[str, dict[str, Any]], peer: str, clock: str) -> list[Duel]:
    """All readings of a peer against ours."""
    us, them = curves(entrants["ours"]), curves(entrants[peer])
    return [Duel.of(us, them, k, clock) for k in range(max(len(curve) for curve in them.values()))]


def summary(results: Results, clock: str = "processor") -> str:
    """A row for each peer: its last reading, when ours was as good, and the least ratio of any of its readings."""
    rows = ["| race | peer | weights | seeds | its end | after | ours as good after | times sooner | at worst |", "|---" * 9 + "|"]
    for race, entrants in sorted(results.items(), key=lambda item: [*PLACES].index(item[0])):
        if "ours" not in entrants:
            continue
        for name in (name for name, entrant in entrants.items() if not entrant["ours"]):
            found = duels(entrants, name, clock)
            least = min(mean(duel.ratios) for duel in found)
            rows.append(
                f"| {race} | {name} | {entrants[name]['weights']:,} | {len(found[-1].theirs)} | {found[-1].cells()} | {least:.1f} |"
            )
    return "\n".join(rows)


def everything(results: Results) -> str:
    """A row for each reading of each entrant, in processor and in wall seconds."""
    rows = ["| race | entrant | quality | processor seconds | wall seconds |", "|---" * 5 + "|"]
    for race, entrants in results.items():
        for name, entrant in entrants.items():
            for readings in zip(*curves(entrant).values()):
                processor, wall, quality = zip(*readings)
                rows.append(f"| {race} | {name} | {spread(quality)} | {spread(processor)} | {spread(wall)} |")
    return "\n".join(rows)


def draw(results: Results, path: Path) -> None:
    """Quality against processor seconds, a line for each seed. Tuned peers are whole lines, and what is ours but not the default dots."""
    rows = max(PLACES[race][0] for race in results)
    titles = [f"{race}: {AXES[race.partition(',')[0]]}" for race, (row, _) in PLACES.items() if row <= rows]
    grid = {"specs": [[{"rowspan": rows}, {}, {}], [None, {}, {}]][:rows], "column_widths": [0.46, 0.27, 0.27]}
    figure = make_subplots(rows, 3, **grid, horizontal_spacing=0.06, vertical_spacing=0.16, subplot_titles=titles)
    for race, entrants in results.items():
        row, column = PLACES[race]
        for name, entrant in entrants.items():
            dash = "solid" if name == "ours" or "," in name and not entrant["ours"] else "dot"
            line = {"color": COLOURS[re.split("[ ,-]", name)[0]], "width": 3 if name == "ours" else 1.8, "dash": dash}
            for k, curve in enumerate(curves(entrant).values()):
                seconds, _, quality = zip(*curve)
                shown = {"mode": "lines+markers", "line": line, "name": name, "legendgroup": name}
                first = k == 0 and all(name not in results[other] for other in list(results)[: list(results).index(race)])
                figure.add_scatter(x=[max(x, SOONEST) for x in seconds], y=quality, showlegend=first, **shown, row=row, col=column)
    figure.update_xaxes(
        type="log", tickvals=[0.25, 0.5, 1, 2, 5, 10, 20, 60, 120], title={"text": "processor seconds", "standoff": 4}
    )
    figure.update_yaxes(type="log", tickvals=[8, 9, 10, 12, 15, 17, 20, 25, 30, 40, 50, 70, 100, 200, 300, 500, 1000])
    legend = {"orientation": "h", "y": -0.08 - 0.08 / rows, "yanchor": "top"}
    figure.update_layout(
        template="plotly_white",
        width=1200,
        height=640 if rows > 1 else 440,
        margin={"l": 40, "r": 10, "t": 40, "b": 10},
        legend=legend,
    )
    photograph(figure, path)


def photograph(figure: go.Figure, path: Path) -> None:
    """Draws a figure with the system's Chromium, as the browser tests do."""
    from playwright.sync_api import sync_playwright

    from playground.cli.doctor import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": figure.layout.width, "height": figure.layout.height}, device_scale_factor=1.25)
        page.set_content(f"<style>body{{margin:0}}</style>{figure.to_html(include_plotlyjs=True, config={'staticPlot': True})}")
        page.wait_for_selector(".main-svg")
        page.screenshot(path=path)
        browser.close()
