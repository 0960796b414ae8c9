"""The shape of the answer that holds latent dimensions against known factors."""

from typing_extensions import TypedDict

from playground.views.shapes import Floats, Integers


class Factors(TypedDict):
    """Of d dimensions and f factors (d*f numbers each) what they tell in nats, in shares of the entropy, and that of shuffled ones; `moves`
    is the factor of each dimension, or -1."""

    mutual_information: Floats
    normalised: Floats
    floor: Floats
    entropy: Floats
    mig: float | None
    mig_se: float | None
    mig_per_factor: Floats
    mig_floor: float | None
    mig_floor_se: float | None
    moves: Integers
