"""The reparametrisation trick, drawn."""

from __future__ import annotations

import gradio as gr

from playground.features.reparametrisation.card import reparametrisation
from playground.ui.tab import LATEX, TrainingTab

WORDS = (
    "We need $\\nabla_{\\mu,\\sigma}\\, \\mathbb{E}_{q(z|x)} \\log p(x|z)$, but what is drawn depends on μ and σ. "
    "**Path** (Kingma & Welling 2014): write $z = \\mu + \\sigma\\varepsilon$ and differentiate through it, $\\nabla_z "
    "\\log p(x|z)\\,\\partial z/\\partial(\\mu, \\log\\sigma)$. **REINFORCE** (Williams 1992), the score-function estimator: "
    "$\\log p(x|z)\\, \\nabla_{\\mu,\\sigma} \\log q(z|x)$, which only sees how good a draw was, not in which direction it would get better. "
    "Its score is a slope in parameters; that of the diffusion tab, $\\nabla_x \\log p(x)$, is one in $x$. Both estimators are unbiased; "
    "their variance is measured here."
)


def draw(tab: TrainingTab) -> None:
    """The section: the card, and what its words mean."""
    reparametrisation(tab.name, server_functions=tab.service.server_functions())
    gr.Markdown(WORDS, latex_delimiters=LATEX)
