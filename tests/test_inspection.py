"""Answers to questions about a model, against what the model itself says; and every refusal is a sentence."""

from __future__ import annotations

import math
from typing import get_type_hints

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, VAEConfig
from playground.data import load_dataset
from playground.measures.energy import energy_distance
from playground.questions.answerer import ANSWERS, Answerer, answer, pack_weights
from playground.questions.answers import slerp
from playground.questions.catalogue import QUESTIONS
from playground.questions.diffusion import Diffusion
from playground.questions.generative import expectation_maximisation, mixture
from playground.questions.space import Space
from playground.questions.worker import serve
from playground.runs.control import Control
from playground.runs.events import Answer, Finished
from playground.runs.tasks import TASKS
from playground.runs.training import Trainer
from playground.vae.autoencoder import Autoencoder

TINY = {"dataset": "digits", "width": 32, "depth": 1, "batch_size": 64, "warmup_steps": 0, "learning_rate": 0.01, "device": "cpu"}
KINDS = {
    "ae": AutoencoderConfig(**TINY),
    "vae": VAEConfig(**TINY),
    "vae5": VAEConfig(latent_dim=5, **TINY),
    "ae1": AutoencoderConfig(latent_dim=1, **TINY),
}


@pytest.fixture(scope="module")
def trained() -> dict[str, tuple]:
    """Task and averaged weights after some steps, by kind."""

    def train(config) -> tuple:
        trainer = Trainer(config, Control(), None)
        for _ in range(60):
            trainer._advance()
        return trainer.task, trainer.ema

    return {name: train(config) for name, config in KINDS.items()}


@pytest.fixture
def ask(trained):
    return lambda kind, name, **args: answer(*trained[kind], name, args)


def as_bytes(x: torch.Tensor) -> np.ndarray:
    return (x.detach().clamp(0, 1) * 255).round().to(torch.uint8).numpy()[:, 0]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_function_answers_what_the_catalogue_says(name: str) -> None:
    """From a space or a lab, as its kind is, with the arguments that are checked for it."""
    question, hints = QUESTIONS[name], get_type_hints(ANSWERS[name])
    assert list(hints.values())[:2] == [{"latent": Space, "diffusion": Diffusion}[question.of], question.arguments]


def test_decode_is_the_decoder(trained, ask) -> None:
    z = [[0.0, 0.0], [1.5, -2.0]]
    images = ask("ae", "decode", z=z)["images"]
    assert images.dtype == np.uint8 and np.array_equal(images, as_bytes(trained["ae"][1].decode(torch.tensor(z))))
    assert not np.array_equal(images[0], images[1])


@pytest.mark.parametrize("kind", ["ae", "vae5"])
def test_a_point_is_told_in_full(trained, ask, kind) -> None:
    task, model = trained[kind]
    found, x = ask(kind, "point", index=7), task.map_x[7:8]
    z = model.latent(x)
    assert np.array_equal(found["original"], as_bytes(x)[0])
    assert np.allclose(found["latent"], z[0].detach().numpy(), atol=1e-5)
    assert found["mse"] == pytest.approx(float((model.decode(z) - x).square().mean()), rel=1e-4)
    if kind == "ae":
        assert "kl" not in found and "std" not in found
    else:
        posterior = model.encode(x)
        assert found["kl"] == pytest.approx(float(posterior.kl()), rel=1e-4)
        assert np.allclose(found["std"], posterior.std[0].detach().numpy(), rtol=1e-4)


def test_the_table_holds_what_is_known_of_every_point(ask) -> None:
    found = ask("vae", "table")
    assert found["latent"].shape == (355, 2) and found["kl"].shape == found["error_per_pixel"].shape == (355,)
    for i in (0, 354):
        point = ask("vae", "point", index=i)
        assert found["latent"][i] == pytest.approx(point["latent"], rel=1e-3, abs=1e-5)
        assert [found["kl"][i], found["error_per_pixel"][i]] == pytest.approx([float(point["kl"]), float(point["mse"])], rel=1e-3)
    assert set(ask("ae", "table")) == {"latent", "error_per_pixel"}


def test_values_are_those_of_the_points(ask) -> None:
    for what, key in (("error", "mse"), ("kl", "kl")):
        values = ask("vae", "values", what=what)["values"]
        assert values.shape == (355,)
        assert all(values[i] == pytest.approx(float(ask("vae", "point", index=i)[key]), rel=1e-3) for i in (0, 11, 354))
    assert ask("vae", "posterior")["std"].shape == (355, 2)


