"""The arena's results: quality against evaluations, the samples side by side, and every number in a table."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Run the arena: how far the samples of each scheduler are from held-out data, against the number of evaluations of the "
    "network that they cost. Lower and further left is better; the grey band is as good as other real data."
)
LOOK = "The samples of each scheduler, from the same initial noise, will stand here."
TABLE = "Every number of the chart, with its spread, its seconds, and how far our own implementation of the same method is from it."
LOG = '<button type="button" class="pg-small arena-log" aria-pressed="true">log scale</button>'
MEASURE = (
    '<button type="button" class="pg-small arena-measure" aria-pressed="false" hidden '
    'title="In the features of a classifier, instead of the energy distance in pixels">Fréchet distance</button>'
)
COPY = '<button type="button" class="pg-small arena-copy" title="The table as Markdown">copy</button>'


def arena(channel: str) -> gr.HTML:
    """Draws the payload `arena` (`playground.features.arena.view`) of the run that `channel` follows."""
    chart = card(
        "Quality against evaluations",
        EMPTY,
        '<div class="arena-plot"></div>',
        height=400,
        label="Quality against evaluations",
        tools=MEASURE + LOG,
    )
    look = card(
        "The same noise, every scheduler",
        LOOK,
        '<div class="arena-look"></div>',
        height=400,
        label="The same noise, every scheduler",
        tools='<span class="arena-which" role="group" aria-label="Evaluations shown"></span>',
    )
    table = card(
        "Results",
        TABLE,
        '<div class="arena-scroll"><table></table></div>',
        height=1,
        label="Results",
        tools=COPY,
        after='<div class="arena-under"></div>',
    ).replace('style="--height:1px"', 'style="--height:auto"')
    template = f'<div class="arena"><div class="arena-chart">{chart}</div><div class="arena-side">{look}</div><div class="arena-table">{table}</div></div>'
    return component("features/arena/arena.js", template, tab=channel)
