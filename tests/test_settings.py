"""A setting is declared once: what a form, a fork and the page know of it comes from there, and no table beside it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch

from playground.config import (
    CONFIGS,
    LIKELIHOODS,
    AutoencoderConfig,
    ConfigError,
    DiffusionConfig,
    FieldSpec,
    LatentDiffusionConfig,
    RunConfig,
    SampleConfig,
    VAEConfig,
    field_specs,
    shaping,
)
from playground.data import DATASETS
from playground.diffusion.denoiser import build_denoiser
from playground.features.registry import studies
from playground.page.page import TABS
from playground.runtimes.refusals import refusal
from playground.ui.forms import Form
from playground.vae.autoencoder import VAE, build_autoencoder
from playground.vae.likelihoods import build_likelihood


@pytest.mark.parametrize(
    ("values", "way"),
    [
        ({"learning_rate": 50}, {"learning_rate": 0.006}),
        ({"steps": 30.7}, {"steps": 31}),
        ({"steps": 0, "learning_rate": "abc"}, {"steps": 3000, "learning_rate": 0.006}),
        ({"steps": 1e300}, {"steps": 3000}),
        ({"steps": float("nan")}, {"steps": 3000}),
        ({"steps": 0, "dataset": "cats"}, {}),
        ({"colour": 1}, {}),
    ],
)
def test_a_refusal_of_numbers_carries_some_that_are_right(values: dict[str, Any], way: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        AutoencoderConfig(**values)
    assert caught.value.way == way
    assert not way or AutoencoderConfig(**values | way)
    assert refusal(caught.value) == {"error": str(caught.value)} | ({"way": way} if way else {})


PACKAGE = Path(__file__).parents[1] / "playground"
ALL = {**CONFIGS, "sample": SampleConfig, **{name: feature.settings for name, feature in studies().items()}}
NAMES = {name for config in ALL.values() for name in field_specs(config)}
SMALL = {"dataset": "digits", "width": 16, "depth": 1}
OF_THE_DATA = {"binarise"}
"""Part of no model, but of what the weights have learned: which black and white images they were shown."""


def meaning(config: RunConfig) -> tuple[list[Any], torch.Tensor | None]:
    """The shapes of a model's weights; and what the model says with weights that are the same wherever these are."""
    build = build_denoiser if isinstance(config, DiffusionConfig) else build_autoencoder
    shape = DATASETS[config.dataset].shape
    model, generator = build(config, shape).eval(), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weights in model.parameters():
            weights.copy_(0.1 * torch.randn(weights.shape, generator=generator))
        x = torch.rand(3, *shape, generator=generator)
        if isinstance(config, DiffusionConfig):
            found = model(x, torch.tensor([0.2, 0.5, 0.9]))
            output = torch.cat([found.x_0.double().flatten(), found.eps.double().flatten()])
        elif isinstance(model, VAE):
            output = model.likelihood.log_prob(x, model.decoder(model.encode(x).mean))
        else:
            output = model.decode(model.encode(x))
    return [(name, tuple(weights.shape)) for name, weights in model.state_dict().items()], output


def others(spec: FieldSpec, value: Any) -> list[Any]:
    """Other values of a setting; not diffusers' network, which takes long to load."""
    if spec.choices:
        return [choice for choice in spec.choices if choice not in (value, "unet2d", *spec.missing)]
    return [min(8 * value + 2, spec.high)] if spec.kind == "int" else [0.5 * (spec.low + min(spec.high, 1.0))]


@pytest.mark.parametrize("model", ["ae", "vae", "diffusion"])
def test_what_changes_the_weights_or_their_meaning_is_declared_so(model: str) -> None:
    config = CONFIGS[model](
        **SMALL | ({"skip": "none", "network": "auto"} if model == "diffusion" else {})
    )  # else nothing hangs on what is predicted
    found = set()
    for name, spec in field_specs(type(config)).items():
        usual = config.replace(**(spec.when or {}))
        shapes, output = meaning(usual)
        for value in others(spec, getattr(usual, name)):
            other_shapes, other_output = meaning(usual.replace(**{name: value}))
            if other_shapes != shapes or not torch.equal(other_output, output):
                found.add(name)
                break
    declared = {name for name, spec in field_specs(type(config)).items() if spec.shapes_weights}
    assert found == declared - OF_THE_DATA, "a fork would change the weights, or keep what it need not"


