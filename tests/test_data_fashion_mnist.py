"""Fashion-MNIST: the shipped part, how it is made, the whole of it, and what happens to damaged files."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile

import numpy as np
import pytest

from playground.data import DATASETS, DataError, build_fashion_mnist, fashion_mnist, load_dataset
from playground.data.build_fashion_mnist import LICENCE_FILE, PER_CLASS, build, main, select

NEEDS_OFFICIAL_FILES = pytest.mark.skipif(
    not DATASETS["fashion_mnist_full"].available(),
    reason="The official Fashion-MNIST files are not installed (Debian's dataset-fashion-mnist has them).",
)


def test_asset_is_small_and_carries_its_licence() -> None:
    assert fashion_mnist.ASSET.stat().st_size <= 6_000_000
    licence = (fashion_mnist.ASSET.parent / LICENCE_FILE).read_text()
    assert "Copyright (c) 2017 Zalando SE" in licence and "Permission is hereby granted, free of charge" in licence
    with zipfile.ZipFile(fashion_mnist.ASSET) as archive:
        assert archive.testzip() is None
        assert archive.read(LICENCE_FILE).decode() == licence


def test_asset_is_balanced_and_unchanged() -> None:
    data = load_dataset("fashion_mnist")
    for split, per_class in ((data.train, 1_000), (data.test, 200)):
        assert np.bincount(split.labels).tolist() == [per_class] * 10
    digest = hashlib.sha256(data.train.x.tobytes() + data.test.x.tobytes())
    assert digest.hexdigest() == "67ac0de77cb2a9b5a6a638c2663b7e4f6cb555664a0cfd1063d3cb7b5eb6177f"


@NEEDS_OFFICIAL_FILES
def test_asset_can_be_built_again(tmp_path) -> None:
    out = tmp_path / "again.npz"
    main(["--source", str(fashion_mnist.official_directory()), "--out", str(out)])
    assert [path.name for path in tmp_path.iterdir()] == ["again.npz"]
    with np.load(out) as again, np.load(fashion_mnist.ASSET) as shipped:  # bytes may differ between versions of zlib
        assert again.files == shipped.files and len(again.files) == 5
        for name in (name for name in again.files if name != LICENCE_FILE):
            np.testing.assert_array_equal(again[name], shipped[name])


@NEEDS_OFFICIAL_FILES
def test_building_twice_makes_the_same_bytes(monkeypatch) -> None:
    monkeypatch.setattr(build_fashion_mnist, "PER_CLASS", {"train": 20, "test": 4})
    first, second = (build(fashion_mnist.official_directory(), "Free for all.") for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist()[0] == LICENCE_FILE
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@NEEDS_OFFICIAL_FILES
def test_part_comes_from_the_same_split_of_the_whole() -> None:
    part, whole = load_dataset("fashion_mnist"), load_dataset("fashion_mnist_full")
    assert (len(whole.train), len(whole.test)) == (60_000, 10_000)
    for few, many in ((part.train, whole.train), (part.test, whole.test)):
        label_of = {image.tobytes(): label for image, label in zip(many.x, many.labels)}
        assert all(label_of[image.tobytes()] == label for image, label in zip(few.x, few.labels))


def test_select_takes_the_first_of_each_class_in_order() -> None:
    labels = np.arange(40) % 10
    images, chosen = select(np.arange(40), labels, 2)
    assert images.tolist() == list(range(20)) and chosen.tolist() == labels[:20].tolist()
    with pytest.raises(DataError, match="only 4 images, and 5 are wanted"):
        select(np.arange(40), labels, 5)
    assert PER_CLASS == {"train": 1_000, "test": 200}


def test_whole_fashion_mnist_says_how_to_get_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(fashion_mnist.VARIABLE, str(tmp_path))
    info = DATASETS["fashion_mnist_full"]
    assert not info.available()
    with pytest.raises(DataError, match="install Debian's package dataset-fashion-mnist, or set PLAYGROUND_FASHION_MNIST"):
        info.load()
    with pytest.raises(SystemExit, match="Not built: .*dataset-fashion-mnist"):
        main(["--source", str(tmp_path), "--out", str(tmp_path / "out.npz")])
    assert not list(tmp_path.iterdir())


def test_whole_fashion_mnist_reads_packed_and_plain_files(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(fashion_mnist.VARIABLE, str(tmp_path))
    images, labels = np.arange(2 * 784).astype(np.uint8).reshape(2, 28, 28), np.array([3, 9], np.uint8)
    for split in ("train", "t10k"):
        (tmp_path / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(images)))
        (tmp_path / f"{split}-labels-idx1-ubyte").write_bytes(_idx(labels))
    data = DATASETS["fashion_mnist_full"].load()
    np.testing.assert_array_equal(data.train.x[:, 0], images)
    np.testing.assert_array_equal(data.test.labels, labels)
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(_idx(np.array([3, 10], np.uint8)))
    with pytest.raises(DataError, match="not Fashion-MNIST"):
        DATASETS["fashion_mnist_full"].load()


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x08",
        b"\0\0\x08\x00",
        b"\0\0\x08\x01",
        _idx(np.zeros(3, np.uint8))[:-1],
        _idx(np.zeros(3, np.uint8)) + b"x",
        b"\0\0\x0d" + _idx(np.zeros(3, np.uint8))[3:],  # floats
        b"\0\0\x08\x02" + b"\xff" * 8 + b"a",  # -1 rows of -1
        b"\0\0\x08\x02" + b"\x7f\xff\xff\xff" * 2,  # 2^62 bytes
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_damaged_idx_files_are_refused(tmp_path, data: bytes, packed: bool) -> None:
    path = tmp_path / ("x.gz" if packed else "x")
    path.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(DataError):
        fashion_mnist.read_idx(path)


def test_truncated_gzip_is_refused(tmp_path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(_idx(np.arange(200, dtype=np.uint8)))[:-20])
    with pytest.raises(DataError, match="cannot be read"):
        fashion_mnist.read_idx(path)


@pytest.mark.parametrize("case", ["missing", "empty", "cut short", "bits flipped", "a pointer instead of the file"])
def test_damaged_asset_is_refused(tmp_path, monkeypatch, case: str) -> None:
    whole = fashion_mnist.ASSET.read_bytes()
    monkeypatch.setattr(fashion_mnist, "ASSET", tmp_path / "part.npz")
    if case == "missing":
        with pytest.raises(DataError, match="python -m playground.data.build_fashion_mnist"):
            DATASETS["fashion_mnist"].load()
        return
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    damaged = {"empty": b"", "cut short": whole[:100_000], "bits flipped": bytes(flipped)}.get(case, b"version https://git-lfs")
    fashion_mnist.ASSET.write_bytes(damaged)
    with pytest.raises(DataError, match="is damaged"):
        DATASETS["fashion_mnist"].load()
