"""The arguments of every question, as pydantic models: types, ranges and sizes, and refusals in sentences.

Nothing here imports torch: the page checks what comes before it passes it on. What only the model knows (how many dimensions z has, how
many images there are) is checked where it is asked, with `Arguments.refusal`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from playground.config.settings import LONGEST, ConfigError, brief

LARGEST = 1e6
"""Coordinates beyond this are refused: squares of them would leave what 32-bit floats can hold."""
MOST_POINTS, MOST_DIMENSIONS, MOST_PIXELS, MOST_LEARNED = 64, 64, 64, 64
"""Of one question; of a latent space; along one side of an image; along one side of a density that an ODE is solved for."""
MOST_PICTURE = 4 * 2**20
"""Bytes of a picture that is asked about."""
FINITE = "finite numbers, none beyond a million"


class Arguments(BaseModel):
    """Immutable and strict: text is no number, and neither is `True`. A subclass with no fields is a question without arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    _question: str = ""

    @classmethod
    def parse(cls, question: str, given: Any) -> Self:
        """The arguments `given` to `question` by name, where null stands for not given. Raises `ConfigError`."""
        if not (isinstance(given, dict) and all(isinstance(key, str) for key in given)):
            raise ConfigError('Arguments are given by name, such as {"index": 0}.')
        try:
            arguments = cls.model_validate(
                {key: value for key, value in given.items() if value is not None or key not in cls.model_fields}
            )
        except ValidationError as error:
            raise ConfigError(_sentence(cls, question, given, error)) from None
        arguments._question = question
        return arguments

    @field_validator("*", mode="before")
    @classmethod
    def _javascript_has_one_kind_of_number(cls, value: Any) -> Any:
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def refusal(self, key: str, right: str) -> ConfigError:
        """For the argument `key`, which must be `right`."""
        return refusal(self._question, key, right, getattr(self, key))

    def missing(self, key: str) -> ConfigError:
        """For the argument `key`, which these others need."""
        return ConfigError(f"The question {self._question} needs the argument {key}.")

    def at_most(self, key: str, high: int, low: int = 0) -> int:
        """The whole number `key`, which the model at hand bounds by `high`. Raises `ConfigError`."""
        value = getattr(self, key)
        if value > high:
            raise self.refusal(key, f"a whole number from {low} to {high}")
        return value


def refusal(question: str, key: str, right: str, value: Any) -> ConfigError:
    """A sentence with the argument, what it must be and what it is."""
    return ConfigError(f"The argument {key} of the question {question} is refused: it must be {right}, not {brief(value)}.")


def _sentence(cls: type[Arguments], question: str, given: dict[str, Any], error: ValidationError) -> str:
    """The first of the errors as a sentence; a name that is not known is told before all else."""
    items = error.errors(include_url=False, include_context=False, include_input=False)
    item = min(items, key=lambda item: item["type"] != "extra_forbidden")
    key, fields = str(item["loc"][0]), cls.model_fields
    if key not in fields:
        takes = f"it takes {', '.join(fields)}" if fields else "it takes none"
        return f"The question {question} has no argument {key[:LONGEST]!r}: {takes}."
    if item["type"] == "missing":
        return f"The question {question} needs the argument {key}."
    field = fields[key]
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return str(refusal(question, key, f"one of {', '.join(words)}" if words else str(field.description), given[key]))


# --- fields ----------------------------------------------------------------------------------------------------------


def whole(low: int, high: int, default: Any = ...) -> Any:
    """A whole number from `low` to `high`; needed, unless there is a default."""
    return Field(default, ge=low, le=high, description=f"a whole number from {low} to {high}")


def number(low: float, high: float, default: Any = ...) -> Any:
    """A number from `low` to `high`."""
    return Field(default, ge=low, le=high, description=f"a number from {low:g} to {high:g}")


def an_index(default: Any = ...) -> Any:
    """Which example: the model at hand knows how many there are."""
    return Field(default, ge=0, description="a whole number, 0 or more")


def coordinates(n: int, default: Any = ...) -> Any:
    """A list of `n` coordinates."""
    return Field(default, min_length=n, max_length=n, description=f"a list of {n} {FINITE}")


Coordinate = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Place = Annotated[list[Coordinate], Field(min_length=1, max_length=MOST_DIMENSIONS)]
Pair = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
Row = Annotated[list[Annotated[int, Field(ge=0, le=1)]], Field(max_length=MOST_PIXELS)]
End = Annotated[int, Field(ge=0)] | Place
Path = Literal["linear", "spherical"]