def test_neighbours_are_the_nearest(trained, ask) -> None:
    task, model = trained["vae5"]
    codes = model.latent(task.map_x).detach().double().numpy()
    distances = np.linalg.norm(codes - codes[40], axis=1)
    expected = [i for i in np.argsort(distances) if i != 40][:6]
    found = ask("vae5", "neighbours", index=40, k=6)
    assert found["indices"].tolist() == expected
    assert np.allclose(found["distances"], distances[expected], rtol=1e-4, atol=1e-5)


def test_a_path_leads_from_a_to_b(trained, ask) -> None:
    task, model = trained["ae"]
    found = ask("ae", "interpolate", a=3, b=[2.0, -1.0], n=5)
    start = model.latent(task.map_x[3:4])[0].detach().numpy()
    assert np.allclose(found["path"], np.linspace(start, [2.0, -1.0], 5), atol=1e-5)
    assert np.array_equal(found["images"], as_bytes(model.decode(torch.from_numpy(found["path"]))))


def test_a_spherical_path_keeps_to_the_sphere(ask) -> None:
    path = ask("vae", "interpolate", a=[2.0, 0.0], b=[0.0, 2.0], n=7, mode="spherical")["path"]
    angles = np.arctan2(path[:, 1], path[:, 0])
    assert np.allclose(np.linalg.norm(path, axis=1), 2.0, atol=1e-5)
    assert np.allclose(np.diff(angles), math.pi / 12, atol=1e-5)
    with pytest.raises(ConfigError, match="no centre"):
        ask("ae", "interpolate", a=0, b=1, mode="spherical")


@pytest.mark.parametrize("b", [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], ids=["same direction", "opposite", "origin"])
def test_a_spherical_path_is_linear_where_it_is_undefined(b) -> None:
    a, share = torch.tensor([1.0, 0.0]), torch.linspace(0, 1, 4)[:, None]
    assert torch.allclose(slerp(a, torch.tensor(b), share), torch.lerp(a, torch.tensor(b), share))


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_holes_are_where_a_point_does_not_come_back(trained, ask, kind) -> None:
    task, model = trained[kind]
    found, q = ask(kind, "holes", lo=[-2.0, -1.0], hi=[2.0, 3.0], n=5), model.encode(task.map_x)
    codes = q.mean if kind == "vae" else q
    variance = codes.var(0, correction=0) + (q.std.square().mean(0) if kind == "vae" else 0.0)
    assert found["code_std"] == pytest.approx(float(variance.mean().sqrt()), rel=1e-4)
    for row, y in enumerate(np.linspace(-1, 3, 5)):
        for column, x in enumerate(np.linspace(-2, 2, 5)):
            z = torch.tensor([[x, y]], dtype=torch.float32)
            missed = float((model.latent(model.decode(z)) - z).norm()) / float(variance.mean().sqrt())
            assert found["field"][row, column] == pytest.approx(missed, rel=1e-3, abs=1e-4)


class Stretched(Autoencoder):
    """The same autoencoder in other units of z."""

    def __init__(self, model: Autoencoder, by: float) -> None:
        super().__init__(model.encoder, model.decoder, model.latent_dim)
        self.by = by

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.by * super().encode(x)

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return super().decode(z / self.by)


def test_holes_have_one_unit_however_large_the_codes_are(trained) -> None:
    """A penalty on the codes shrinks them, and the decoder makes up for it: that alone must not look like smaller holes."""
    task, model = trained["ae"]
    plain = answer(task, model, "holes", {"lo": [-2.0, -1.0], "hi": [2.0, 3.0], "n": 6})
    small = answer(task, Stretched(model, 0.25), "holes", {"lo": [-0.5, -0.25], "hi": [0.5, 0.75], "n": 6})
    assert small["code_std"] == pytest.approx(plain["code_std"] / 4, rel=1e-4)
    assert np.allclose(small["field"], plain["field"], rtol=1e-3, atol=1e-4)
    assert small["typical"] == pytest.approx(plain["typical"], rel=1e-3) and 0.0 < plain["typical_se"] < plain["typical"]


def test_holes_of_a_plane_through_more_dimensions(trained, ask) -> None:
    model, axes = trained["vae5"][1], np.linalg.qr(np.random.default_rng(0).normal(size=(5, 2)))[0]
    origin = [0.1, 0.2, 0.3, 0.4, 0.5]
    found = ask("vae5", "holes", lo=[-1, -2], hi=[1, 2], n=3, origin=origin, axes=axes.tolist())
    z = torch.from_numpy(np.float32(origin + axes @ [1.0, -2.0]))[None]
    missed = float((model.latent(model.decode(z)) - z).norm()) / found["code_std"]
    assert found["field"][0, 2] == pytest.approx(missed, rel=1e-3)
    with pytest.raises(ConfigError, match="5 dimensions"):
        ask("vae5", "holes", lo=[0, 0], hi=[1, 1])


