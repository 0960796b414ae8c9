"""Pictures that somebody draws or pastes, asked about: read within bounds, seen as held-out images are, and measured like them."""

from __future__ import annotations

import base64

import numpy as np
import pytest
import torch
from brought import noise, picture

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, VAEConfig
from playground.data import load_dataset
from playground.diffusion.denoiser import build_denoiser
from playground.questions import pictures
from playground.questions.answers import point
from playground.questions.arguments import MOST_PICTURE, Edit, EditPicture, OfOne, OfPicture
from playground.questions.diffusion import Diffusion
from playground.questions.editing import edit
from playground.questions.space import Space
from playground.runs.tasks import AutoencoderTask, DiffusionTask, VAETask
from playground.vae.autoencoder import build_autoencoder

CPU = torch.device("cpu")


def asked(data: bytes, kind: type[OfPicture] = OfPicture, **more):
    return kind.parse("picture", {"picture": base64.b64encode(data).decode(), **more})


def held_out(index: int) -> bytes:
    """A held-out digit as somebody would paste it."""
    return picture(load_dataset("digits").test.x[index, 0])


def space(config) -> Space:
    torch.manual_seed(0)
    task = (VAETask if isinstance(config, VAEConfig) else AutoencoderTask)(config, load_dataset("digits"), CPU)
    return Space(task, build_autoencoder(config, task.dataset.shape).eval().requires_grad_(False))


def diffusion(**settings) -> Diffusion:
    torch.manual_seed(0)
    config = DiffusionConfig(dataset="digits", width=16, depth=1, **settings)
    model = build_denoiser(config, (1, 8, 8)).eval().requires_grad_(False)
    return Diffusion(DiffusionTask(config, load_dataset("digits"), CPU), model)


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned"])
def test_a_held_out_image_that_is_pasted_is_what_it_is_on_the_map(likelihood) -> None:
    made = space(VAEConfig(dataset="digits", likelihood=likelihood, width=16))
    found, own = pictures.picture(made, asked(held_out(3))), point(made, OfOne.parse("point", {"index": 3}))
    exact = likelihood == "gaussian"  # else grey levels are spread out with other random numbers
    np.testing.assert_allclose(found["latent"], own["latent"], atol=1e-5 if exact else 0.05)
    np.testing.assert_allclose(found["mse"], own["mse"], rtol=1e-4 if exact else 0.02)
    np.testing.assert_allclose(found["mse"], found["held_out_mse"][3], rtol=1e-4 if exact else 0.02)
    np.testing.assert_allclose(found["log_p"], found["held_out_log_p"][3], atol=0.01 if exact else 40)
    assert found["exact"] == 1 and len(found["held_out_log_p"]) == pictures.BESIDE


def test_in_many_dimensions_log_p_is_estimated_and_has_an_error() -> None:
    found = pictures.picture(space(VAEConfig(dataset="digits", latent_dim=5, width=16)), asked(held_out(0)))
    assert found["exact"] == 0 and found["log_p_error"] > 0 and np.isfinite(found["held_out_log_p"]).all()


def test_an_autoencoder_says_nothing_of_log_p() -> None:
    found = pictures.picture(space(AutoencoderConfig(dataset="digits", width=16)), asked(held_out(0)))
    assert set(found) == {"image", "reconstruction", "latent", "mse", "held_out_mse"}


def test_a_picture_is_cut_shrunk_made_grey_and_turned_if_wanted() -> None:
    pixels = noise(90, 60, 3)
    plain, turned = (pictures.levels_of(asked(picture(pixels, "JPEG"), inverted=inverted), (1, 8, 8)) for inverted in (False, True))
    assert plain.shape == (1, 1, 8, 8) and plain.dtype == torch.uint8 and torch.equal(plain, 255 - turned)
    assert pictures.levels_of(asked(picture(pixels)), (3, 16, 16)).shape == (1, 3, 16, 16)


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"picture": base64.b64encode(b"no picture").decode()}, "it is no picture, whatever its name says"),
        ({"picture": base64.b64encode(picture(noise(64, 64))[:200]).decode()}, "it is damaged"),
        ({"picture": base64.b64encode(picture(np.zeros((1, 9000), np.uint8))).decode()}, "9,000 × 1 pixels"),
        ({"picture": "%%%"}, "must be a file in base64"),
        ({"picture": "A" * (2 * MOST_PICTURE)}, "of up to 4 MB"),
        ({"picture": ""}, "of up to 4 MB"),
        ({"picture": "AAAA", "inverted": 1}, "true or false"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(args, sentence) -> None:
    with pytest.raises(ConfigError, match=sentence):
        pictures.levels_of(OfPicture.parse("picture", args), (1, 8, 8))


def test_pictures_are_for_images() -> None:
    with pytest.raises(ConfigError, match="where the data are images"):
        pictures.levels_of(asked(held_out(0)), (13,))


def test_variations_are_those_of_the_same_image_held_out() -> None:
    made, args = diffusion(), {"t": 0.4, "n": 2, "seed": 3, "steps": 5}
    own, known = (
        pictures.edit_picture(made, asked(held_out(7), EditPicture, **args)),
        edit(made, Edit.parse("edit", {"index": 7, **args})),
    )
    for name in ("original", "noisy", "images"):
        np.testing.assert_array_equal(own[name], known[name])


def test_the_bound_of_a_held_out_image_is_near_its_own_and_needs_no_class() -> None:
    found = pictures.picture_bound(diffusion(), asked(held_out(2)))
    assert found["exact"] == 0 and len(found["held_out_log_p"]) == pictures.BESIDE
    assert abs(found["log_p"] - found["held_out_log_p"][2]) < 8 * found["log_p_error"]
    with pytest.raises(ConfigError, match="label dropout 0"):
        pictures.picture_bound(diffusion(conditional="on", label_dropout=0.0), asked(held_out(2)))