SEED = whole(0, 2**31 - 1, 0)
END = Field(description=f"a whole number, 0 or more, or a list of {FINITE}")


# --- to an autoencoder or a VAE ---------------------------------------------------------------------------------------


class Nothing(Arguments):
    """A question without arguments."""


class Decode(Arguments):
    z: list[Place] = Field(
        min_length=1, max_length=MOST_POINTS, description=f"a list of 1 to {MOST_POINTS} points, each of {FINITE}"
    )


class OfOne(Arguments):
    """About one example."""

    index: int = an_index()


class OfPicture(Arguments):
    """About a picture from outside: a file in base64; `inverted`, black and white change places."""

    picture: str = Field(
        min_length=1,
        max_length=MOST_PICTURE * 4 // 3 + 4,
        description=f"a picture in base64 (PNG, JPEG, WebP, BMP or GIF) of up to {MOST_PICTURE // 2**20} MB",
    )
    inverted: bool = Field(False, description="true or false")


class Values(Arguments):
    what: Literal["error", "kl"]


class Neighbours(OfOne):
    k: int = whole(1, 32, 8)


class Interpolate(Arguments):
    a: End = END
    b: End = END
    n: int = whole(2, MOST_POINTS, 11)
    mode: Path = "linear"


class Holes(Arguments):
    lo: Pair = coordinates(2)
    hi: Pair = coordinates(2)
    n: int = whole(2, 64, 48)
    origin: Place | None = Field(None, description=f"a list of {FINITE}")
    axes: list[Pair] | None = Field(None, max_length=MOST_DIMENSIONS, description=f"a list of points of 2 {FINITE}")


class Generate(Arguments):
    how: Literal["box", "gaussian", "mixture", "prior"]
    n: int = whole(1, 64, 32)
    seed: int = SEED
    pixels: Literal["mean", "draw"] = "mean"


class Grid(Arguments):
    n: int = whole(2, 20, 15)


class Traversals(Arguments):
    index: int | None = an_index(None)
    n: int = whole(2, 15, 9)


class EncodeTrain(Arguments):
    n: int = whole(1, 2000, 1000)


class Exactly(OfOne):
    n: int = whole(8, 128, 64)


class Reparametrisation(OfOne):
    n: int = whole(8, 1024, 256)
    seed: int = SEED


# --- to a diffusion model --------------------------------------------------------------------------------------------


class OfClass(Arguments):
    """About one class, or about none in particular (-1)."""

    label: int = Field(default=-1, ge=-1, description="a whole number, -1 or more")


class Condition(OfClass):
    """What the model is told: a class, and how strongly."""

    guidance_scale: float = number(0.0, 20.0, 1.0)


class OverPlane(Condition):
    """Something on n x n places of the plane at time `t`."""

    t: float = number(0.0, 1.0)
    extent: list[Coordinate] | None = coordinates(4, None)


class VectorField(OverPlane):
    what: Literal["score", "velocity", "x_0"]
    n: int = whole(2, 64, 24)


class Density(OverPlane):
    what: Literal["exact", "learned"] = "exact"
    n: int | None = whole(2, 200, None)


class Errors(OfClass):
    n: int = whole(2, 50, 12)


class Conditional(Arguments):
    known: float = number(-10.0, 10.0)
    n: int = whole(1, 4000, 1000)
    seed: int = SEED
    steps: int = whole(2, 200, 50)
    resample: int = whole(1, 10, 3)


class Memorisation(Condition):
    n: int = whole(1, 512, 128)
    seed: int = SEED
    steps: int = whole(2, 200, 50)


class InterpolateNoise(Condition):
    a: int = SEED
    b: int = SEED
    n: int = whole(2, 25, 9)
    mode: Path = "spherical"
    steps: int = whole(1, 200, 50)


class Invert(OfOne, Condition):
    steps: int = whole(2, 500, 50)
    sampler: Literal["heun", "dpmpp_2m", "edm_heun", "ddim"] = "heun"


class Variations(Condition):
    """What an image turns into, from time `t` on."""

    t: float = number(0.0, 1.0)
    n: int = whole(1, 32, 8)
    seed: int = SEED
    steps: int = whole(2, 200, 50)


class Edit(OfOne, Variations):
    pass


class EditPicture(OfPicture, Variations):
    pass


class Inpaint(OfOne, Condition):
    mask: list[Row] = Field(max_length=MOST_PIXELS, description="a list of lists of zeros and ones, a row of the image each")
    n: int = whole(1, 16, 4)
    seed: int = SEED
    steps: int = whole(2, 200, 50)
    resample: int = whole(1, 10, 3)
