"""Contact sheets and thumbnail sheets."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from playground.data import DATASETS, Dataset, Split, load_dataset
from playground.data.contact_sheet import COLOURS, contact_sheet
from playground.data.sheets import data_url, thumbnail_sheet

NAMES = [name for name in DATASETS if name != "fashion_mnist_full"]


@pytest.mark.parametrize("name", NAMES)
def test_contact_sheet_shows_every_class_on_a_transparent_ground(name: str) -> None:
    data = load_dataset(name)
    sheet = contact_sheet(data, columns=4)
    assert sheet.mode == "RGBA" and sheet.tobytes() == contact_sheet(data, columns=4).tobytes()
    assert sheet.tobytes() != contact_sheet(data, columns=4, seed=1).tobytes()
    pixels = np.asarray(sheet).reshape(-1, 4)
    assert 0.02 < np.mean(pixels[:, 3] == 0) < 0.98
    if data.shape == (2,):
        opaque = {tuple(pixel) for pixel in pixels[pixels[:, 3] > 200, :3]}
        wanted = {tuple(bytes.fromhex(colour[1:])) for colour in COLOURS[: len(data.label_names)]}
        assert wanted <= opaque


def test_contact_sheet_of_colour_images_and_a_class_without_images() -> None:
    x = np.random.default_rng(0).integers(256, size=(5, 3, 16, 20)).astype(np.uint8)
    split = Split(x, np.zeros(5, np.int64))
    data = Dataset("mine", "Mine", "Mine.", "Me.", "None", (3, 16, 20), ("some", "none"), split, split)
    sheet = np.asarray(contact_sheet(data, columns=8))
    assert any((sheet[5, :, :3] == image[:, 1, 0]).all(axis=1).any() for image in x)
    with pytest.raises(ValueError, match="columns = 0"):
        contact_sheet(data, columns=0)


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnail_sheet_keeps_every_pixel(channels: int) -> None:
    images = np.random.default_rng(0).integers(256, size=(11, channels, 8, 6)).astype(np.uint8)
    data, (width, height), columns = thumbnail_sheet(images, columns=4)
    assert (width, height, columns) == (6, 8, 4)
    with Image.open(io.BytesIO(data)) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
        assert data_url(data).startswith(f"data:image/{sheet.format.lower()};base64,")
    assert pixels.shape == (24, 24, 3)
    for i, image in enumerate(images):
        top, left = 8 * (i // columns), 6 * (i % columns)
        np.testing.assert_array_equal(pixels[top : top + 8, left : left + 6], np.broadcast_to(image, (3, 8, 6)).transpose(1, 2, 0))


@pytest.mark.parametrize("images", [np.zeros((2, 1, 8, 8)), np.zeros((2, 2, 8, 8), np.uint8), np.zeros((0, 1, 8, 8), np.uint8)])
def test_thumbnail_sheet_refuses_other_arrays(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Images must be uint8"):
        thumbnail_sheet(images)
    with pytest.raises(ValueError, match="do not fit"):
        thumbnail_sheet(np.zeros((3000, 1, 8, 8), np.uint8), columns=1)
