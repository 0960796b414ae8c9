"""The loop: what it says and when, that it repeats bit for bit, resumes exactly, obeys, and fails with a sentence."""

from __future__ import annotations

import itertools
import math
import pickle
from collections.abc import Iterable

import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, RunConfig, VAEConfig
from playground.data import DATASETS
from playground.runs import training
from playground.runs.checkpoint import CheckpointError, unpack
from playground.runs.control import Control
from playground.runs.events import Checkpoint, Event, Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runs.tasks.diffusion import DiffusionTask, Surrounded
from playground.runs.tasks.latent import LatentTask
from playground.runs.training import Trainer, change_live, pick_device, train

TINY = {"steps": 30, "batch_size": 16, "warmup_steps": 5, "width": 16, "depth": 1, "device": "cpu"}
IMAGES = ("digits", "sprites", "fashion_mnist")
POINTS = tuple(name for name, info in DATASETS.items() if not info.is_image)


def autoencoder(**changes) -> AutoencoderConfig:
    return AutoencoderConfig(**({"dataset": "digits"} | TINY | changes))


def vae(**changes) -> VAEConfig:
    return VAEConfig(**({"dataset": "digits"} | TINY | changes))


def diffusion(**changes) -> DiffusionConfig:
    return DiffusionConfig(**(TINY | {"sampling_steps": 2} | changes))


MODELS = pytest.mark.parametrize("make", [autoencoder, vae, diffusion])


def script(messages: dict[int, dict], rate: float = 0.0) -> Control:
    """A control that brings `messages[n]` when the loop asks for the n-th time. With `rate` 0 nobody looks, and the loop
    asks once a step: the message comes before step n is made."""
    calls = itertools.count(1)

    def poll() -> Iterable[dict]:
        n = next(calls)
        return ([{"kind": "watch", "rate": rate}] if n == 1 else []) + ([messages[n]] if n in messages else [])

    return Control(poll)


def run(config: RunConfig, messages: dict[int, dict] | None = None, rate: float = 0.0, resume: bytes | None = None) -> list[Event]:
    return list(train(config, script(messages or {}, rate), resume))


def tensors(checkpoint: bytes) -> dict[str, torch.Tensor]:
    return unpack(checkpoint).tensors