def test_the_grid_is_made_of_quantiles_with_the_top_first(trained, ask) -> None:
    found = ask("vae", "grid", n=4)
    z = found["z"].reshape(4, 4, 2)
    quantiles = [math.sqrt(2) * float(torch.erfinv(torch.tensor(2 * (k + 0.5) / 4 - 1))) for k in range(4)]
    assert np.allclose(z[0, :, 0], quantiles, atol=1e-5) and np.allclose(z[:, 0, 1], quantiles[::-1], atol=1e-5)
    assert np.array_equal(found["images"], as_bytes(trained["vae"][1].decode(torch.from_numpy(found["z"]))))
    assert quantiles[2] == pytest.approx(0.3186, abs=1e-3)  # of N(0, 1) at 0.625


def test_the_grid_of_many_dimensions_moves_the_two_that_carry_most(trained, ask) -> None:
    task, model = trained["vae5"]
    kl = model.encode(task.map_x).kl_per_dimension().mean(0)
    moving = {int(i) for i in kl.argsort(descending=True)[:2]}
    z = ask("vae5", "grid", n=3)["z"]
    assert {i for i in range(5) if np.ptp(z[:, i]) > 0} == moving and not z[:, [i for i in range(5) if i not in moving]].any()
    codes = trained["ae"][1].latent(trained["ae"][0].map_x).detach().numpy()
    z = ask("ae", "grid", n=2)["z"].reshape(2, 2, 2)
    assert np.allclose(z[0, :, 0], np.quantile(codes[:, 0], [0.25, 0.75]), atol=1e-3)
    assert ask("ae1", "grid", n=6)["images"].shape == (6, 8, 8)


def test_traversals_go_along_the_dimensions_that_carry_most(trained, ask) -> None:
    task, model = trained["vae5"]
    kl = model.encode(task.map_x).kl_per_dimension().mean(0).detach().numpy()
    found = ask("vae5", "traversals", n=3)
    assert found["order"].tolist() == np.argsort(-kl).tolist() and np.allclose(found["kl"], np.sort(kl)[::-1], rtol=1e-4)
    images = found["images"].reshape(5, 3, 8, 8)
    z = torch.zeros(1, 5)
    z[0, int(found["order"][0])] = -3.0
    assert np.array_equal(images[0, 0], as_bytes(model.decode(z))[0]) and np.array_equal(images[0, 1], images[4, 1])
    around = ask("vae5", "traversals", index=2, n=3)["images"].reshape(5, 3, 8, 8)
    z = model.latent(task.map_x[2:3]).detach()
    z[0, int(found["order"][1])] = 3.0
    assert np.array_equal(around[1, 2], as_bytes(model.decode(z))[0])


def test_training_examples_come_with_their_labels(trained, ask) -> None:
    task, model = trained["ae"]
    found, train = ask("ae", "encode_train", n=50), load_dataset("digits").train
    assert np.array_equal(found["labels"], train.labels[found["indices"]]) and len(set(found["indices"].tolist())) == 50
    x = torch.from_numpy(train.x[found["indices"]]).float() / 255
    assert np.allclose(found["latent"], model.latent(x).detach().numpy(), atol=1e-4)
    assert len(ask("ae", "encode_train", n=2000)["labels"]) == len(train)


@pytest.mark.parametrize("how", ["box", "gaussian", "mixture", "prior"])
def test_samples_come_with_their_distance(ask, how) -> None:
    found = ask("vae", "generate", how=how, n=4, seed=3)
    again, other = ask("vae", "generate", how=how, n=4, seed=3), ask("vae", "generate", how=how, n=4, seed=4)
    assert found["images"].shape == found["real"].shape == (4, 8, 8) and found["z"].shape == (4, 2)
    assert all(np.array_equal(found[name], again[name]) for name in found) and not np.array_equal(found["z"], other["z"])
    assert np.array_equal(ask("vae", "decode", z=found["z"].tolist())["images"], found["images"])
    assert abs(found["floor"]) < 4 * found["floor_std"] + 1e-3 and found["distance"] > found["floor"] + 4 * found["floor_std"]
    assert found["reconstructed"] > found["floor"] + 4 * found["floor_std"] and found["reconstructed_std"] > 0
    assert found["frechet"] > found["floor_frechet"] + 4 * found["floor_frechet_std"] > 0 and found["looked_at"] >= 100
    assert found["recall"] < found["floor_recall"] <= 1 and 0 <= found["precision"] <= 1
    real = {image.tobytes() for image in load_dataset("digits").test.x[:, 0]}
    assert all(image.tobytes() in real for image in found["real"])


