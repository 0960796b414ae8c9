"""Broken files of every kind: whatever arrives ends in data or in a sentence, never in a traceback, a hang, or a gigabyte."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import numpy as np
import pytest
from brought import body, noise, npy, picture, saved, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.data import DataError
from playground.data.own.limits import Wish
from playground.data.own.preparing import Prepared, prepared

PICTURES = {f"{'ab'[i % 2]}/{i}.png": picture(noise(8, 8, 3)) for i in range(24)}
CORPUS = {
    "a.zip": zipped(PICTURES),
    "b.zip": zipped({f"{i}.jpg": picture(noise(24, 24, 3), "JPEG") for i in range(22)}),
    "c.npy": npy(noise(30, 8, 8)),
    "d.npy": npy(np.asfortranarray(np.random.default_rng(0).normal(size=(40, 2)))),
    "e.npz": saved(x=noise(30, 8, 8), y=np.arange(30) % 3),
    "f.csv": b"x,y,kind\n" + b"\n".join(b"%d,%d,%s" % (i, i * i % 7, b"ab"[i % 2 : i % 2 + 1]) for i in range(40)),
}
TRICKS = (
    b"\x00",
    b"\xff" * 8,
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"\x93NUMPY",
    b"(1000000000,",
    b"(-1, 2)",
    b"'descr': '|O'",
    b"1e999",
    b"=cmd()",
    b"\n" * 50,
    b'"',
    b"IHDR\x7f\xff\xff\xff",
)
SLOWEST = 20.0
"""Seconds of this thread for one of them, in which nothing of a few kilobytes may still be read."""
GIGABYTE = 2**30


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of the corpus under one of their names, with some of its bytes turned, cut out, put in or moved."""
    data = bytearray(CORPUS[draw(st.sampled_from(sorted(CORPUS)))])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        if draw(st.booleans()):  # headers stand at both ends
            at = min(at, draw(st.integers(0, 200))) if draw(st.booleans()) else max(0, len(data) - 1 - at % 200)
        match draw(st.sampled_from(["turn", "cut", "end", "put", "twice"])):
            case "turn" if data:
                data[at] ^= draw(st.integers(1, 255))
            case "cut":
                del data[at : at + draw(st.integers(1, 64))]
            case "end":
                del data[at:]
            case "put":
                data[at:at] = draw(st.sampled_from(TRICKS))
            case "twice":
                data += data[at : at + 500]
    return draw(st.sampled_from([*sorted(CORPUS), "x.png", "x.txt", "../x.zip", "x"])), bytes(data)


def attack(path: Path, files: dict[str, bytes]) -> None:
    began = time.thread_time()
    try:
        assert isinstance(prepared(body(path, files), "x", Wish()), Prepared)
    except DataError as error:
        sentence = str(error)
        assert sentence.endswith(".") and len(sentence) < 1000, sentence
    assert time.thread_time() - began < SLOWEST


def test_broken_files_end_in_data_or_in_a_sentence(tmp_path) -> None:
    hunt(tmp_path, 400)


@pytest.mark.thorough
def test_ten_thousand_broken_files_end_in_data_or_in_a_sentence(tmp_path) -> None:
    hunt(tmp_path, 10_000)


def hunt(path: Path, n: int) -> None:
    @settings(max_examples=n, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(broken(), st.booleans())
    def attacks(file: tuple[str, bytes], beside: bool) -> None:
        attack(path, dict([file]) | (PICTURES if beside else {}))

    attacks()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < 3 * GIGABYTE  # of all tests of this process


@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=400))
def test_what_is_no_list_of_files_is_refused(data: bytes) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "body"
        path.write_bytes(data)
        with pytest.raises(DataError):
            prepared(path, "x", Wish())