def same(a: bytes, b: bytes) -> bool:
    one, other = tensors(a), tensors(b)
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def distance(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    return math.sqrt(sum(float((a[key] - b[key]).square().sum()) for key in a))


# --- what is said, and when ------------------------------------------------------------------------------------------


@MODELS
def test_events_come_in_order(make) -> None:
    config = make()
    events = run(config, rate=60.0)
    started, first, *_, end = events
    assert isinstance(started, Started) and started.config == config.model_dump() and started.step == 0
    assert isinstance(first, Snapshot) and first.step == 0
    assert isinstance(end, Finished) and end.step == 30 and not end.stopped
    assert sum(isinstance(event, (Started, Finished, Failed)) for event in events) == 2
    steps = [event.step for event in events if not isinstance(event, Checkpoint)]  # those wait until they are proven
    assert steps == sorted(steps)
    progress, pictures = ([e for e in events if isinstance(e, kind)] for kind in (Progress, Snapshot))
    assert progress[-1].step == pictures[-1].step == 30
    assert any(name.startswith("train/") for name in progress[-1].losses)
    assert any(name.startswith("held_out/") for name in progress[-1].losses)
    assert all(math.isfinite(value) for event in progress for value in event.losses.values())
    assert [event.seconds for event in progress] == sorted(event.seconds for event in progress)
    assert pickle.loads(pickle.dumps(events[-1])) == events[-1]


def test_the_number_of_parameters_is_that_of_the_weights() -> None:
    events = run(vae())
    assert events[0].n_parameters == sum(v.numel() for v in unpack(events[-1].checkpoint).group("model").values())


def test_snapshots_hold_what_their_models_promise() -> None:
    ae, v = run(autoencoder())[1].arrays, run(vae())[1].arrays
    assert ae["latent"].shape == (355, 2) and ae["originals"].shape == ae["reconstructions"].shape == ae["errors"].shape == (
        10,
        1,
        8,
        8,
    )
    moments = {"kl_per_dimension", "mean_variance", "aggregate_mean", "aggregate_variance"}
    assert all(v[name].shape == (2,) and v[name].dtype == "float32" for name in moments)
    assert (
        v.keys() == ae.keys() | moments | {"samples", "drawn"}
        and v["samples"].shape == (32, 1, 8, 8)
        and v["samples"].dtype == "uint8"
    )
    points = run(diffusion(sampling_steps=5))[-2].arrays
    assert points["trajectory"].shape == (6, 300, 2) and points["times"].shape == (6,) and points["times"][-1] == 0.0
    images = run(diffusion(dataset="digits", sampling_steps=20, steps=1))[-2].arrays
    assert images["samples"].shape == (25, 1, 8, 8) and images["way"].shape == (12, 25, 1, 8, 8) and images["times"].shape == (12,)
    assert (images["way"][-1] == images["samples"]).all() and images["expected"].shape == (12, 1, 8, 8)
    assert (images["expected"][-1] == images["samples"][0]).all() and (images["expected"][0] != images["way"][0, 0]).any()


# --- the same run again ----------------------------------------------------------------------------------------------


@MODELS
def test_the_seed_decides_everything(make) -> None:
    first, again, other = (run(make(seed=seed))[-1].checkpoint for seed in (3, 3, 4))
    assert same(first, again) and not same(first, other)


def test_the_world_outside_decides_nothing() -> None:
    torch.manual_seed(1)
    first = run(diffusion())[-1].checkpoint
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert same(first, run(diffusion())[-1].checkpoint)
    assert torch.equal(before, torch.get_rng_state())


@MODELS
def test_watching_changes_nothing(make) -> None:
    watched, unwatched = run(make(), rate=60.0), run(make(), rate=0.0)
    assert same(watched[-1].checkpoint, unwatched[-1].checkpoint)
    assert sum(isinstance(event, Snapshot) for event in unwatched) == 2  # the first and the last
    assert sum(isinstance(event, Snapshot) for event in watched) >= 2


@MODELS
def test_resumed_equals_uninterrupted(make) -> None:
    straight = run(make())[-1]
    half = run(make(), {12: {"kind": "stop"}})[-1]
    assert half.stopped and half.step == 12
    rest = run(make(), resume=half.checkpoint)
    assert rest[0].step == 12 and rest[-1].step == 30
    assert same(rest[-1].checkpoint, straight.checkpoint)
    assert not same(half.checkpoint, straight.checkpoint)


def test_resumed_from_a_requested_checkpoint_too() -> None:
    events = run(vae(), {9: {"kind": "checkpoint"}})
    kept = next(event for event in events if isinstance(event, Checkpoint) and event.step == 9)
    assert same(run(vae(), resume=kept.data)[-1].checkpoint, events[-1].checkpoint)


def test_a_finished_run_resumes_to_its_end() -> None:
    done = run(autoencoder())[-1]
    events = run(autoencoder(), resume=done.checkpoint)
    assert events[0].step == events[-1].step == 30 and same(events[-1].checkpoint, done.checkpoint)


def test_time_goes_on_where_it_stopped() -> None:
    half = run(autoencoder(), {12: {"kind": "stop"}})[-1].checkpoint
    progress = [event for event in run(autoencoder(), resume=half) if isinstance(event, Progress)]
    assert progress[0].seconds >= unpack(half).seconds > 0


@pytest.mark.parametrize(
    "change", [{"width": 32}, {"depth": 2}, {"latent_dim": 3}, {"network": "conv"}, {"dataset": "sprites"}], ids=str
)
def test_a_checkpoint_of_another_network_is_refused_before_the_first_event(change) -> None:
    kept = run(autoencoder())[-1].checkpoint
    with pytest.raises(CheckpointError, match="another network"):
        train(autoencoder(**change), Control(), kept)


@pytest.mark.parametrize("data", [b"", b"x" * 100])
def test_a_broken_checkpoint_is_refused_before_the_first_event(data: bytes) -> None:
    with pytest.raises(CheckpointError):
        train(autoencoder(), Control(), data)


# --- it obeys --------------------------------------------------------------------------------------------------------


def test_stop_ends_the_run_at_that_step() -> None:
    events = run(diffusion(), {7: {"kind": "stop"}})
    assert isinstance(events[-1], Finished) and events[-1].stopped and events[-1].step == 7
    assert unpack(events[-1].checkpoint).step == 7


def test_the_steps_before_a_stop_are_reported(monkeypatch) -> None:
    monkeypatch.setattr(training, "REPORTS_PER_SECOND", 0.34)  # after the first step none is due for three seconds
    progress = [event for event in run(diffusion(), {7: {"kind": "stop"}}) if isinstance(event, Progress)]
    assert progress[-1].step == 7


def test_pause_stands_still_and_changes_nothing() -> None:
    """While it is paused a checkpoint can be had; afterwards all is as if nothing had happened."""
    messages = {10: {"kind": "pause"}, 11: {"kind": "checkpoint"}, 13: {"kind": "resume"}}
    events = run(diffusion(), messages)
    pauses = [event for event in events if isinstance(event, Paused)]
    assert [(event.step, event.paused) for event in pauses] == [(9, True), (9, False)]
    between = events[events.index(pauses[0]) + 1 : events.index(pauses[1])]
    assert [(type(event), event.step) for event in between] == [(Progress, 9), (Checkpoint, 9)]
    assert same(events[-1].checkpoint, run(diffusion())[-1].checkpoint)


@pytest.mark.parametrize("end", [{"kind": "resume"}, {"kind": "stop"}])
def test_a_run_that_stands_still_is_measured_and_drawn_at_that_very_step(monkeypatch, end) -> None:
    """Nothing is due for three seconds after the first step, and yet every panel gets what it shows of the step of the pause."""
    monkeypatch.setattr(training, "REPORTS_PER_SECOND", 0.34)
    events = run(vae(), {10: {"kind": "pause"}, 11: end}, rate=60.0)
    pause = next(i for i, event in enumerate(events) if isinstance(event, Paused))
    after = [event for event in events[pause:] if isinstance(event, Progress | Snapshot)][:2]
    assert [(type(event), event.step) for event in after] == [(Progress, 9), (Snapshot, 9)]
    assert {"train/neg_elbo", "held_out/neg_elbo", "bounds/neg_elbo"} <= set(after[0].losses)


def test_a_stopped_run_is_measured_and_drawn_at_its_last_step(monkeypatch) -> None:
    monkeypatch.setattr(training, "LAST_SECONDS", 1e9)
    monkeypatch.setattr(training, "REPORTS_PER_SECOND", 0.34)
    events = run(vae(), {10: {"kind": "stop"}})
    progress, snapshot, end = events[-3:]
    assert (type(progress), type(snapshot), type(end)) == (Progress, Snapshot, Finished)
    assert progress.step == snapshot.step == end.step == 10
    assert {"train/neg_elbo", "held_out/neg_elbo", "bounds/neg_elbo"} <= set(progress.losses)


def test_what_takes_too_long_is_not_measured_at_a_stop(monkeypatch) -> None:
    """The worker of a run that was told to stop is ended after five seconds."""
    monkeypatch.setattr(training.Cadence, "due", lambda self, rate: False)
    monkeypatch.setattr(training, "LAST_SECONDS", -1.0)
    *_, progress = (event for event in run(vae(), {10: {"kind": "stop"}}) if isinstance(event, Progress))
    assert progress.step == 10
    assert not [name for name in progress.losses if not name.startswith("train/")], "each reading takes longer than no time"


@MODELS
def test_the_untrained_model_is_measured_first(make) -> None:
    """What training must beat: the first reading on held-out data is that of step 0."""
    events = run(make(steps=1))
    first = next(event for event in events if isinstance(event, Progress))
    assert first.step == 0 and all(name.startswith(("held_out/", "baseline/", "linear/")) for name in first.losses) and first.losses
    again = run(make(steps=4), resume=run(make(steps=4), {2: {"kind": "stop"}})[-1].checkpoint)
    assert again[-1].step == 4 and all(event.step > 0 for event in again if isinstance(event, Progress)), (
        "a run that goes on is not untrained"
    )


def test_a_paused_run_can_be_stopped() -> None:
    end = run(diffusion(), {10: {"kind": "pause"}, 11: {"kind": "stop"}})[-1]
    assert isinstance(end, Finished) and end.stopped and end.step == 9


def test_a_new_learning_rate_works_from_the_next_step() -> None:
    messages = {10: {"kind": "checkpoint"}, 11: {"kind": "set", "values": {"learning_rate": 1e-6}}}
    events = run(autoencoder(decay="constant"), messages)
    kept = next(event for event in events if isinstance(event, Checkpoint) and event.step == 10)
    end, plain = events[-1].checkpoint, run(autoencoder(decay="constant"))[-1].checkpoint
    moved, otherwise = (distance(unpack(kept.data).group("model"), unpack(later).group("model")) for later in (end, plain))
    assert 0 < moved < otherwise / 100
    assert unpack(end).config.learning_rate == 1e-6
    assert [event for event in events if isinstance(event, Progress)][-1].learning_rate == 1e-6


def test_a_new_beta_works_from_the_next_step() -> None:
    changed = run(vae(), {5: {"kind": "set", "values": {"beta": 50.0}}})[-1].checkpoint
    assert not same(changed, run(vae())[-1].checkpoint) and unpack(changed).config.beta == 50.0


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"steps": 5}, "steps cannot be changed while a model trains"),
        ({"learning_rate": -1.0}, "learning_rate = -1.0 is refused"),
        ({"width": 32}, "width cannot be changed"),
        ({"beta": 2.0}, "beta is not a setting here"),
        ({"learning_rate": math.nan}, "learning_rate = nan"),
        ({"model": "vae"}, "model"),
        ({"learning_rate": 1e-5, "seed": 1}, "seed cannot be changed"),
    ],
    ids=str,
)
def test_what_cannot_change_is_refused_and_the_run_goes_on(values, sentence) -> None:
    with pytest.raises(ConfigError, match=sentence):
        change_live(autoencoder(), values)
    with pytest.warns(UserWarning, match=sentence):
        events = run(autoencoder(), {5: {"kind": "set", "values": values}})
    assert isinstance(events[-1], Finished) and same(events[-1].checkpoint, run(autoencoder())[-1].checkpoint)


