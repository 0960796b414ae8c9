"""The collapse doctor."""

from __future__ import annotations

import gradio as gr

from playground.features.collapse.card import collapse
from playground.ui.tab import LATEX, TrainingTab

WORDS = (
    "A dimension is **active** if its posterior mean differs from image to image: $\\operatorname{Var}_x[\\mu_j(x)] > "
    "0.01$ (Burda et al. 2016). Where $q(z_j|x)$ equals the prior for every image, the KL is 0 and the decoder hears "
    "nothing: *posterior collapse*. The **aggregated posterior** $q(z) = \\mathbb{E}_x\\, q(z|x)$ is where all codes "
    "lie; samples from the prior only come out well where it matches $\\mathcal N(0, I)$. The KL is a sum of two things: "
    "$\\mathbb{E}_x \\mathrm{KL}(q(z|x)\\,\\Vert\\,p(z)) = I(x; z) + \\mathrm{KL}(q(z)\\,\\Vert\\,p(z))$ (Hoffman & Johnson 2016), what "
    "codes tell of their images, and the mismatch that samples suffer from. To see a collapse: Digits with β = 30, "
    "where the KL falls to 0.00 nats. How much β it takes depends on the data: with the other settings as they are, 3,000 steps with "
    "β = 30 leave 1.0 nats on Sprites and 1.7 on Fashion-MNIST, in two active dimensions."
)


def draw(tab: TrainingTab) -> None:
    """The section: the card, and what its words mean."""
    collapse(tab.name, server_functions=tab.service.server_functions())
    gr.Markdown(WORDS, latex_delimiters=LATEX)
