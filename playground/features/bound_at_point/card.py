"""The bound at one image: log p(x) exactly, the ELBO, and the gap between them, split; and the true posterior, magnified."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Click a dot of the map: here will stand log p(x) of that image, its integral over z done exactly, beside the ELBO "
    "and the gap between them; and on the map the true posterior p(z|x) under the encoder's ellipse."
)
BODY = (
    '<div class="truth-equation"></div><div class="truth-both"><figure><canvas role="img" aria-label="True posterior and q(z|x)"></canvas><figcaption>'
    '<span class="truth-p">p(z|x), true</span><span class="truth-q">q(z|x), encoder</span>'
    '<span class="truth-best">best Gaussian</span>'
    '</figcaption></figure><div class="truth-plot"></div></div><div class="truth-check"></div>'
)


def truth(tab: str, *, server_functions: Sequence[Callable], height: int = 304) -> gr.HTML:
    """Follows the pins of the latent map of the same `tab` and asks `exact` (`playground.questions`) about the last of them;
    tells the map the answer (topic `truth`), which draws it under the dots."""
    template = card("The bound at one image", EMPTY, BODY, height=height, label="The bound at one image")
    return component("features/bound_at_point/card.js", template, server_functions=list(server_functions), tab=tab)
