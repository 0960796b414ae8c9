"""A run as one HTML page that works without a network: its numbers, curves, pictures, film, map and settings, with plotly.js inside."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from playground.config import MODELS, parse_config, unit_of
from playground.config.settings import field_specs
from playground.data import DATASETS
from playground.features.take_away.numbers import NAMES, measured
from playground.features.take_away.pictures import heat, png, tiles
from playground.features.take_away.scenes import factor_of, moments_of, plane, scenes
from playground.runs.control import Control
from playground.runs.driver import file_run
from playground.runs.events import Event, Snapshot
from playground.runtimes.records import RunRecord
from playground.views.colours import CLASSES, ROLES
from playground.views.outcome import diverged
from playground.views.plotly_js import PLOTLY_JS
from playground.views.readings import about
from playground.views.thumbnail import labels_of

PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "text"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
MOMENTS = 8
"""Thumbnails of the film, at most."""
LINES = {"baseline": ("one answer for all", "dashdot"), "linear": ("best linear", "dash"), "floor": ("irreducible", "dot")}
LABELS = {"train": "training", "held_out": "held-out"}


def report_run(record: RunRecord, labels: dict[str, Any], control: Control | None = None) -> Iterator[Event]:
    """`report` as a job: one `Snapshot` with `file`, u8 (bytes,)."""
    return file_run(lambda: report(record, labels).encode(), control)


def report(record: RunRecord, labels: dict[str, Any]) -> str:
    """The page. `labels` are the name and the notes that somebody gave the run: text, whatever stands in them."""
    data, moments = DATASETS[record.config["dataset"]], moments_of(record)
    drawn = figures(record, moments)
    script = PLOTLY_JS.read_text("utf-8").replace("</script", "<\\/script")
    return PAGES.get_template("report.html.jinja").render(
        title=labels.get("name") or sentence(about(record.config)),
        about=sentence(about(record.config)),
        notes=labels.get("notes", ""),
        facts=facts(record),
        trouble=diverged(record) or record.message,
        numbers=measured(record),
        figures=safe(drawn),
        headings=[figure["title"] for figure in drawn],
        pictures=pictures(moments),
        film=film(record, moments),
        settings=settings(record.config),
        data=data,
        plotly=script,
    )


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def facts(record: RunRecord) -> str:
    """How far it went, where, and when this was written."""
    progress, started = record.progress, record.started
    told = [f"{record.status} at step {record.step:,} of {record.config.get('steps', 0):,}"]
    told += [f"{progress.seconds:,.0f} s of training"] if progress else []
    told += [f"{started.n_parameters:,} parameters", f"on {started.device}"] if started else []
    return sentence(", ".join([*told, f"written {time.strftime('%-d %B %Y')}"]) + ".")


def settings(config: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Label, value, and whether it is another than the form begins with."""
    specs = field_specs(type(parse_config(config)))
    usual = {"model": config["model"], "dataset": config["dataset"]}
    before = parse_config(usual | {name: config[name] for name in ("autoencoder",) if name in config})
    return [
        (
            spec.label,
            f"{spec.titles.get(str(config[name]), config[name])} {spec.unit}".strip(),
            config[name] != getattr(before, name),
        )
        for name, spec in specs.items()
        if name in config and name not in ("device", "dataset")
    ]


def pictures(moments: list[Snapshot]) -> list[tuple[str, str]]:
    """Titles, and the images of the last moment as addresses."""
    last = moments[-1].arrays if moments else {}
    found = []
    if "reconstructions" in last:
        rows = [last["originals"], last["reconstructions"], heat(last["errors"])]
        title = "Held-out data, what comes back, and the absolute error"
        found.append((title, png(tiles(np.concatenate(rows), len(rows[0]), factor_of(rows[0])))))
    if "samples" in last:
        found.append(("Samples", png(tiles(last["samples"], 8, factor_of(last["samples"])))))
    return found


