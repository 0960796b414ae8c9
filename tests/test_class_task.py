"""A task for a class: its arithmetic, what it refuses, who may enter what, and the places on the board."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from torch.utils.flop_counter import FlopCounterMode

from playground.config import ConfigError, parse_config
from playground.measures.units import bits_per_dimension
from playground.page.service import Service
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.runtimes import InProcessRuntime, RegistryError
from playground.runtimes.links import watch_id
from playground.teacher import compute, contest
from playground.teacher.board import Entry, ranked
from playground.teacher.measuring import measured, step_operations
from playground.teacher.routes import TASK, Teacher
from playground.teacher.task import form, operations

DEADLINE = 90.0
SMALL = {"width": 16, "depth": 1, "latent_dim": 2}
ASKED = {"model": "ae", "dataset": "digits", "fixed": SMALL, "steps": 40, "tries": 2}
ANN, BEN = "a" * 32, "b" * 32


@pytest.fixture(scope="module")
def service():
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    Teacher(service, "a token for the class")
    yield service
    service.registry.close()


@pytest.fixture
def task(service):
    """The task of the class, anew for each test."""
    service.contest.set(ASKED)
    yield service.contest.task
    service.contest.end()


def until(condition) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def joined(task, person: str = ANN) -> dict[str, str]:
    return {"task": task.id, "person": person}


def train(service, task, person: str = ANN, *, whole: bool = True, **settings) -> str:
    values = {"model": task.model, "dataset": task.usual.dataset, **task.fixed, "steps": 40, **settings}
    run = service.train({**values, "joined": joined(task, person)})
    until(lambda: not whole or service.registry.get(run).status == "finished")
    return run


def enter(service, task, run: str, name: str = "", person: str = ANN) -> dict:
    service.contest.do({"do": "enter", **joined(task, person), "run": run, "name": name})
    until(lambda: not look(service, task, person)["said"].startswith("Your run is being"))
    return look(service, task, person)


def look(service, task, person: str = ANN, run: str = "", **settings) -> dict:
    return service.contest.do({"do": "look", **joined(task, person), "run": run, "settings": settings})


# --- the arithmetic ---------------------------------------------------------------------------------------------------


def test_a_step_of_a_plain_autoencoder_costs_what_its_layers_say() -> None:
    """Two operations for each weight and example, forward and for both gradients; the first layer has none to pass on."""
    config = parse_config({"model": "ae", "dataset": "digits", "width": 16, "depth": 1, "batch_size": 128, "device": "cpu"})
    layers = 64 * 16 + 16 * 2 + 2 * 16 + 16 * 64
    assert step_operations(config) == 2 * 128 * (3 * layers - 64 * 16)


@pytest.mark.parametrize(
    "values",
    [
        {"model": "ae", "network": "conv", "width": 32},
        {"model": "vae", "objective": "iwae", "width": 32},
        {"model": "diffusion", "width": 32},
        {"model": "diffusion", "dataset": "mixture", "width": 32},
    ],
    ids=lambda values: "-".join(map(str, values.values())),
)
def test_a_step_costs_what_torchs_own_counter_says(values) -> None:
    config = parse_config({"dataset": "digits", "device": "cpu", "precision": "f32", **values})
    run = Trainer(config, Control(), None)
    with FlopCounterMode(display=False) as counter:
        run.task.loss(run.model, run.task.batch(run.generator), run.generator).total.backward()
    assert step_operations(config) == counter.get_total_flops() > 0


def test_the_same_settings_cost_the_same_and_are_counted_once(service, monkeypatch) -> None:
    counted = []
    kept = compute.in_turn
    monkeypatch.setattr(compute, "in_turn", lambda *args: counted.append(args[-1]) or kept(*args))
    costs = compute.Costs(service.registry)
    config = parse_config({"model": "ae", "dataset": "digits", **SMALL, "device": "cpu"})
    one = costs.of(config)
    same = {
        "seed": 5,
        "steps": 9,
        "learning_rate": 0.1,
        "decay": "constant",
        "map_points": 50,
        "precision": "bf16",
        "ema_length": 0.0,
    }
    assert costs.of(config.replace(**same)) == costs.known(config.replace(**same)) == one and len(counted) == 1
    assert step_operations(config.replace(seed=5, learning_rate=0.1)) == one
    assert costs.of(config.replace(contraction=0.1)) > one and costs.of(config.replace(batch_size=256)) == 2 * one


def test_numbers_of_operations_in_words() -> None:
    assert [operations(n) for n in (7, 999.6, 1.36e6, 6.529e9, 9.999e11, 2.5e12)] == [
        "7 operations",
        "1 thousand operations",
        "1.36 million operations",
        "6.53 billion operations",
        "1 trillion operations",
        "2.5 trillion operations",
    ]


# --- places -----------------------------------------------------------------------------------------------------------


def entries(*pairs: tuple[float, float]) -> list[Entry]:
    return [Entry(n, f"Run {n}", "", 1, 1.0, (), value, sd) for n, (value, sd) in enumerate(pairs)]


@pytest.mark.parametrize(
    "pairs, found",
    [
        ([], []),
        ([(2.0, 0.0), (1.0, 0.0), (1.0, 0.0), (3.0, 0.0)], [(1, 1), (1, 2), (3, 0), (4, 3)]),
        ([(1.0, 0.2), (1.3, 0.2), (1.5, 0.2), (1.75, 0.2)], [(1, 0), (1, 1), (3, 2), (3, 3)]),
        ([(1.0, 0.0), (1.2, 0.01), (1.25, 0.3)], [(1, 0), (2, 1), (2, 2)]),
    ],
)
def test_who_is_within_the_spread_of_the_first_of_a_place_shares_it(pairs, found) -> None:
    assert [(place, entry.number) for place, entry in ranked(entries(*pairs))] == found


def test_on_the_same_examples_it_is_the_difference_that_has_a_spread() -> None:
    """Errors that go up and down together tell two models apart whose means have large spreads; those that do not, do not."""
    rng = np.random.default_rng(0)
    hard = rng.exponential(size=400)
    scores = [hard, hard + 0.05 + 0.1 * rng.normal(size=400), rng.permutation(hard) + 0.05]
    made = [Entry(n, "", "", 1, 1.0, (), float(x.mean()), float(x.std() / 20), x) for n, x in enumerate(scores)]
    assert made[1].value - made[0].value < made[0].sd + made[1].sd
    assert [place for place, _ in ranked(made[:2])] == [1, 2]
    assert [place for place, _ in ranked(made[::2])] == [1, 1]


# --- what is measured -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["ae", "vae"])
def test_what_counts_is_the_held_out_loss_of_the_run_in_its_unit(service, model) -> None:
    service.contest.set(ASKED | {"model": model})
    run = train(service, service.contest.task)
    found, scores = measured(service.registry.checkpoint(run), "cpu")
    term = {"ae": "held_out/mse", "vae": "held_out/neg_elbo"}[model]
    read = float(service.registry.get(run).history[term][1][-1])
    right = bits_per_dimension(read, 64) if model == "vae" else read
    assert found.value == pytest.approx(right, rel=1e-5 if model == "ae" else 0.02)
    assert len(scores) == 355 and found.sd == pytest.approx(scores.std(ddof=1) / math.sqrt(355))
    assert found.beside and found.unit in ("squared error per pixel", "bits per dimension")


def test_samples_count_by_their_distance_beside_its_floor_however_a_page_draws_them(service) -> None:
    service.contest.set({"model": "diffusion", "dataset": "mixture", "fixed": {"width": 16, "depth": 1}, "steps": 40, "tries": 1})
    task = service.contest.task
    found = (
        enter(service, task, train(service, task), "Ann"),
        enter(service, task, train(service, task, BEN, sampling_steps=3), "", BEN),
    )
    place = found[0]["place"]
    assert found[1]["place"]["value"] == place["value"] and found[1]["place"]["place"] == 1
    shown = service.contest.shown()
    assert place["place"] == 1 and place["value"] > shown["beside"][1] and place["sd"] > 0 and shown["beside"][0] == "real data"


# --- the task and its refusals ----------------------------------------------------------------------------------------


def test_the_sentence_says_what_counts_the_budget_the_tries_and_what_is_fixed(task) -> None:
    assert task.sentence == (
        "Train an autoencoder on Digits. What counts is the squared error of held-out images: the lowest wins. A run may cost 54.4 million operations, as do "
        "40 steps of the usual settings; 2 tries, and each training begun here is one. The same for all: Width 16; Depth 1; Latent dimensions 2."
    )
    assert task.query == (
        f"tab=ae&task={task.id}&ae.dataset=digits&ae.width=16&ae.depth=1&ae.latent_dim=2&hide=width,depth,latent_dim"
    )


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"model": "latent_diffusion"}, "A task has a model"),
        ({"dataset": "mixture"}, "one that the form offers"),
        ({"fixed": {"device": "cpu"}}, "nothing that a task can fix"),
        ({"fixed": {"width": 1e9}}, "width"),
        ({"fixed": [1]}, "A task has"),
        ({"steps": 0}, "The budget in steps: a whole number from 1"),
        ({"steps": 1.5}, "The budget in steps"),
        ({"tries": 101}, "Tries: a whole number from 1 to 100"),
        ({"tries": True}, "Tries"),
    ],
)
def test_a_task_that_is_none_is_refused_and_the_one_before_stays(service, task, change, sentence) -> None:
    with pytest.raises(ConfigError, match=sentence):
        service.contest.set(ASKED | change)
    assert service.contest.task is task


def test_the_form_offers_what_can_be_set(service) -> None:
    offered = form()
    assert set(offered) == {"ae", "vae", "diffusion"}
    assert "wine" in [value for _, value in offered["vae"]["data"]]
    names = {setting["name"] for setting in offered["diffusion"]["settings"]}
    assert {"width", "steps", "guidance_scale"} <= names and not names & {"device", "dataset", "sampler", "precision"}


def test_over_the_budget_is_refused_before_it_starts_with_what_would_fit(service, task) -> None:
    runs = len(service.registry)
    with pytest.raises(
        ConfigError, match=r"^steps = 41 is refused: .*1.36 million operations, and the budget is enough for 40 steps"
    ) as refused:
        train(service, task, steps=41)
    assert refused.value.way == {"steps": 40}
    with pytest.raises(ConfigError, match="enough for 20 steps") as refused:
        train(service, task, batch_size=256)
    assert refused.value.way == {"steps": 20} and len(service.registry) == runs and look(service, task)["used"] == 0
    with pytest.raises(ConfigError, match="enough for no step. A smaller network") as refused:
        train(service, task, batch_size=4096, contraction=0.1, steps=200_000)
    assert not refused.value.way


def test_what_is_fixed_stays_so_before_and_while_it_trains(service, task) -> None:
    for name, value in (("width", 32), ("dataset", "fashion_mnist")):
        with pytest.raises(ConfigError, match=f"{name} = .* in this task it is") as refused:
            train(service, task, **{name: value})
        assert refused.value.way == {name: 16 if name == "width" else "digits"}
    service.contest.set(ASKED | {"fixed": {"learning_rate": 0.003}, "steps": 200_000})
    run = train(service, service.contest.task, whole=False, learning_rate=0.003, steps=100_000)
    until(lambda: service.registry.get(run).status == "running")
    for name, why in (("learning_rate", "fixes it"), ("contraction", "cost more or less")):
        with pytest.raises(ConfigError, match=f"{name} stays .*{why}"):
            service.set(run, {name: 0.1})
    service.set(run, {"sparsity": 0.1})
    service.registry.stop(run)
    until(lambda: not service.registry.get(run).active)
    other = service.train({"model": "ae", "dataset": "digits", **SMALL, "steps": 100_000})
    service.set(other, {"contraction": 0.1})
    service.registry.stop(other)


def test_bits_of_black_and_white_are_not_ranked_with_those_of_grey_levels(service) -> None:
    service.contest.set(ASKED | {"model": "vae"})
    with pytest.raises(ConfigError, match="cannot be ranked together"):
        train(service, service.contest.task, likelihood="bernoulli")
    service.contest.set(ASKED | {"model": "vae", "fixed": SMALL | {"likelihood": "bernoulli"}})
    assert train(service, service.contest.task)


def test_tries_are_trainings_begun_and_another_kind_of_model_is_none(service, task) -> None:
    first = train(service, task)
    assert look(service, task)["used"] == 1
    free = service.train({"model": "vae", "dataset": "digits", **SMALL, "steps": 5000, "joined": joined(task)})
    service.registry.stop(free)
    train(service, task)
    with pytest.raises(ConfigError, match="All your 2 tries have been begun"):
        train(service, task)
    assert train(service, task, BEN)
    assert look(service, task, ANN, first)["may"]


def test_a_task_has_room_for_so_many(service, task, monkeypatch) -> None:
    monkeypatch.setattr(contest, "MOST", 1)
    train(service, task, ANN)
    with pytest.raises(ConfigError, match="as many as a task has room for"):
        train(service, task, BEN)
    assert train(service, task, ANN)


def test_what_the_settings_cost_is_told_before(service, task) -> None:
    settings = {"dataset": "digits", **SMALL, "steps": 10, "diffuse_in": "data"}
    until(lambda: look(service, task, **settings)["cost"] is not None)
    assert look(service, task, **settings)["cost"] == pytest.approx(0.25)
    assert "width = 32 is refused" in look(service, task, **settings | {"width": 32})["refused"]


# --- entering ---------------------------------------------------------------------------------------------------------


def test_the_best_run_of_each_stands_on_the_board_in_its_place(service, task) -> None:
    weak, good = train(service, task, steps=2), train(service, task)
    other = train(service, task, BEN, seed=3, learning_rate=0.003)
    assert enter(service, task, weak, "Ann <b>")["place"]["of"] == 1
    first = service.contest.shown()["rows"][0]
    assert (first["name"], first["steps"], first["share"], first["run"]) == ("Ann <b>", 2, pytest.approx(0.05), watch_id(weak))
    enter(service, task, good, "Ann")
    assert enter(service, task, other, "", BEN)["name"] == "Run 2"
    shown = service.contest.shown()
    rows = {row["name"]: row for row in shown["rows"]}
    assert set(rows) == {"Ann", "Run 2"} and rows["Ann"]["value"] < first["value"] and rows["Ann"]["settings"] == ()
    assert rows["Run 2"]["settings"] == ("Learning rate 0.003", "Seed 3")
    assert min(row["place"] for row in shown["rows"]) == 1 and shown["people"] == 2 and shown["unit"] == "squared error per pixel"
    assert not any(secret in str(shown) for secret in (ANN, BEN, weak, good, other))
    with pytest.raises(ConfigError, match="has been entered already"):
        enter(service, task, good)
    number = rows["Ann"]["number"]
    service.contest.remove(number)
    assert [row["name"] for row in service.contest.shown()["rows"]] == ["Run 2"] and look(service, task)["place"] is None


def test_a_worse_run_does_not_take_the_place_of_the_best(service, task) -> None:
    good, weak = train(service, task), train(service, task, steps=2)
    value = enter(service, task, good)["place"]["value"]
    found = enter(service, task, weak)
    assert found["place"]["value"] == value and "your best stands" in found["said"]


def test_nobody_enters_what_is_not_his(service, task) -> None:
    run = train(service, task)
    train(service, task, BEN, steps=2)
    outside = service.train({"model": "ae", "dataset": "digits", **SMALL, "steps": 5})
    until(lambda: not service.registry.get(outside).active)
    for person, name in ((BEN, run), ("c" * 32, run), (ANN, outside), (ANN, ""), (ANN, "no such run")):
        with pytest.raises(ConfigError, match="Only a run that you began"):
            enter(service, task, name, person=person)
    with pytest.raises(RegistryError, match="link is for watching"):
        enter(service, task, watch_id(run))
    assert not look(service, task, BEN, run)["may"] and not look(service, task, ANN, watch_id(run))["may"]
    assert service.contest.shown()["rows"] == []


def test_a_run_is_entered_once_it_has_taken_all_its_steps(service) -> None:
    service.contest.set(ASKED | {"steps": 200_000})
    task = service.contest.task
    run = train(service, task, whole=False, steps=200_000)
    with pytest.raises(ConfigError, match="all its steps"):
        enter(service, task, run)
    until(lambda: service.registry.get(run).step > 0)
    service.registry.stop(run)
    until(lambda: service.registry.get(run).status == "stopped")
    with pytest.raises(ConfigError, match="all its steps"):
        enter(service, task, run)


def test_names_are_short_lines_of_one_person_each(service, task) -> None:
    one, other = train(service, task), train(service, task, BEN)
    with pytest.raises(ConfigError, match="at most 24 characters"):
        enter(service, task, one, "x" * 25)
    assert enter(service, task, one, " Ann\n\x07 B\u202e ")["name"] == "Ann B"
    with pytest.raises(ConfigError, match="is somebody else here"):
        enter(service, task, other, "ann b", BEN)


@pytest.mark.parametrize(
    "request_",
    [None, [], {"do": "look"}, {"do": "look", "run": 3, "settings": {}}, {"do": "enter", "run": "x", "name": None}, {"do": "x"}],
)
def test_what_is_no_request_is_refused(service, task, request_) -> None:
    with pytest.raises(ConfigError, match="A student looks at the task, or enters a run"):
        service.contest.do({**request_, **joined(task)} if isinstance(request_, dict) else request_)


@pytest.mark.parametrize("who", [{}, {"task": 1, "person": ANN}, {"person": "short"}, {"person": "x" * 65}, {"person": "<b>" * 8}])
def test_who_is_nobody_and_a_link_that_was_made_up_make_no_entry(service, task, who) -> None:
    asks = {"do": "look", "run": "", "settings": {}}
    with pytest.raises(ConfigError, match="joined by its name" if who else "joined by"):
        service.contest.do(asks | ({**joined(task), **who} if who else {}))
    forged = {"task": "x" * 12, "person": ANN}
    for act in (lambda: service.contest.do(asks | forged), lambda: service.train({"model": "ae", **SMALL, "joined": forged})):
        with pytest.raises(ConfigError, match="This task has ended"):
            act()
    assert service.contest.shown()["people"] == 0


def test_the_board_goes_with_its_task(service, task) -> None:
    run = train(service, task)
    enter(service, task, run)
    service.contest.end()
    assert service.contest.shown() is None
    with pytest.raises(ConfigError, match="has ended"):
        look(service, task)
    service.contest.set(ASKED)
    assert service.contest.shown()["rows"] == [] and service.contest.task.id != task.id


def test_a_model_that_cannot_be_measured_is_told_so_and_stays_off_the_board(service, task, monkeypatch) -> None:
    run = train(service, task)

    def refuse(*args, **kwargs):
        raise RegistryError("The machine is out of room.")

    monkeypatch.setattr(contest, "in_turn", refuse)
    assert enter(service, task, run)["said"] == "The machine is out of room." and service.contest.shown()["rows"] == []


def test_a_student_asks_from_a_page_of_the_server_alone(service, task) -> None:
    client = TestClient(Starlette(routes=Teacher(service, "a token for the class").routes()))
    service.contest.set(ASKED)
    asks = {"do": "look", **joined(service.contest.task), "run": "", "settings": {}}
    assert client.post(TASK, json=asks, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post(TASK, json=asks, headers={"origin": "http://testserver"}).json()["tries"] == 2
    answer = client.post(TASK, json=asks | {"task": "forged"}, headers={"origin": "http://testserver"})
    assert answer.status_code == 200 and answer.json() == {"error": contest.ENDED}
