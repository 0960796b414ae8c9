"""Data of one's own: what is read of files of every kind, what is refused and in which words, and what is kept."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from brought import RNG, body, noise, npy, picture, saved, zipped
from PIL import Image

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig
from playground.config.own_data import OwnDataConfig
from playground.data import DATASETS, DataError, load_dataset
from playground.data.own import limits, shelf
from playground.data.own.limits import Wish
from playground.data.own.preparing import drawn, prepared


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf for each test."""
    monkeypatch.setenv(shelf.FOLDER, str(tmp_path / "shelf"))
    return tmp_path / "shelf"


def made(tmp_path: Path, files: dict[str, bytes], wish: Wish = Wish(), title: str = ""):
    return prepared(body(tmp_path, files), title, wish)


# --- pictures -----------------------------------------------------------------------------------------------------------


def test_pictures_of_the_right_size_come_through_to_the_last_bit(tmp_path) -> None:
    images = [noise(16, 16, 3) for _ in range(24)]
    data = made(tmp_path, {f"set/{i}.png": picture(image) for i, image in enumerate(images)}, Wish(side=16, colour=True)).data
    kept = np.concatenate([data.train.x, data.test.x]).transpose(0, 2, 3, 1)
    assert sorted(image.tobytes() for image in kept) == sorted(image.tobytes() for image in images)
    assert (len(data.train), len(data.test), data.title) == (20, 4, "set")


def test_folders_are_classes_and_size_and_colour_are_found(tmp_path) -> None:
    files = {f"pets/{kind}/{i}.jpg": picture(noise(40, 90, 3), "JPEG") for kind in ("cat", "dog") for i in range(15)}
    data = made(tmp_path, files).data
    assert (data.shape, data.label_names, data.title) == ((3, 32, 32), ("cat", "dog"), "pets")
    assert np.bincount(np.concatenate([data.train.labels, data.test.labels])).tolist() == [15, 15]
    grey = made(tmp_path, {f"{i}.png": picture(noise(20, 20)) for i in range(20)}).data
    assert (grey.shape, grey.label_names) == ((1, 16, 16), ("all",))


def test_a_picture_is_cut_or_fitted_in(tmp_path) -> None:
    wide = np.zeros((8, 24, 3), np.uint8)
    wide[:, 8:16] = 100
    files = {f"{i}.png": picture(wide) for i in range(20)}
    cut = made(tmp_path, files, Wish(side=8, colour=False)).data.train.x
    whole = made(tmp_path, files, Wish(side=8, colour=False, crop=False)).data.train.x
    assert np.all(abs(cut.astype(int) - 100) < 40) and cut[0, 0, 4, 4] == 100
    assert np.all(whole[:, :, 0] == 255) and whole[0, 0, 4, 0] < 30  # paper above, the dark left end in the middle


def test_transparency_sixteen_bits_and_rotation_are_understood(tmp_path) -> None:
    clear = np.zeros((8, 8, 4), np.uint8)
    deep = Image.fromarray(np.full((8, 8), 40_000, np.uint16))
    buffer = io.BytesIO()
    deep.save(buffer, "PNG")
    turned, exif = Image.fromarray(np.pad(np.full((8, 4, 3), 200, np.uint8), ((0, 0), (0, 4), (0, 0)))), Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    rotated = io.BytesIO()
    turned.save(rotated, "PNG", exif=exif)
    files = {f"a{i:02}.png": picture(clear) for i in range(20)} | {"b.png": buffer.getvalue(), "c.png": rotated.getvalue()}
    data = made(tmp_path, files, Wish(side=8, colour=False)).data
    images = np.concatenate([data.train.x, data.test.x])[:, 0]
    assert sum(np.all(image == 255) for image in images) == 20
    assert sum(np.all(image == 40_000 >> 8) for image in images) == 1
    assert sum(np.all(image[:4] == 200) and np.all(image[4:] == 0) for image in images) == 1


def test_what_is_no_picture_is_left_out_and_told(tmp_path) -> None:
    files = {f"{i}.png": picture(noise(8, 8)) for i in range(20)}
    files |= {"notes.md": b"hello", "text.png": b"not a picture", "cut.png": picture(noise(64, 64, 3))[:200]}
    told = " ".join(made(tmp_path, files).left_out)
    assert "no picture that can be read here (notes.md)" in told and "it is no picture, whatever its name says (text.png)" in told
    assert "it is damaged (cut.png)" in told


