"""All questions that anyone may ask a model: the page, the registry and the workers read this one table.

A new one is a line here, its arguments in `arguments.py`, and the function that answers. Nothing here imports torch: the answers are named by
module and function, and `answerer.py` looks them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from playground.config import MODELS, ConfigError
from playground.config.settings import brief
from playground.questions import arguments
from playground.questions.arguments import Arguments, Nothing

Kind = Literal["latent", "diffusion"]
"""What is asked: an autoencoder or a VAE, or a diffusion model."""
OTHERWISE: dict[Kind, str] = {
    "latent": "Only an autoencoder or a VAE has a latent space to ask about.",
    "diffusion": "Only a diffusion model can be asked this.",
}


@dataclass(frozen=True)
class Question:
    """`answer` is "module:function" within this package; `between_steps`: so quick that a training answers it itself between two
    steps (the figures stand in `runtimes/inspectors.py`)."""

    name: str
    of: Kind
    answer: str
    arguments: type[Arguments] = Nothing
    between_steps: bool = False

    def parse(self, given: Any) -> Arguments:
        """The arguments, checked. Raises `ConfigError`."""
        return self.arguments.parse(self.name, given)


QUESTIONS = {
    question.name: question
    for question in (
        Question("decode", "latent", "answers:decode", arguments.Decode, between_steps=True),
        Question("point", "latent", "answers:point", arguments.OfOne, between_steps=True),
        Question("values", "latent", "answers:values", arguments.Values),
        Question("table", "latent", "answers:table"),
        Question("posterior", "latent", "answers:posterior"),
        Question("neighbours", "latent", "answers:neighbours", arguments.Neighbours),
        Question("interpolate", "latent", "answers:interpolate", arguments.Interpolate, between_steps=True),
        Question("holes", "latent", "generative:holes", arguments.Holes),
        Question("generate", "latent", "generative:generate", arguments.Generate),
        Question("grid", "latent", "answers:grid", arguments.Grid),
        Question("traversals", "latent", "answers:traversals", arguments.Traversals),
        Question("encode_train", "latent", "answers:encode_train", arguments.EncodeTrain),
        Question("exact", "latent", "exact:exact", arguments.Exactly),
        Question("reparametrisation", "latent", "gradients:reparametrisation", arguments.Reparametrisation),
        Question("disentanglement", "latent", "disentangling:disentanglement"),
        Question("information", "latent", "informing:information"),
        Question("picture", "latent", "pictures:picture", arguments.OfPicture),
        Question("picture_bound", "diffusion", "pictures:picture_bound", arguments.OfPicture),
        Question("edit_picture", "diffusion", "pictures:edit_picture", arguments.EditPicture),
        Question("field", "diffusion", "fields:field", arguments.VectorField),
        Question("density", "diffusion", "fields:density", arguments.Density),
        Question("errors", "diffusion", "fields:errors", arguments.Errors),
        Question("conditional", "diffusion", "conditioning:conditional", arguments.Conditional),
        Question("memorisation", "diffusion", "memory:memorisation", arguments.Memorisation),
        Question("interpolate_noise", "diffusion", "editing:interpolate_noise", arguments.InterpolateNoise),
        Question("invert", "diffusion", "editing:invert", arguments.Invert),
        Question("edit", "diffusion", "editing:edit", arguments.Edit),
        Question("inpaint", "diffusion", "editing:inpaint", arguments.Inpaint),
    )
}
"""By name."""


def find(name: str, of: Kind | None = None) -> Question:
    """The question called `name`, to a model of kind `of` where that is known. Raises `ConfigError` where there is none."""
    question = QUESTIONS.get(name)
    if question is None:
        known = (question.name for question in QUESTIONS.values() if of in (None, question.of))
        raise ConfigError(f"There is no question {brief(name)}: known ones are {', '.join(known)}.")
    if of not in (None, question.of):
        raise ConfigError(OTHERWISE[question.of])
    return question


def kind_of(model: str) -> Kind:
    """What a model of the setting `model` can be asked."""
    return "latent" if MODELS[model].encodes else "diffusion"
