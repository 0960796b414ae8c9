"""Settings: every bound is kept, every refusal is a sentence, and what goes out as JSON comes back the same."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from playground.config import (
    CONFIGS,
    MODELS,
    AutoencoderConfig,
    ConfigError,
    DiffusionConfig,
    LatentConfig,
    LatentDiffusionConfig,
    SampleConfig,
    Settings,
    VAEConfig,
    change_live,
    field_specs,
    parse_config,
)
from playground.config.settings import brief, like
from playground.features.arena.settings import ArenaConfig
from playground.features.bounds.settings import BoundsConfig

ALL: tuple[type[Settings], ...] = (*CONFIGS.values(), SampleConfig)
FIELDS = [(config, spec) for config in ALL for spec in field_specs(config).values()]
NUMBERS = [(config, spec) for config, spec in FIELDS if spec.kind in ("int", "float")]


def named(cases: list[tuple]) -> dict[str, Any]:
    return {"argvalues": cases, "ids": [f"{config.__name__}-{spec.name}" for config, spec in cases]}


def refused(config: type[Settings], **values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        config(**values)
    return str(caught.value)


@pytest.mark.parametrize(("config", "spec"), **named(NUMBERS))
def test_bounds_are_kept(config, spec) -> None:
    assert spec.low is not None and spec.high is not None and spec.low <= spec.default <= spec.high
    for inside in (spec.low, spec.high, spec.default):
        assert getattr(config(**{spec.name: inside}), spec.name) == inside
    tiny = 1 if spec.kind == "int" else 1e-9 * max(1.0, abs(spec.high))
    for outside in (spec.low - tiny, spec.high + tiny, -1e30 if spec.kind == "float" else -(10**12), 10**400):
        sentence = refused(config, **{spec.name: outside})
        assert sentence.startswith(f"{spec.name} = {brief(outside)} is refused: ") and sentence.endswith(".")
        assert f"from {spec.low:g} to {spec.high:g}" in sentence


@pytest.mark.parametrize(("config", "spec"), **named(NUMBERS))
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, None, True, False, "much", "", [1], {"a": 1}, "nan", "1e999"], ids=str
)
def test_what_is_no_number_is_refused(config, spec, value) -> None:
    assert f"{spec.name} = {value!r} is refused" in refused(config, **{spec.name: value})


@pytest.mark.parametrize(("config", "spec"), **named([case for case in NUMBERS if case[1].kind == "int"]))
def test_a_whole_number_may_come_as_text_or_as_a_float_but_not_halved(config, spec) -> None:
    """Links and command lines bring text, JavaScript brings floats."""
    for value in (str(spec.default), float(spec.default)):
        found = getattr(config(**{spec.name: value}), spec.name)
        assert found == spec.default and type(found) is int
    for value in (spec.default + 0.5, str(spec.default + 0.5)):
        assert "a whole number" in refused(config, **{spec.name: value})


@pytest.mark.parametrize(("config", "spec"), **named([case for case in NUMBERS if case[1].kind == "float"]))
def test_a_number_may_come_as_text_or_as_an_int(config, spec) -> None:
    assert getattr(config(**{spec.name: repr(spec.default)}), spec.name) == spec.default
    found = getattr(config(**{spec.name: int(spec.high) or 1}), spec.name) if spec.high >= 1 else spec.default
    assert type(found) is float


@pytest.mark.parametrize(("config", "spec"), **named([case for case in FIELDS if case[1].kind == "choice"]))
def test_only_the_choices_are_taken(config, spec) -> None:
    assert spec.default in spec.choices
    for choice in spec.choices:
        assert getattr(config(**{spec.name: choice}), spec.name) == choice
    for wrong in ("nothing", "", None, 3, True, spec.choices[0].upper(), [spec.choices[0]]):
        sentence = refused(config, **{spec.name: wrong})
        assert sentence == f"{spec.name} = {wrong!r} is refused: it must be one of {', '.join(spec.choices)}."


@pytest.mark.parametrize(("config", "spec"), **named(FIELDS))
def test_every_setting_can_be_drawn_and_explained(config, spec) -> None:
    assert spec.kind in ("int", "float", "choice")
    assert spec.label and spec.label != spec.name and spec.help.endswith(".")


@pytest.mark.parametrize("config", ALL)
def test_unknown_names_are_refused_with_the_known_ones(config) -> None:
    sentence = refused(config, learning_rat=0.1)
    assert sentence.startswith("learning_rat is not a setting here: known settings are ")
    assert all(name in sentence for name in field_specs(config))


def test_settings_of_another_model_are_refused() -> None:
    assert "beta is not a setting here" in refused(AutoencoderConfig, beta=2.0)
    assert "latent_dim is not a setting here" in refused(DiffusionConfig, latent_dim=2)
    refused(VAEConfig, model="ae")


def test_every_mistake_is_named() -> None:
    sentence = refused(VAEConfig, steps=0, beta=-1.0, typo=1)
    assert "steps = 0" in sentence and "beta = -1.0" in sentence and "typo is not" in sentence


@pytest.mark.parametrize("config", ALL)
def test_settings_cannot_be_changed_in_place(config) -> None:
    with pytest.raises(Exception, match="frozen"):
        config().device = "cuda"


@pytest.mark.parametrize("config", CONFIGS.values())
def test_through_json_and_back(config) -> None:
    changed = {
        spec.name: spec.choices[-1] if spec.choices else type(spec.default)(spec.low) for spec in field_specs(config).values()
    }
    if config is VAEConfig:  # whose last objective has no KL to weigh
        changed["objective"] = "elbo"
    for settings in (config(), config(**changed)):
        back = parse_config(json.loads(json.dumps(settings.model_dump())))
        assert back == settings and type(back) is config


@pytest.mark.parametrize("settings", [{"beta": 2.0}, {"kl_warmup": 10}, {"free_bits": 0.1}], ids=str)
def test_iwae_has_no_kl_to_weigh(settings) -> None:
    assert "'iwae' is a bound without a KL term" in refused(VAEConfig, objective="iwae", **settings)
    with pytest.raises(ConfigError, match="'iwae' is a bound without"):
        change_live(VAEConfig(objective="iwae"), {"beta": 4.0})


def test_replace_makes_a_checked_copy() -> None:
    before = VAEConfig(beta=2.0)
    after = before.replace(beta=3.0)
    assert (before.beta, after.beta) == (2.0, 3.0) and after.replace(beta=2.0) == before
    with pytest.raises(ConfigError, match="beta = -1"):
        before.replace(beta=-1)
    with pytest.raises(ConfigError, match="gamma is not a setting"):
        before.replace(gamma=1)


@pytest.mark.parametrize("model", [None, "gan", "", 3, ["vae"], {"vae": 1}, True], ids=str)
def test_parse_refuses_an_unknown_model(model) -> None:
    with pytest.raises(ConfigError, match="it must be one of ae, vae, diffusion"):
        parse_config({"model": model})


def test_live_settings() -> None:
    live = {model: {spec.name for spec in field_specs(config).values() if spec.live} for model, config in CONFIGS.items()}
    assert live == {
        "ae": {"learning_rate", "input_noise", "sparsity", "contraction"},
        "vae": {"learning_rate", "input_noise", "beta"},
        "diffusion": {"learning_rate", "sampler", "sampling_steps", "time_grid", "eta", "guidance_scale"},
        "latent_diffusion": {"learning_rate", "sampler", "sampling_steps", "time_grid", "eta", "guidance_scale"},
    }


@pytest.mark.parametrize("config", [*ALL, ArenaConfig, BoundsConfig])
@pytest.mark.parametrize(
    "name",
    ["self", "cls", "values", "x\ud800", "", "a b", "n" * 100_000, "__class__", "model_config"],
    ids=lambda name: repr(name[:12]),
)
def test_a_name_that_is_no_setting_is_refused_whatever_it_is(config, name) -> None:
    for sentence in (refused(config, **{name: 1}), refused_change(config, **{name: 1})):
        assert " is not a setting here: known settings are " in sentence and len(sentence) < 1500
        sentence.encode()  # a half of a surrogate pair would not reach a page


def refused_change(config: type[Settings], **values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        config().replace(**values)
    return str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, ["x" * 10**6] * 9, {"x" * 10**6: 1}, [[[[["deep"] * 99] * 99] * 9] * 9]],
    ids=["text", "list", "dict", "deep"],
)
def test_a_refusal_does_not_repeat_a_megabyte(value) -> None:
    for sentence in (refused(AutoencoderConfig, steps=value), refused(AutoencoderConfig, **{f"n{i}": value for i in range(500)})):
        assert len(sentence) < 4000
    with pytest.raises(ConfigError) as caught:
        parse_config({"model": value})
    assert len(str(caught.value)) < 600


def test_of_many_mistakes_the_first_few_are_named_and_the_rest_counted() -> None:
    sentence = refused(AutoencoderConfig, **{f"typo_{i}": 1 for i in range(10)})
    assert "typo_3 is not" in sentence and "typo_4" not in sentence and sentence.endswith("6 more settings are refused.")


def test_what_a_kind_of_model_can_do_is_said_of_each() -> None:
    assert MODELS.keys() == CONFIGS.keys()
    for name, config in CONFIGS.items():
        assert MODELS[name].encodes == issubclass(config, LatentConfig)
        assert bool(MODELS[name].diffuses) == issubclass(config, DiffusionConfig)
        assert (MODELS[name].diffuses == "latents") == issubclass(config, LatentDiffusionConfig)
        assert MODELS[name].has_bound <= MODELS[name].is_generative


@pytest.mark.parametrize("config", [AutoencoderConfig, VAEConfig])
def test_convolutions_have_smaller_batches_unless_asked_otherwise(config) -> None:
    assert (config().batch_size, config().warmup_steps) == (128, 100)
    assert (config(network="conv").batch_size, config(network="conv").warmup_steps) == (64, 20)
    assert config(network="conv", batch_size=128).batch_size == 128
    with pytest.raises(ConfigError, match="network"):
        config(network=["conv"])


def test_a_default_hangs_on_whichever_setting_it_names() -> None:
    class Other(AutoencoderConfig):
        width: int = like(AutoencoderConfig, "width", 256, by={"decay": {"constant": 64}})

    assert (Other().width, Other(decay="constant").width, Other(decay="constant", width=32).width) == (256, 64, 32)
