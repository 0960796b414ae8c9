"""The shape of the answer that takes log p(x) of one image apart."""

from typing_extensions import TypedDict

from playground.views.shapes import Floats


class BoundAtPoint(TypedDict):
    """Numbers in nats with their numerical errors; q, the best Gaussian and the posterior; its log density on the box `extent`."""

    log_p: float | None
    log_p_error: float | None
    elbo: float | None
    elbo_error: float | None
    best_elbo: float | None
    best_elbo_error: float | None
    gap: float | None
    approximation_gap: float | None
    amortisation_gap: float | None
    kl_to_posterior: float | None
    kl_to_posterior_error: float | None
    evaluations: float | None
    q_mean: Floats
    q_std: Floats
    best_mean: Floats
    best_std: Floats
    posterior_mean: Floats
    posterior_std: Floats
    posterior_covariance: Floats
    field: Floats
    extent: Floats
    levels: Floats