def test_a_device_that_is_not_there_is_refused() -> None:
    assert pick_device("cpu").type == "cpu" and pick_device("auto").type in ("cpu", "cuda", "mps")
    missing = [
        name for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())) if not there
    ]
    for name in missing:
        with pytest.raises(ConfigError, match=f"device = '{name}' is refused: this machine has .*cpu"):
            train(autoencoder(device=name))


# --- it fails with a sentence ----------------------------------------------------------------------------------------


def poison(monkeypatch, step: int) -> None:
    """The data of one training step are NaN; what is held out is not."""
    calls = itertools.count(1)
    for task in (LatentTask, DiffusionTask):
        batch = task.batch

        def poisoned(self, generator, batch=batch):
            found = batch(self, generator)
            factor = math.nan if torch.is_grad_enabled() and next(calls) == step else 1.0
            if isinstance(found, Surrounded):
                return Surrounded(found.own._replace(x=found.own.x * factor), found.others)
            return found * factor

        monkeypatch.setattr(task, "batch", poisoned)


@pytest.mark.parametrize(("make", "term"), [(autoencoder, "mse"), (vae, "kl"), (diffusion, "denoising")])
@pytest.mark.parametrize("step", [1, 17, 30])
def test_a_loss_that_is_not_finite_is_named_with_its_step(monkeypatch, make, term, step) -> None:
    monkeypatch.setattr(training, "MAX_PENDING", 5)  # losses are read after 1, 6, 11, ... steps
    poison(monkeypatch, step)
    *_, end = run(make(learning_rate=0.002))
    assert isinstance(end, Failed) and end.step == step
    assert f"at step {step}," in end.message and term in end.message and "learning rate 0.002" in end.message
    assert end.suggestion
    if step == 1:
        assert end.checkpoint is None
    else:
        kept = unpack(end.checkpoint)
        assert 0 < kept.step < step and all(value.isfinite().all() for value in kept.tensors.values())
        assert run(make(steps=kept.step + 1), resume=end.checkpoint)  # it can go on