def test_a_bomb_of_pixels_is_known_by_its_header(tmp_path) -> None:
    buffer = io.BytesIO()
    Image.new("1", (13_000, 13_000)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 30_000
    files = {f"{i}.png": picture(noise(8, 8)) for i in range(20)} | {"bomb.png": buffer.getvalue()}
    assert "13,000 × 13,000 pixels" in " ".join(made(tmp_path, files).left_out)


def test_more_images_than_there_is_room_for_are_thinned_at_random(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("playground.data.own.pictures.MAX_KEPT", 25 * 64)
    result = made(tmp_path, {f"{i}.png": picture(noise(8, 8)) for i in range(40)}, Wish(side=8, colour=False))
    assert len(result.data.train) + len(result.data.test) == 25
    assert result.left_out == ["15 left out: there is no room for more of this size"]


def test_a_folder_of_this_machine_is_read_where_it_lies(tmp_path) -> None:
    for kind in ("a", "b", ".thumbs"):
        (tmp_path / "mine" / kind).mkdir(parents=True)
        for i in range(10):
            (tmp_path / "mine" / kind / f"{i}.png").write_bytes(picture(noise(8, 8)))
    data = prepared(tmp_path / "mine", "", Wish()).data
    assert (data.title, data.label_names, len(data.train) + len(data.test)) == ("mine", ("a", "b"), 20)


# --- archives -----------------------------------------------------------------------------------------------------------


def test_an_archive_is_read_like_a_folder_and_no_path_of_it_is_used(tmp_path) -> None:
    names = ["../../etc/a/{}.png", "/b/{}.png", "c/{}.png", "__MACOSX/d/{}.png", "e/.hidden/{}.png"]
    data = zipped({name.format(i): picture(noise(8, 8)) for name in names for i in range(10)})
    before = set(tmp_path.rglob("*"))
    result = made(tmp_path, {"my pictures.zip": data})
    assert result.data.label_names == ("a", "b", "c") and len(result.data.train) + len(result.data.test) == 30
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "body"}


def test_bombs_are_known_by_the_archives_list(tmp_path) -> None:
    with pytest.raises(DataError, match="times its size"):
        made(tmp_path, {"a.zip": zipped({"zeros.bmp": bytes(20 * limits.MB)})})
    many = zipped({f"{i}.png": b"" for i in range(limits.MAX_FILES + 1)})
    with pytest.raises(DataError, match="20,001 files"):
        made(tmp_path, {"a.zip": many})


def test_a_member_larger_than_it_says_is_left_out(tmp_path) -> None:
    data = bytearray(zipped({f"{i:02}.png": picture(noise(8, 8)) for i in range(21)}))
    entry = data.rfind(b"PK\x01\x02")  # the last entry of the list
    data[entry + 24 : entry + 28] = (5).to_bytes(4, "little")
    assert len(made(tmp_path, {"a.zip": bytes(data)}).left_out) == 1


# --- arrays and tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(30, 16, 16), (30, 16, 16, 1), (30, 1, 16, 16)])
@pytest.mark.parametrize("kind", ["uint8", "float", "signed", "bool", "uint16", "fortran"])
def test_arrays_of_images_in_every_order_and_type(tmp_path, shape, kind) -> None:
    bytes_ = RNG.integers(0, 256, shape, dtype=np.uint8)
    bytes_.flat[:2] = 0, 255
    given = {
        "uint8": bytes_,
        "float": bytes_ / np.float32(255),
        "signed": bytes_ / 127.5 - 1,
        "bool": bytes_ > 127,
        "uint16": bytes_.astype(np.uint16) * 257,
        "fortran": np.asfortranarray(bytes_),
    }[kind]
    data = made(tmp_path, {"x.npy": npy(given)}).data
    expected = np.where(bytes_ > 127, 255, 0).astype(np.uint8) if kind == "bool" else bytes_
    kept = np.concatenate([data.train.x, data.test.x])
    assert sorted(image.tobytes() for image in kept) == sorted(image.tobytes() for image in expected.reshape(30, 1, 16, 16))


def test_train_and_test_parts_with_labels_are_joined(tmp_path) -> None:
    x, y = RNG.integers(0, 256, (50, 28, 28), dtype=np.uint8), RNG.integers(3, 6, 50)
    x[:, 0, 0] = y
    data = made(tmp_path, {"mnist.npz": saved(x_train=x[:40], y_train=y[:40], x_test=x[40:], y_test=y[40:])}).data
    assert data.label_names == ("3", "4", "5") and len(data.train) + len(data.test) == 50
    for split in (data.train, data.test):
        assert np.array_equal(split.x[:, 0, 0, 0] - 3, split.labels)


def test_a_table_of_two_columns_is_a_set_of_points(tmp_path) -> None:
    rows = [f"{3 + 2 * RNG.standard_normal()};{1e4 * RNG.standard_normal()};{'ab'[i % 2]}" for i in range(120)]
    result = made(tmp_path, {"points.csv": ("height;weight;kind\n" + "\n".join([*rows, "1;;a", "1;inf;b"])).encode()})
    data = result.data
    assert (data.shape, data.label_names, len(data.train) + len(data.test)) == ((2,), ("a", "b"), 120)
    assert np.allclose(data.train.x.mean(0), 0, atol=1e-5) and np.allclose(data.train.x.std(0), 1, atol=1e-5)
    assert result.left_out == ["2 left out: a number is missing, or not finite"]
    plain = made(tmp_path, {"points.txt": "\n".join(f"{i} {i * i}" for i in range(30)).encode()}).data
    assert len(plain.train) + len(plain.test) == 30  # no line of names, divided by blanks


@pytest.mark.parametrize(
    "files, sentence",
    [
        ({}, "no file"),
        ({"a.exe": b"MZ"}, "nothing in it that can be read"),
        ({"a.png": picture(noise(8, 8))}, "Of the pictures 1 could be read: at least 20"),
        ({"a.png": b"no"}, "Of the pictures none could be read"),
        ({"a.zip": b"PK no"}, "cannot be opened"),
        ({"a.npy": b"\x93NUMPY\x01\x00\x05\x00hello"}, "cannot be read"),
        ({"a.npy": npy(np.array([{}, []], object))}, "must hold numbers"),
        ({"a.npy": npy(np.zeros((30, 8, 8)))[:-5]}, "cut short"),
        ({"a.npy": npy(np.zeros((1_000_000, 0)))}, "must hold something"),
        ({"a.npy": npy(np.full((30, 8, 8), np.nan))}, "not finite"),
        ({"a.npy": npy(np.full((30, 8, 8), 1000.0))}, "from 0 to 1"),
        ({"a.npy": npy(np.zeros((30, 8, 8, 7)))}, "images are"),
        ({"a.npy": npy(np.zeros((30, 5)))}, "nothing to learn"),
        ({"a.npy": npy(np.zeros((30, 65)))}, "65 columns of numbers in it: 2 to 64"),
        ({"a.npy": npy(np.zeros((30, 2)))}, "nothing to learn"),
        ({"a.npz": saved(y=np.arange(30))}, "no array of examples"),
        ({"a.npz": b"PK"}, "cannot be read"),
        ({"a.csv": b"x\n" + b"1\n" * 30}, "1 column of numbers in it: 2 to 64"),
        ({"a.csv": b"\xff\xfe\x00"}, "UTF-8"),
        ({"a.csv": b"only words\n" * 30}, "0 columns"),
        ({"a.csv": b""}, "cannot be read"),
    ],
)
def test_refusals_say_what_would_be_right(tmp_path, files, sentence) -> None:
    with pytest.raises(DataError, match=sentence):
        made(tmp_path, files)


def test_names_are_text_and_short(tmp_path) -> None:
    files = {f"<b>{'x' * 200}/{i}.png": picture(noise(8, 8)) for i in range(20)}
    data = made(tmp_path, files, title="a\u202eb\x00" + "y" * 100).data
    assert len(data.title) == limits.LONGEST and data.title.startswith("a?b?")
    assert len(data.label_names[0]) == limits.LONGEST


# --- a drawing ----------------------------------------------------------------------------------------------------------


def test_a_drawing_is_a_mixture_whose_density_is_that_of_its_points() -> None:
    data = drawn("Two", [[-0.5, 0.0], [0.5, 0.0], [0.5, 0.2]], 0.05)
    density, x = data.density, data.train.x
    assert np.allclose((density.weights[:, None] * density.means).sum(0), 0)
    assert abs(x.mean()) < 0.02 and abs((x**2).sum(1).mean() / 2 - 1) < 0.02
    far = np.linalg.norm(x[:, None] - density.means, axis=2).argmin(1)
    assert np.allclose(np.bincount(far) / len(x), 1 / 3, atol=0.02)
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 801)] * 2), -1)
    assert abs(density.density(grid).sum() * 0.01**2 - 1) < 1e-6


