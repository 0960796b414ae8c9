"""The shape of the answer that draws the reparametrisation trick."""

from typing_extensions import TypedDict

from playground.views.shapes import Floats, Integers


class Reparametrisation(TypedDict):
    """n draws of z (d numbers each), and what three estimators say of 2d gradients: by the mean, then by the log standard deviation."""

    mean: Floats
    std: Floats
    eps: Floats
    z: Floats
    log_p: Floats
    path_mean: Floats
    path_se: Floats
    path_variance: Floats
    score_mean: Floats
    score_se: Floats
    score_variance: Floats
    score_ratio: Floats
    score_baseline_mean: Floats
    score_baseline_se: Floats
    score_baseline_variance: Floats
    score_baseline_ratio: Floats
    truth: Floats
    order: Integers