def test_a_checkpoint_is_handed_out_only_after_it_was_proven(monkeypatch) -> None:
    """Losses are read every five steps, and a checkpoint is always due: those of steps 15 and later are never handed out."""
    monkeypatch.setattr(training, "MAX_PENDING", 5)
    monkeypatch.setattr(training.Cadence, "due", lambda self, rate: rate == 0.5)
    poison(monkeypatch, 17)
    events = run(diffusion())
    assert [event.step for event in events if isinstance(event, Checkpoint)] == [5, 10]
    assert isinstance(events[-1], Failed) and unpack(events[-1].checkpoint).step == 10


def test_a_failure_just_before_a_stop_is_still_a_failure(monkeypatch) -> None:
    monkeypatch.setattr(training, "REPORTS_PER_SECOND", 0.34)
    poison(monkeypatch, 10)
    end = run(diffusion(), {12: {"kind": "stop"}})[-1]
    assert isinstance(end, Failed) and end.step == 10


def test_a_loss_that_grows_without_end_is_told_before_it_overflows() -> None:
    end = run(diffusion(learning_rate=10.0, gradient_clip=0.0, warmup_steps=0, decay="constant", steps=80))[-1]
    assert isinstance(end, Failed) and end.step < 80
    assert "grew to" in end.message and "learning rate 10" in end.message and "smaller" in end.suggestion