@pytest.mark.parametrize(
    "dabs, std",
    [
        ([], 0.1),
        ([[0, 9]], 0.1),
        ([[0, float("nan")]], 0.1),
        ("x", 0.1),
        ([[0, 1], [2]], 0.1),
        ([["a", {}]], 0.1),
        ([[0, 0]], 0),
        ([[0]], 0.1),
    ],
)
def test_a_drawing_out_of_bounds_is_refused(dabs, std) -> None:
    with pytest.raises(DataError, match="is refused|A drawing is"):
        drawn("x", dabs, std)


# --- the shelf ----------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_a_data_set_like_any_other(tmp_path) -> None:
    files = {f"{kind}/{i}.png": picture(noise(16, 16, 3)) for kind in "ab" for i in range(20)}
    data = made(tmp_path, files, Wish(side=16)).data
    name = shelf.keep(data)
    loaded = load_dataset(name)
    assert loaded.shape == DATASETS[name].shape == (3, 16, 16) and loaded.label_names == ("a", "b")
    assert np.array_equal(loaded.train.x, data.train.x) and not loaded.train.x.flags.writeable
    assert name not in list(DATASETS) and AutoencoderConfig(dataset=name).dataset == name
    assert DiffusionConfig(dataset=name).batch_size == DiffusionConfig(dataset="fashion_mnist").batch_size
    points = shelf.keep(drawn("x", [[0, 0]], 0.1))
    assert DiffusionConfig(dataset=points).batch_size == DiffusionConfig(dataset="moons").batch_size
    with pytest.raises(ConfigError, match="dataset = "):
        AutoencoderConfig(dataset=points)
    with pytest.raises(ConfigError, match="dataset = "):
        AutoencoderConfig(dataset="own-images-../../../etc")