def test_a_fork_keeps_what_nobody_sets_and_what_shapes_the_weights() -> None:
    assert shaping(VAEConfig)[0] == "model" and {"likelihood", "binarise"} < set(shaping(VAEConfig))
    assert set(shaping(LatentDiffusionConfig)) == {*shaping(DiffusionConfig), "autoencoder"}


@pytest.mark.parametrize("name", ALL)
def test_only_what_a_thing_is_and_works_with_is_no_setting(name: str) -> None:
    assert ALL[name].model_fields.keys() - field_specs(ALL[name]).keys() <= {"model", "study", "autoencoder"}


@pytest.mark.parametrize("name", ALL)
def test_what_is_said_of_a_setting_fits_it(name: str) -> None:
    known = field_specs(ALL[name]) | (field_specs(DiffusionConfig) if name == "sample" else {})
    for spec in field_specs(ALL[name]).values():
        assert set(spec.titles) <= set(spec.choices) and set(spec.missing) < {*spec.choices, None}, spec.name
        for other, choice in (spec.when or {}).items():
            assert choice in known[other].choices, spec.name
        if spec.scale == "log" and spec.slider:
            assert 0 < spec.slider.low, spec.name


@pytest.mark.parametrize(("name", "tab", "config"), [(name, tab, config) for name, _, tab, config in TABS])
def test_the_groups_of_a_tab_are_all_groups_that_its_settings_have(name: str, tab: Any, config: type[RunConfig]) -> None:
    assert set(tab.groups) == {spec.group for spec in field_specs(config).values()} - {""}


def test_a_choice_may_be_made_in_the_form_beside() -> None:
    beside = Form("diffusion", DiffusionConfig)
    form = Form("samples", SampleConfig, beside=beside)
    wanted = {"form": "diffusion", "field": "conditional", "any": ["on"], "default": "off"}
    assert form.field(form.specs["label"])["when"] == beside.field(beside.specs["guidance_scale"])["when"] == wanted


def tables(path: Path) -> set[str]:
    """Names of settings in the constants of a module and of its classes."""
    tree = ast.parse(path.read_text("utf-8"))
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    constants = [node for body in bodies for node in body if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value]
    return {each.value for node in constants for each in ast.walk(node.value) if isinstance(each, ast.Constant)} & NAMES


@pytest.mark.parametrize(
    "path",
    [*(PACKAGE / "ui").rglob("*.py"), *(PACKAGE / "page").glob("*.py"), *(PACKAGE / "features").glob("*/section.py")],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_no_table_of_settings_stands_beside_their_declarations(path: Path) -> None:
    assert not tables(path), "say it in `setting(...)`"


def strings(path: Path) -> set[Any]:
    return {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}


def test_likelihoods_are_told_apart_by_their_table() -> None:
    names = set(LIKELIHOODS) - {"gaussian"}  # the default of older checkpoints, and what codes may be fitted with
    found = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if names & strings(path)}
    assert found == {"config/likelihoods.py", "config/autoencoders.py", "vae/likelihoods.py"}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_table_says_of_a_likelihood_what_its_distribution_does(name: str) -> None:
    row, built = LIKELIHOODS[name], build_likelihood(name, 0.4)
    assert (
        row.learns_spread == built.learns_spread
        and row.per_pixel == (built.outputs == 2)
        and row.fixed_spread == (hasattr(built, "spread") and not built.learns_spread)
    )
    assert len([option for option in (row.binarised, row.fixed_spread, row.learns_spread) if option]) == 1
    drawn = built.draw(torch.zeros(1, built.outputs, 4, 4), torch.Generator().manual_seed(0))
    assert row.binarised == (set(drawn.unique().tolist()) <= {0.0, 1.0})