def test_a_vae_is_measured_by_draws_and_shown_as_asked(trained, ask) -> None:
    """Noise of the model's own, added to every image, moves them: means and draws have distances of their own."""
    means, drawn = (ask("vae", "generate", how="prior", n=4, pixels=pixels) for pixels in ("mean", "draw"))
    assert np.array_equal(means["z"], drawn["z"]) and not np.array_equal(means["images"], drawn["images"])
    assert means["distance"] == drawn["distance"] and means["distance_of_means"] != means["distance"]
    task, model = trained["vae"]
    real, generator = task.scale(task.test_x), torch.Generator().manual_seed(3)
    z = torch.randn(2000, 2, generator=generator)
    for x, name in ((model.draw(z, generator), "distance"), (model.decode(z), "distance_of_means")):
        assert float(energy_distance(x, real)) == pytest.approx(float(means[name]), abs=4 * float(means[f"{name}_std"]))
    with pytest.raises(ConfigError, match=r"An autoencoder has no p\(x\|z\)"):
        ask("ae", "generate", how="box", pixels="draw")


def test_an_autoencoder_has_no_prior_and_no_posterior(ask) -> None:
    for name, args in (("generate", {"how": "prior"}), ("posterior", {}), ("values", {"what": "kl"})):
        with pytest.raises(ConfigError, match="An autoencoder"):
            ask("ae", name, **args)


def test_fitted_distributions_have_the_moments_of_the_codes() -> None:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(1000, 2, generator=generator) @ torch.tensor([[0.2, 0.1], [0.0, 0.1]]) - torch.tensor([50.0, 0.0])
    codes = torch.cat([left, torch.randn(1000, 2, generator=generator) * torch.tensor([3.0, 0.01]) + torch.tensor([50.0, 1.0])])
    for components in (1, 10):
        z = mixture(codes, components, seed=0)(20_000, generator)
        assert torch.allclose(z.mean(0), codes.mean(0), atol=1.5) and torch.allclose(z.std(0), codes.std(0), rtol=0.05)
        between = float(((z[:, 0] > -40) & (z[:, 0] < 35)).float().mean())  # where no code is
        assert between > 0.3 if components == 1 else between < 0.001
    spot = mixture(torch.full((100, 3), 2.0), 10, seed=0)(5, generator)
    assert torch.allclose(spot, torch.full((5, 3), 2.0), atol=1e-3)


@pytest.mark.parametrize("d", [2, 16])
def test_a_fitted_mixture_is_as_likely_as_that_of_scikit_learn(d) -> None:
    from sklearn.mixture import GaussianMixture

    generator = np.random.default_rng(0)
    centers = 4 * generator.normal(size=(5, d))
    z = torch.from_numpy(
        np.concatenate([c + generator.normal(size=(300, d)) @ generator.normal(size=(d, d)) * 0.3 for c in centers])
    )
    z = (z - z.mean(0)) / z.std(0)
    weights, means, covariances = expectation_maximisation(z, 5, seed=0)
    parts = torch.distributions.MultivariateNormal(means, covariances)
    ours = float(torch.distributions.MixtureSameFamily(torch.distributions.Categorical(weights), parts).log_prob(z).mean())
    theirs = GaussianMixture(5, random_state=0).fit(z.numpy()).score(z.numpy())
    single = GaussianMixture(1).fit(z.numpy()).score(z.numpy())
    assert float(weights.sum()) == pytest.approx(1.0) and ours > theirs - 0.2 and theirs > single + 0.5