def test_data_of_one_class_train_no_class_conditional_model() -> None:
    name = shelf.keep(drawn("One", [[0, 0], [1, 0]], 0.1))
    with pytest.raises(ConfigError, match="all examples of One are of one class"):
        DiffusionConfig(dataset=name, conditional="on")


def test_data_that_are_gone_or_damaged_say_so(folder) -> None:
    name = shelf.keep(drawn("x", [[0, 0], [1, 0]], 0.1))
    path = shelf.path_of(name)
    whole = path.read_bytes()
    for place in (20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DataError, match="damaged"):
            shelf.read(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged"):
        shelf.read(path)
    path.unlink()
    assert not DATASETS[name].available() and "no longer kept" in DATASETS[name].title
    with pytest.raises(DataError, match="no longer kept"):
        DATASETS[name].load()


def test_the_oldest_goes_when_there_is_no_room(folder) -> None:
    first, second = (shelf.keep(drawn(title, [[0, 0], [1, 0]], 0.1)) for title in "ab")
    size = shelf.path_of(first).stat().st_size
    os.utime(shelf.path_of(first), (1, 1))
    third = shelf.keep(drawn("c", [[0, 0], [1, 0]], 0.1), limit=int(2.5 * size))
    assert [DATASETS[name].available() for name in (first, second, third)] == [False, True, True]


def test_the_very_same_data_are_kept_once_and_are_whole_again_once_they_are_brought_again(folder) -> None:
    data = drawn("x", [[0, 0], [1, 0]], 0.1)
    name = shelf.keep(data)
    assert shelf.keep(data) == name != shelf.keep(drawn("y", [[0, 0], [1, 0]], 0.1))
    path = shelf.path_of(name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataError, match="damaged"):
        shelf.read(path)
    assert shelf.keep(data) == name and len(shelf.read(path)[0].x)
    path.write_bytes(b"")
    assert shelf.keep(data) != name


def test_a_full_disk_leaves_no_half_written_file(folder, monkeypatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DataError, match="No space left on device"):
        shelf.keep(drawn("x", [[0, 0]], 0.1))
    assert list(folder.iterdir()) == []


def test_the_form_says_what_the_reader_takes() -> None:
    assert OwnDataConfig().wish() == Wish()
    assert OwnDataConfig(side="16", colour="grey", shape="fit").wish() == Wish(16, False, False)
    with pytest.raises(ConfigError, match="side"):
        OwnDataConfig(side="17")
