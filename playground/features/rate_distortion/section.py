"""The rate-distortion plane."""

from __future__ import annotations

import gradio as gr

from playground.features.rate_distortion.card import rate_distortion
from playground.ui.tab import LATEX, TrainingTab

WORDS = (
    "$-\\mathrm{ELBO} = \\underbrace{\\mathrm{KL}(q(z|x)\\,\\Vert\\,p(z))}_{\\text{rate}} + \\underbrace{-\\mathbb{E}_q "
    "\\log p(x|z)}_{\\text{distortion}}$: many VAEs with the same bound differ in how they divide it (Alemi et al. "
    "2018). β picks the place: at the best trade-off a nat more of rate buys β nats of distortion. Train with β = 0.3, 1 "
    "and 4 and see the curve appear; or move β while it trains."
)


def draw(tab: TrainingTab) -> None:
    """The section: the plane, and what its words mean."""
    rate_distortion(tab.name)
    gr.Markdown(WORDS, latex_delimiters=LATEX)