def film(record: RunRecord, moments: list[Snapshot]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Of each way to look at the run its title, and a few moments: step and picture."""
    few = [moments[i] for i in np.unique(np.linspace(0, len(moments) - 1, MOMENTS).round().astype(int))] if moments else []
    return [(scene.title, [(moment.step, png(scene.draw(moment))) for moment in few]) for scene in scenes(record)]


def figures(record: RunRecord, moments: list[Snapshot]) -> list[dict[str, Any]]:
    """What Plotly draws: `title`, `data` and `layout` each."""
    found = [loss_figure(record)]
    terms = {f"held_out/{term}": term for term in ("reconstruction", "kl") if f"held_out/{term}" in record.history}
    if terms:
        lines = [line(record, name, NAMES[term], ROLES[term][0]) for name, term in terms.items()]
        found.append(figure("Terms of the bound, held-out", lines, "step", "nats per example"))
    if "quality/frechet" in record.history:
        lines = [line(record, "quality/frechet", "samples", ROLES["samples"][0])]
        lines += level(record, "quality/floor_frechet", "held-out images in their place", ROLES["data"][0])
        found.append(figure("Fréchet distance of samples to real images", lines, "step", "100 is the variance of real images"))
    if moments and "latent" in moments[-1].arrays:
        found.append(map_figure(record, moments[-1]))
    if moments and "trajectory" in moments[-1].arrays:
        end = moments[-1].arrays["trajectory"][-1]
        found.append(figure("Samples in the plane", [scatter(end, "samples", ROLES["samples"][0])], "x₁", "x₂", square=True))
    return found


def loss_figure(record: RunRecord) -> dict[str, Any]:
    """Training and held-out loss, and what they are to be held against."""
    model = MODELS[record.config["model"]]
    lines = [
        line(record, f"{split}/{model.term}", label, ROLES[split][0])
        for split, label in LABELS.items()
        if f"{split}/{model.term}" in record.history
    ]
    for name, (words, dash) in LINES.items():
        lines += level(record, f"{name}/{model.term}", words, ROLES["prior"][0], dash)
    return figure("Loss", lines, "step", unit_of(record.config))


def line(record: RunRecord, name: str, label: str, colour: str) -> dict[str, Any]:
    """A curve."""
    steps, values = record.history[name]
    finite = [float(value) if math.isfinite(value) else None for value in values]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": label,
        "x": steps.tolist(),
        "y": finite,
        "line": {"color": colour, "width": 2},
    }


def level(record: RunRecord, name: str, label: str, colour: str, dash: str = "dash") -> list[dict[str, Any]]:
    """A number as a dashed line, where it is known."""
    if name not in record.history or not len(record.history[name][1]):
        return []
    value = float(record.history[name][1][-1])
    style = {"color": colour, "width": 1.5, "dash": dash}
    ends = [0, max(record.step, 1)]
    return [{"type": "scatter", "mode": "lines", "name": label, "x": ends, "y": [value, value], "line": style}]


def map_figure(record: RunRecord, last: Snapshot) -> dict[str, Any]:
    """The codes of held-out images, a trace a class."""
    points, labels = plane(last, last), labels_of(record, len(last.arrays["latent"]))
    d, names = last.arrays["latent"].shape[1], DATASETS[record.config["dataset"]].label_names
    axes = ("z₁", "z₂") if d == 2 else ("z₁", "number of the image, rescaled") if d == 1 else ("first principal axis", "second")
    traces = [
        scatter(points[labels == k], names[k] if k < len(names) else str(k), CLASSES[k % len(CLASSES)][0])
        for k in np.unique(labels).tolist()
    ]
    return figure("Latent map of held-out images", traces, *axes, square=True)


def scatter(points: np.ndarray, name: str, colour: str) -> dict[str, Any]:
    """Points (n, 2)."""
    x, y = (np.nan_to_num(points[:, k]).round(4).tolist() for k in (0, 1))
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": x,
        "y": y,
        "marker": {"size": 5, "color": colour, "opacity": 0.8},
    }


def figure(title: str, traces: list[dict[str, Any]], x: str, y: str, square: bool = False) -> dict[str, Any]:
    """A figure of these traces."""
    layout: dict[str, Any] = {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}, "height": 560 if square else 340}
    if square:
        layout["yaxis"] |= {"scaleanchor": "x"}
    return {"title": title, "data": traces, "layout": layout}


def safe(value: Any) -> str:
    """JSON that may stand in a script: no name in it can end that."""
    text = json.dumps(value, allow_nan=False)
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
