"""Lessons: the files, what a teacher is told of a mistake in one, what checks say, and that those of the shipped lessons hold."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lesson_runs import Trainings

from playground.config import ConfigError
from playground.data import load_dataset
from playground.lessons import beside, measured, shelf
from playground.lessons.checks import judge, parse_check
from playground.lessons.parsing import WORDS, LessonError, read
from playground.lessons.readings import written
from playground.lessons.service import LessonService
from playground.lessons.settings import configure, others
from playground.measures import energy
from playground.page.page import TABS, places
from playground.page.service import Service
from playground.runs.events import Snapshot
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.records import Origin, RunRecord
from playground.ui.prose import blocks

PLACES = places()
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
LESSON = """title: A lesson
about: Of nothing.

# First
Some **prose**,
in two lines.

tab: ae
set: dataset=digits, steps=20
train: yes
name: one
ask: What? | this | that*
check: held_out/mse < 0.5 baseline/mse
otherwise: Again.

# Second
check: train/mse > 0 train/mse of one
"""


def test_a_lesson_is_read_as_it_is_written():
    lesson = read(LESSON, PLACES)
    first, second = lesson.steps
    assert (lesson.title, lesson.about) == ("A lesson", "Of nothing.")
    assert (first.heading, first.tab, first.set, first.train, first.run) == (
        "First",
        "ae",
        {"dataset": "digits", "steps": "20"},
        True,
        0,
    )
    assert first.ask.answers == ("this", "that") and first.ask.right == 1
    assert (second.tab, second.train, second.run, second.checks) == ("ae", False, 0, ["train/mse > 0 train/mse of one"])
    assert shelf.shown(lesson)["steps"][0]["set"] == {"dataset": "digits", "steps": 20}


@pytest.mark.parametrize(
    "old, new, line, says",
    [
        ("title: A lesson", "title:", 1, "begins with"),
        ("about: Of nothing.", "Some prose", 2, "before the first step"),
        ("# First", "## First", 4, "before the first step"),
        ("tab: ae", "tab: gan", 8, "one of ae, vae, diffusion"),
        ("tab: ae", "bench: none", 8, "no such bench"),
        ("steps=20", "beta=3", 9, "beta is not a setting here"),
        ("steps=20", "steps=0", 9, "steps = '0' is refused: it must be a whole number from 1"),
        ("steps=20", "device=cpu", 9, "nor the device"),
        ("steps=20", "steps", 9, "are written"),
        ("train: yes", "train: maybe", 10, "yes or no"),
        ("name: one", "name: One!", 11, "small letters"),
        ("this | that*", "this | that", 12, "ends in"),
        ("check: held", "chekc: held", 13, "check\\?"),
        ("< 0.5 baseline", "<= 0.5 baseline", 13, "a check is written"),
        ("held_out/mse <", "held_out/kl <", 13, "not measured on the tab ae"),
        ("held_out/mse <", "held_out/mze <", 13, "no reading"),
        ("of one", "of two", 17, "no earlier step"),
        ("otherwise: Again.", "otherwise:", 14, "something must stand"),
        ("Some **prose**", "Some \0 prose", 5, "no line of text"),
    ],
)
def test_a_mistake_is_a_sentence_with_the_number_of_its_line(old, new, line, says):
    assert old in LESSON
    with pytest.raises(LessonError, match=rf"^Line {line}: .*({says})"):
        read(LESSON.replace(old, new, 1), PLACES)


@pytest.mark.parametrize("text", [None, 3, ["title: x"], "", "x" * 70_000, "title: x\n" + "# a\n" * 61])
def test_what_is_no_lesson_is_refused(text):
    with pytest.raises(LessonError, match="^Line 1: "):
        read(text, PLACES)


PIECES = st.sampled_from(
    [*LESSON.splitlines(), "# ", "check: x/y < 1", "bench: theory", "set: a=b", "ask: | | *", "tab: vae", "train: no"]
)
FILES = st.lists(PIECES | st.text(max_size=60), max_size=25).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | FILES)
def test_any_text_is_a_lesson_or_refused_in_a_short_sentence(text):
    try:
        json.dumps(shelf.shown(read(text, PLACES)), allow_nan=False)
    except LessonError as error:
        assert str(error).startswith("Line ") and len(str(error)) < 2000


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("*`[]()<>hps:/.a \n-"), max_size=80) | st.text(max_size=80))
def test_prose_loses_no_letter_and_gains_no_markup(text):
    spans = [span for block in blocks(text.split("\n")) for span in block["spans"]]
    assert {span["style"] for span in spans} <= {"", "strong", "em", "code", "link"}
    assert all(span["href"].startswith(("http://", "https://")) for span in spans if span["style"] == "link")
    letters = [letter for letter in text if letter.isalnum()]
    said = [letter for span in spans for letter in span["text"] + span.get("href", "") if letter.isalnum()]
    assert letters == said


def test_prose_has_paragraphs_lists_and_a_few_styles():
    found = blocks(["One *two*", "three.", "", "- [four](https://a.b)", "- `five` <script>", "", "[x](javascript:y)"])
    assert [(block["kind"], [(span["style"], span["text"]) for span in block["spans"]]) for block in found] == [
        ("p", [("", "One "), ("em", "two"), ("", " three.")]),
        ("li", [("link", "four")]),
        ("li", [("code", "five"), ("", " <script>")]),
        ("p", [("", "[x](javascript:y)")]),
    ]


@pytest.mark.parametrize(
    "text, holds, says",
    [
        (
            "held_out/mse < 0.5 baseline/mse",
            True,
            "Held-out error 0.0212, error of the mean image 0.0874: less than 0.5 times that.",
        ),
        ("held_out/mse > 3 held_out/mse of other", False, "Held-out error 0.0212, held-out error of “other” 0.01: not more"),
        ("held_out/mse < 0.1", True, "Held-out error 0.0212: less than 0.1."),
        ("held_out/mse < baseline/mse", True, "less."),
        ("train/mse < 1", None, "Training error was not measured in this run."),
        ("start/held_out/mse > 1", None, "Before training, held-out error was not measured"),
        ("held_out/mse < held_out/mse of third", None, "“third”, an earlier step"),
    ],
)
def test_a_check_says_what_was_measured(text, holds, says):
    found = {"": {"held_out/mse": 0.0212, "baseline/mse": 0.0874}, "other": {"held_out/mse": 0.01}}
    verdict = judge(parse_check(text, {"": "ae", "other": "ae", "third": "ae"}), found)
    assert verdict.holds is holds and says in verdict.sentence


@pytest.mark.parametrize(
    "value, text",
    [
        (0.021234, "0.0212"),
        (-13.26, "−13.3"),
        (159.94, "160"),
        (12345.6, "12,346"),
        (1e-7, "0.0000"),
        (-0.00029, "−0.0003"),
        (0, "0"),
        (float("nan"), "no finite number"),
    ],
)
def test_numbers_are_written_for_people(value, text):
    assert written(value) == text


def test_a_run_with_other_settings_is_told_apart():
    wanted = {"dataset": "digits", "steps": 20}
    config = configure("ae", wanted).model_dump()
    assert others("ae", wanted, config | {"seed": 7, "device": "cuda"}) == []
    assert others("ae", wanted, config | {"latent_dim": 3}) == ["Latent dimensions 3"]
    assert others("vae", wanted, config) == ["the kind of model"]
    inside = {"diffuse_in": "vae", "dataset": "digits", "steps": 20}
    assert others("diffusion", inside, configure("diffusion", inside).model_dump() | {"autoencoder": {}}) == []
    with pytest.raises(ConfigError, match="diffuse_in"):
        configure("diffusion", {"diffuse_in": "gan"})


def test_distances_of_points_are_those_of_the_measure_that_needs_torch():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((50, 2)), 0.5 + rng.standard_normal((80, 2))
    assert measured.energy_distance(x, y) == pytest.approx(
        float(energy.energy_distance(torch.tensor(x), torch.tensor(y))), abs=1e-12
    )


def test_the_best_linear_code_is_that_of_principal_components():
    from sklearn.decomposition import PCA

    data = load_dataset("digits")
    train, test = (split.x.reshape(len(split), -1) / 255.0 for split in (data.train, data.test))
    pca = PCA(3, svd_solver="full").fit(train)
    assert measured.linear_error("digits", 3) == pytest.approx(
        np.square(pca.inverse_transform(pca.transform(test)) - test).mean(), rel=1e-4
    )


def test_empty_places_of_the_map_and_edges_are_what_they_are_called():
    corner = np.array([[0.0, 0.0], [2.0, 1.0]])
    assert measured.empty_share(corner) == pytest.approx(1 - np.pi / 4 * 2 * 0.05**2, abs=0.003)
    assert measured.empty_share(np.stack(np.meshgrid(*[np.linspace(0, 1, 40)] * 2), -1).reshape(-1, 2)) == 0.0
    stripes = np.zeros((1, 1, 4, 4), np.uint8)
    stripes[..., ::2] = 255
    assert measured.edges(stripes) == 0.5


@pytest.mark.parametrize("alpha, sigma", [(0.7, 0.7), (1.0, 50.0), (0.0, 1.0), (1.0, 0.0)])
def test_what_the_forward_process_leaves_is_as_its_closed_form_says(alpha, sigma):
    x = np.random.default_rng(1).normal(3.0, [1.0, 2.0], (20_000, 2))
    left = beside.correlation(x, alpha, sigma)
    assert left == pytest.approx(alpha * 2.5**0.5 / np.hypot(alpha * 2.5**0.5, sigma), abs=4 / 40_000**0.5)


def test_what_a_bench_measured_counts_for_the_run_that_it_measured_alone():
    board = {"rows": [{"name": "HeunDiscreteScheduler", "target": n, "mean": 1 / n} for n in (20, 5)], "floor": {"mean": 0.01}}
    arrays = {"board": np.frombuffer(json.dumps(board).encode(), np.uint8)}
    service = Service(InProcessRuntime(), sweep_seconds=None)
    run = service.train({"model": "diffusion", "dataset": "moons", "steps": 1, "width": 16, "depth": 1})
    lessons, other = LessonService(service, PLACES), RunRecord("arena", snapshot=Snapshot(1, arrays), of=(Origin("", run),))
    checks = ["arena/heun > 0.19", "arena/floor < 0.02", "forward/end < 0.1", "forward/half > 0.2"]
    get = service.registry.get
    service.registry.get = lambda name: other if name == "arena" else get(name)
    ours = {"tab": "diffusion", "set": {"dataset": "moons", "steps": 1, "width": 16, "depth": 1}, "checks": checks, "names": {}}
    assert [holds for holds, _ in lessons.judge([run, ours | {"study": "arena"}])["verdicts"]] == [True] * 4
    assert [holds for holds, _ in lessons.judge([run, ours | {"study": ""}])["verdicts"]] == [None, None, True, True]
    other = replace(other, of=(Origin("", "another"),))
    assert lessons.judge([run, ours | {"study": "arena"}])["verdicts"][0][0] is None
    assert {
        step.heading: shelf.shown(lesson)["steps"][i]["study"]
        for lesson in shelf.shipped(PLACES).values()
        for i, step in enumerate(lesson.steps)
    }["Schedulers of diffusers"] == "arena"
    service.registry.close()


def test_the_server_judges_a_run_by_what_it_measured():
    service = Service(InProcessRuntime())
    lessons = LessonService(service, PLACES)
    wanted = {"dataset": "digits", "steps": 20}
    run = service.train({"model": "ae", **wanted})
    while service.registry.get(run).active:
        asyncio.run(service.registry.wait(run, service.registry.get(run).version, 5.0))
    ours = {
        "tab": "ae",
        "set": wanted,
        "checks": ["held_out/mse < start/held_out/mse"],
        "names": {"one": ["ae", "gone"]},
        "study": "",
    }
    answer = lessons.judge([run, ours])
    assert answer["verdicts"][0][0] is True and "before training" in answer["verdicts"][0][1]
    assert answer["settings"]["steps"] == 20 and answer["numbers"]["codes/spread"] > 0
    assert "steps 20" in lessons.judge([run, ours | {"set": {"dataset": "digits"}}])["other"].lower()
    unknown = lessons.judge([run, ours | {"checks": ["held_out/mse < held_out/mse of one"]}])
    assert unknown["verdicts"][0][0] is None
    for bad in (None, [], [run], [run, {}], [run, ours | {"checks": "x"}], [run, ours | {"names": {"a": 1}}], [3, ours]):
        with pytest.raises(ConfigError, match="A judgement is"):
            lessons.judge(bad)


def test_every_shipped_lesson_can_be_read_and_says_what_it_needs_to():
    found = shelf.shipped(PLACES)
    assert list(found) == ["from-autoencoder-to-diffusion", "five-experiments", "a-training-that-went-wrong"]
    for lesson in found.values():
        assert lesson.about and len(lesson.steps) > 4
        for step in lesson.steps:
            assert step.prose and step.ask and step.because and not (step.checks and not step.otherwise), step.heading
            assert not (step.train and not step.checks), f"{step.heading} trains, and checks nothing"


def test_the_lesson_in_the_readme_can_be_read_and_what_it_claims_holds():
    section = README.partition("## Lessons\n")[2].partition("\n## ")[0]
    lesson = read(section.split("```\n")[1], PLACES)
    assert all(f"| `{word}:" in section or f"`{word}:`" in section for word in WORDS)
    assert [verdict.holds for _, _, verdict in Trainings(0).verdicts(lesson)] == [True, True]


def test_benches_are_known_by_the_names_of_the_addresses():
    assert list(PLACES) == [name for name, *_ in TABS]
    assert "bound-and-gap" in PLACES["vae"] and "scheduler-arena" in PLACES["diffusion"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_what_the_lessons_claim_holds(seed):
    trainings = Trainings(seed)
    failed = [
        (name, heading, check, verdict.sentence)
        for name, lesson in shelf.shipped(PLACES).items()
        for heading, check, verdict in trainings.verdicts(lesson)
        if not verdict.holds
    ]
    assert not failed
