"""Disentanglement on data whose factors are known."""

from __future__ import annotations

import gradio as gr

from playground.ui.components.factors import factors
from playground.ui.tabs.common import LATEX, TrainingTab

WORDS = (
    "A cell is $I(z_j; v_k) / H(v_k)$, how much of the factor's entropy the code tells. The words beside a strip say "
    "what that dimension moves. Nothing in the ELBO asks for one factor per dimension; a larger β (Higgins et al. 2017) "
    "often helps, at the price of sharpness. Try 6 latent dimensions with β = 1 and β = 4."
)


def draw(tab: TrainingTab) -> None:
    """The section: the table, and what its words mean."""
    factors(tab.name, server_functions=tab.service.server_functions())
    gr.Markdown(WORDS, latex_delimiters=LATEX)
