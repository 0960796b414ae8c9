"""Forms: every setting has its control, and what the controls hold is a config again."""

import gradio as gr
import pytest

from playground.config import CONFIGS, ConfigError, SampleConfig, field_specs
from playground.data import DATASETS
from playground.ui.forms import Form, form_update

ALL = {**CONFIGS, "sample": SampleConfig}


@pytest.fixture(params=ALL)
def form(request) -> Form:
    form = Form(request.param, ALL[request.param])
    with gr.Blocks():
        form.draw(*form.rest())
    return form


def pressed(form: Form, values: dict) -> gr.EventData:
    """The press of a button while the page's form holds `values`."""
    return gr.EventData(None, {"settings": {form.name: values}})


def fields(form: Form) -> dict[str, dict]:
    """What the page is told of each field."""
    return {field["name"]: field for group in dict.fromkeys(form.groups.values()) for field in group.props["fields"]}


def test_every_setting_but_the_device_has_a_control(form):
    assert list(fields(form)) == [name for name in field_specs(form.config) if name != "device"] and form.rest() == ()


def test_the_form_as_it_opens_is_the_default_config(form):
    defaults = {name: field["default"] for name, field in fields(form).items()}
    assert form.config(**form.values(pressed(form, defaults))) == form.config(**form.values(pressed(form, {}))) == form.config()
    assert form.current(None) == defaults


def test_a_control_says_what_the_setting_says(form):
    for name, field in fields(form).items():
        spec = form.specs[name]
        assert all(
            field[part] == getattr(spec, part) for part in ("label", "unit", "help", "low", "high", "scale", "live", "kind")
        ), name


def test_sliders_offer_only_what_is_allowed_and_stand_on_their_defaults(form):
    for name, field in fields(form).items():
        spec, slider = form.specs[name], field["slider"]
        if slider is None:
            continue
        assert spec.low <= slider["low"] < slider["top"] <= spec.high and slider["step"] > 0, name
        assert spec.low <= spec.default <= slider["top"], name
        if spec.scale != "linear":  # stops at round numbers, or at powers of two and half way between
            assert slider["low"] > 0, name
        else:
            steps = (spec.default - slider["low"]) / slider["step"]
            assert steps == pytest.approx(round(steps), abs=1e-6), f"{name}: the browser would move the slider off its default"
        for value in (slider["low"], slider["top"]):
            form.config(**{name: int(value) if spec.kind == "int" else value})


def test_what_a_control_holds_reaches_the_config_unchanged(form):
    for name, spec in form.specs.items():
        numbers = () if spec.choices else (spec.low, spec.high, spec.high + 1, spec.low + 0.5, "", "abc", "1e")
        for value in numbers:
            assert form.values(pressed(form, {name: value})) == {name: value}


def test_choices_are_those_of_the_setting_under_names_of_their_own(form):
    for name, field in fields(form).items():
        if field["kind"] == "choice":
            titles, values = zip(*field["options"])
            offered = [value for value in form.specs[name].choices if name != "dataset" or DATASETS[value].available()]
            assert list(values) == offered and len(set(titles)) == len(titles) and all(titles)


@pytest.mark.parametrize("value", ["", "abc", "1e", None, [3], {}, True, 50, -3])
def test_a_learning_rate_that_is_none_is_refused_not_replaced(value):
    form = Form("ae", CONFIGS["ae"])
    with pytest.raises(ConfigError, match="learning_rate"):
        form.config(**form.values(pressed(form, {"learning_rate": value})))


def test_whole_numbers_may_come_as_floats_and_others_are_refused():
    form = Form("ae", CONFIGS["ae"])
    values = form.values(pressed(form, {"steps": 12.0}))
    assert values == {"steps": 12} and type(values["steps"]) is int
    with pytest.raises(ConfigError, match="steps = 12.5"):
        form.config(**form.values(pressed(form, {"steps": 12.5})))


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        [],
        {},
        {"settings": []},
        {"settings": {"ae": 3}},
        {"settings": {"vae": {"steps": 1}}},
        {"settings": {"ae": {"nonsense": 1}}},
    ],
)
def test_a_press_that_is_made_up_holds_nothing(data):
    form = Form("ae", CONFIGS["ae"])
    assert form.values(gr.EventData(None, data)) == {}


def test_what_python_sets_is_newer_each_time():
    first, second = form_update({"steps": 1}), form_update({}, locked=["dataset"])
    assert first["values"] == {"steps": 1} and second["locked"] == ["dataset"] and second["at"] > first["at"]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_number_over_decades_has_a_slider_of_decades_or_octaves(config):
    for spec in field_specs(config).values():
        if spec.slider and spec.low is not None and spec.slider.top > 30 * max(spec.low, spec.slider.low):
            assert spec.scale != "linear" or spec.low == 0, spec.name
    beta = field_specs(CONFIGS["vae"])["beta"]
    assert beta.scale == "log" and beta.low == 0