REFUSED = [
    ("decode", {"z": [[0.0]]}),
    ("decode", {"z": [[0.0, math.nan]]}),
    ("decode", {"z": [[0.0, math.inf]]}),
    ("decode", {"z": [[True, 0.0]]}),
    ("decode", {"z": [["0", 0.0]]}),
    ("decode", {"z": [[0.0, 1e7]]}),
    ("decode", {"z": []}),
    ("decode", {"z": [[0.0, 0.0]] * 65}),
    ("decode", {"z": 3}),
    ("decode", {}),
    ("decode", {"z": [[10**400, 0.0]]}),
    ("decode", {"z": [[0.0, 0.0]], "w": 1}),
    ("decode", []),
    ("decode", {3: 4}),
    ("point", {"index": -1}),
    ("point", {"index": 355}),
    ("point", {"index": "0"}),
    ("point", {"index": 0.5}),
    ("point", {"index": True}),
    ("point", {"index": None}),
    ("values", {"what": "all"}),
    ("values", {"what": ["kl"]}),
    ("neighbours", {"index": 0, "k": 0}),
    ("neighbours", {"index": 0, "k": 33}),
    ("posterior", {"k": 1}),
    ("interpolate", {"a": 0, "b": 1, "n": 1}),
    ("interpolate", {"a": 0, "b": 1, "n": 65}),
    ("interpolate", {"a": 0}),
    ("interpolate", {"a": [0.0], "b": 1}),
    ("interpolate", {"a": 0, "b": 1, "mode": "cubic"}),
    ("holes", {"lo": [0, 0], "hi": [0, 1]}),
    ("holes", {"lo": [0, 0], "hi": [1, 1], "n": 65}),
    ("holes", {"lo": [0, 0], "hi": [1, 1], "axes": [[1, 0]], "origin": [0, 0]}),
    ("holes", {"lo": [0, 0], "hi": [1, 1], "axes": [[1, 0], [0, 1]]}),
    ("generate", {"how": "magic"}),
    ("generate", {"how": "box", "n": 0}),
    ("generate", {"how": "box", "seed": -1}),
    ("grid", {"n": 21}),
    ("traversals", {"n": 16}),
    ("traversals", {"index": 1e9}),
    ("encode_train", {"n": 2001}),
    ("nothing", {}),
    ("weights", {}),
    ("__class__", {}),
]


@pytest.mark.parametrize("name, args", REFUSED, ids=str)
def test_every_refusal_is_a_sentence(trained, name, args, capsys) -> None:
    with pytest.raises(ConfigError) as caught:
        answer(*trained["vae"], name, args)
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 300
    if name != "weights":  # which the server itself asks for, by `Answerer.reply`
        assert (
            Answerer(*trained["vae"], 60).reply(5, name, args) == Answer(5, None, str(caught.value)) and not capsys.readouterr().err
        )


def test_a_fault_of_ours_is_told_and_ends_nothing(trained, capsys) -> None:
    reply = Answerer(trained["vae"][0], torch.nn.Linear(2, 2)).reply(1, "decode", {"z": [[0.0, 0.0]]})
    assert "Only an autoencoder or a VAE" in reply.error
    task, model = trained["vae"]
    reply = Answerer(None, model).reply(1, "point", {"index": 0})
    assert reply.arrays is None and reply.error == "This question could not be answered: AttributeError."
    assert "Traceback" in capsys.readouterr().err


def test_a_diffusion_model_is_not_asked() -> None:
    config = DiffusionConfig(dataset="digits", width=16, depth=1, batch_size=8)
    task = TASKS["diffusion"](config, load_dataset("digits"), torch.device("cpu"))
    with pytest.raises(ConfigError, match="Only an autoencoder or a VAE"):
        answer(task, task.build(config, (1, 8, 8)), "decode", {"z": [[0.0, 0.0]]})


# --- the worker ------------------------------------------------------------------------------------------------------


def question(ident: int, name: str, **args) -> dict:
    return {"kind": "ask", "id": ident, "name": name, "args": args}


def test_a_worker_answers_as_the_model_would(trained) -> None:
    task, model = trained["vae"]
    control, z = Control(), [[0.5, 0.5]]
    control.send(question(4, "decode", z=z))
    control.send(question(5, "decode", z="no"))
    events = serve(pack_weights(task, model, 60)["checkpoint"].tobytes(), control)
    first, second = next(events), next(events)
    assert first.id == 4 and first.arrays["step"] == 60 and second.id == 5 and "refused" in second.error
    assert np.array_equal(first.arrays["images"], answer(task, model, "decode", {"z": z})["images"])
    other = trained["ae"]
    control.send(question(0, "load", checkpoint=pack_weights(*other, 7)["checkpoint"].tobytes()))
    control.send(question(6, "decode", z=z))
    assert next(events) == Answer(0, {})
    third = next(events)
    assert third.id == 6 and third.arrays["step"] == 7
    assert np.array_equal(third.arrays["images"], answer(*other, "decode", {"z": z})["images"])
    control.send({"kind": "stop"})
    assert [type(event) for event in events] == [Finished]


def test_a_worker_ends_by_itself(trained) -> None:
    checkpoint = pack_weights(*trained["ae"], 1)["checkpoint"].tobytes()
    events = list(serve(checkpoint, Control(), idle_seconds=0.2))
    assert [type(event) for event in events] == [Finished]
