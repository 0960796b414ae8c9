"""Forms: every setting has its control, and what the controls hold is a config again."""

import gradio as gr
import pytest

from playground.config import CONFIGS, ConfigError, SampleConfig, field_specs
from playground.data import DATASETS
from playground.ui import forms
from playground.ui.forms import Form

ALL = {**CONFIGS, "sample": SampleConfig}


@pytest.fixture(params=ALL)
def form(request) -> Form:
    form = Form(ALL[request.param])
    with gr.Blocks():
        form.draw(*form.rest())
    return form


def held(form: Form) -> list:
    return [control.value for control in form.inputs]


def test_every_setting_but_the_device_has_a_control(form):
    assert list(form.controls) == [name for name in field_specs(form.config) if name != "device"] and form.rest() == ()


def test_the_form_as_it_opens_is_the_default_config(form):
    assert form.config(**form.values(*held(form))) == form.config()


def test_a_control_says_what_the_setting_says(form):
    for name, control in form.controls.items():
        spec = form.specs[name]
        assert control.label.startswith(spec.label) and spec.unit in control.label and control.info == spec.help and control.interactive


def test_sliders_offer_only_what_is_allowed_and_stand_on_their_defaults(form):
    sliders = {name: control for name, control in form.controls.items() if isinstance(control, gr.Slider)}
    for name, slider in sliders.items():
        spec = form.specs[name]
        assert spec.low <= slider.minimum < slider.maximum <= spec.high and slider.step > 0, name
        assert slider.minimum <= spec.default <= slider.maximum, name
        steps = (spec.default - slider.minimum) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-6), f"{name}: the browser would move the slider off its default"
        for value in (slider.minimum, slider.maximum):
            form.config(**{name: int(value) if spec.kind == "int" else value})


def test_numbers_leave_the_refusal_to_the_config(form):
    for name, control in form.controls.items():
        if isinstance(control, gr.Number):
            assert control.minimum is None and control.maximum is None, name


def test_what_a_control_holds_reaches_the_config_unchanged(form):
    for name, control in form.controls.items():
        spec = form.specs[name]
        numbers = () if spec.choices else (spec.low, spec.high, spec.high + 1, spec.low + 0.5)
        for value in numbers:
            assert control.preprocess(value) == value, f"{name}: Gradio would refuse or change {value}"


def test_choices_are_those_of_the_setting_under_names_of_their_own(form):
    for name, control in form.controls.items():
        if isinstance(control, gr.Dropdown):
            titles, values = zip(*control.choices)
            offered = [value for value in form.specs[name].choices if name != "dataset" or DATASETS[value].available()]
            assert list(values) == offered and len(set(titles)) == len(titles) and all(titles)


def test_titles_name_choices_that_exist():
    choices = {name: set(spec.choices) for config in ALL.values() for name, spec in field_specs(config).items()}
    everything = {name: set().union(*(set(field_specs(c)[name].choices) for c in ALL.values() if name in field_specs(c))) for name in choices}
    for name, titles in forms.TITLES.items():
        assert titles.keys() <= everything[name]
    assert set(forms.SLIDERS) <= choices.keys() and {*forms.SLIDER_STEP, *forms.SLIDER_TOP} <= set(forms.SLIDERS)


def test_values_go_there_and_back(form):
    other = {}
    for name, spec in form.specs.items():
        choices = [value for value in spec.choices if value != spec.default]
        other[name] = choices[0] if choices else spec.low
    if "objective" in other:  # iwae has no KL term to weigh, so it goes with no other β
        other["objective"] = "elbo"
    config = form.config(**other)
    shown = dict(zip(form.controls, form.updates(config.model_dump())))
    assert form.config(**form.values(*shown.values())) == config != form.config()


def test_whole_numbers_may_come_as_floats_and_others_are_refused():
    form = Form(CONFIGS["ae"])
    with gr.Blocks():
        form.draw("steps")
    assert form.values(12.0) == {"steps": 12} and type(form.values(12.0)["steps"]) is int
    with pytest.raises(ConfigError, match="steps = 12.5"):
        form.config(**form.values(12.5))


def test_a_cleared_number_keeps_its_default(form):
    assert form.values(*[None] * len(form.inputs)) == {}


def test_settings_that_the_config_lacks_leave_a_control_alone():
    form = Form(CONFIGS["vae"])
    with gr.Blocks():
        form.draw("steps", "beta")
    steps, beta = form.updates({"steps": 7})
    assert steps == 7 and beta == gr.skip()