def test_the_floor_is_the_loss_of_the_exact_denoiser_and_no_run_beats_it() -> None:
    config = DiffusionConfig(dataset="mixture", schedule="rectified_flow", parametrization="eps", steps=60, width=32, depth=1)
    losses: dict[str, float] = {}
    for event in run(config):
        if isinstance(event, Progress):
            losses |= event.losses
    assert losses["floor/denoising"] == pytest.approx(0.382, abs=0.045)  # the mean and 3 standard deviations over other draws
    assert losses["held_out/denoising"] > losses["floor/denoising"]


# --- it learns -------------------------------------------------------------------------------------------------------


LEARNING = [(make, name) for make in (autoencoder, vae) for name in IMAGES] + [(diffusion, name) for name in (*POINTS, *IMAGES)]


@pytest.mark.parametrize(("make", "dataset"), LEARNING, ids=[f"{make.__name__}-{name}" for make, name in LEARNING])
def test_the_held_out_loss_falls(make, dataset) -> None:
    points = {"parametrization": "eps", "batch_size": 64} if not DATASETS[dataset].is_image else {}
    points |= {"skip": "none"} if make is diffusion else {}  # else most is known before the first step
    trainer = Trainer(make(dataset=dataset, learning_rate=0.005, warmup_steps=0, steps=200, **points), script({}), None)
    key = {autoencoder: "mse", vae: "neg_elbo", diffusion: "denoising"}[make]
    trainer.task.test_x = trainer.task.test_x[:200]
    before = trainer.task.held_out(trainer.model)
    assert isinstance(list(trainer.run())[-1], Finished)
    after = trainer.task.held_out(trainer.ema)
    assert after[key] < 0.97 * before[key]


@MODELS
def test_the_held_out_loss_is_the_same_when_asked_again(make) -> None:
    trainer = Trainer(make(), Control(), None)
    assert trainer.task.held_out(trainer.model) == trainer.task.held_out(trainer.model)


def test_the_average_follows_the_weights_from_the_start() -> None:
    """After 50 steps a plain average with decay 0.999 would still be the initial noise."""
    config = diffusion(steps=50, learning_rate=0.01, ema_length=0.1)
    start = Trainer(config, Control(), None).model.state_dict()
    end = unpack(run(config)[-1].checkpoint)
    way = distance(end.group("model"), start)
    assert 0 < distance(end.group("model"), end.group("ema")) < 0.25 * way


def test_what_the_average_holds_is_as_old_as_the_setting_says_however_long_the_run() -> None:
    """Where a weight is the number of the step, the average of it says how old what it holds is."""
    for steps, length in ((100, 0.1), (100, 0.3), (1000, 0.05)):
        trainer = Trainer(diffusion(steps=steps, ema_length=length), Control(), None)
        for trainer.step in range(1, steps + 1):
            for weight in trainer.weights:
                weight.data.fill_(float(trainer.step))
            trainer.steps._average(trainer._fresh())
        assert steps - float(trainer.averages[0].flatten()[0]) == pytest.approx(length * steps, rel=0.02, abs=0.6)


def test_no_average_is_the_weights_themselves() -> None:
    end = unpack(run(autoencoder(ema_length=0.0))[-1].checkpoint)
    assert distance(end.group("model"), end.group("ema")) == 0.0


def test_learning_rate_over_time() -> None:
    def rates(**changes) -> list[float]:
        trainer = Trainer(autoencoder(steps=100, learning_rate=0.4, **changes), Control(), None)
        found = []
        for trainer.step in range(101):
            found.append(trainer.learning_rate())
        return found

    constant = rates(warmup_steps=9, decay="constant")
    assert constant[:10] == pytest.approx([0.04 * (k + 1) for k in range(10)]) and set(constant[9:]) == {0.4}
    cosine = rates(warmup_steps=0, decay="cosine")
    assert cosine == pytest.approx([0.2 * (1 + math.cos(math.pi * k / 100)) for k in range(101)])
    assert cosine[0] == 0.4 and cosine[50] == pytest.approx(0.2) and cosine[100] == pytest.approx(0.0)
    both = rates(warmup_steps=20, decay="cosine")
    assert max(both) < 0.4 and all(a <= b for a, b in zip(both, cosine)) and both[20:] == pytest.approx(cosine[20:])


def test_the_gradient_is_clipped() -> None:
    """Adam divides by the gradient's size, so what tells a clip is the second moment that it keeps."""
    ends = {clip: unpack(run(autoencoder(gradient_clip=clip))[-1].checkpoint).group("optimizer") for clip in (0.0, 1e-4)}
    squares = {
        clip: sum(float(v.sum()) for key, v in moments.items() if key.endswith("exp_avg_sq")) for clip, moments in ends.items()
    }
    assert 0 < squares[1e-4] <= 1e-8 < squares[0.0]
