"""The collapse doctor."""

from __future__ import annotations

import gradio as gr

from playground.ui.components.collapse import collapse
from playground.ui.tabs.common import LATEX, TrainingTab

WORDS = (
    "A dimension is **active** if its posterior mean differs from image to image: $\\operatorname{Var}_x[\\mu_j(x)] > "
    "0.01$ (Burda et al. 2016). Where $q(z_j|x)$ equals the prior for every image, the KL is 0 and the decoder hears "
    "nothing: *posterior collapse*. The **aggregated posterior** $q(z) = \\mathbb{E}_x\\, q(z|x)$ is where all codes "
    "lie; samples from the prior only come out well where it matches $\\mathcal N(0, I)$. To see a collapse: β = 30."
)


def draw(tab: TrainingTab) -> None:
    """The section: the card, and what its words mean."""
    collapse(tab.name, server_functions=tab.service.server_functions())
    gr.Markdown(WORDS, latex_delimiters=LATEX)
