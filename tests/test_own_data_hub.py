"""Images of the Hugging Face Hub, from a Hub of our own: what is read of its parquet files, what is refused and in which words."""

from __future__ import annotations

import io
import time
from contextlib import ExitStack

import numpy as np
import pytest
from brought import noise
from hub import hub, parquet

from playground.config import ConfigError
from playground.config.own_data import HubConfig
from playground.data import DataError
from playground.data.own import hub as reader
from playground.data.own.hub import Found, Place, chosen, columns, from_hub, repository
from playground.data.own.limits import Wish
from playground.features.own_data.service import OwnDataService

pa = pytest.importorskip("pyarrow")
TRAIN = "default/train/0000.parquet"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch):
    """`served({owner/name: {path: contents}})` is from then on the Hub; the tokens it was shown."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with ExitStack() as stack:

        def serve(sets: dict[str, dict[str, bytes]]) -> list[str]:
            address, tokens = stack.enter_context(hub(sets))
            monkeypatch.setenv("HF_ENDPOINT", address)
            return tokens

        yield serve


def read(name: str = "us/pets", wish: Wish = Wish(), **place: str):
    return from_hub(Place(name, **place), "", wish)


def test_pictures_come_to_the_last_bit_with_the_names_of_their_classes(served) -> None:
    images = [noise(16, 16, 3) for _ in range(36)]
    served({"us/pets": {TRAIN: parquet(images, [i % 3 for i in range(36)], ["zebra", "<b>ape", "cat"])}})
    made = read()
    data = made.data
    assert (data.title, data.shape, data.label_names, made.left_out) == ("pets", (3, 16, 16), ("zebra", "<b>ape", "cat"), [])
    x, labels = (np.concatenate([getattr(part, name) for part in (data.train, data.test)]) for name in ("x", "labels"))
    known = {image.tobytes(): i % 3 for i, image in enumerate(images)}
    assert {each.transpose(1, 2, 0).tobytes(): label for each, label in zip(x, labels)} == known
    assert data.source == "us/pets on the Hugging Face Hub, default, train."


def test_grey_ones_a_split_of_ones_own_and_numbers_as_classes(served) -> None:
    test = parquet([noise(8, 8) for _ in range(24)], [(10, 9)[i % 2] for i in range(24)])
    served({"us/pets": {TRAIN: b"", "other/test/0000.parquet": test}})
    data = read(subset="other", split="test").data
    assert (data.shape, data.label_names) == ((1, 8, 8), ("9", "10"))
    assert read(subset="other", wish=Wish(labels="-")).data.label_names == ("all",)


def test_only_the_token_of_the_environment_is_shown(served, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = served({"us/pets": {TRAIN: parquet([noise(8, 8)] * 20)}})
    read()
    assert set(tokens) == {""}
    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    read()
    assert set(tokens) == {"", "Bearer hf_ours"}


def test_what_cannot_be_read_is_left_out_and_told(served) -> None:
    images = [*(noise(8, 8) for _ in range(25)), None, b"no picture", b""]
    served({"us/pets": {TRAIN: parquet(images), "default/train/0001.parquet": b"PAR1 damaged PAR1"}})
    told = "\n".join(read().left_out)
    assert "2 left out: a row without a picture" in told and "1 left out: it is no picture" in told
    assert "1 left out: a file that cannot be read to its end (ArrowInvalid) (0001.parquet)" in told


def test_no_more_is_read_than_there_is_room_for(served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.data.own.pictures.MOST_EXAMPLES", 33)
    served({"us/pets": {TRAIN: parquet([noise(8, 8) for _ in range(55)], [0] * 40 + [1] * 15)}})
    made = read()
    assert len(made.data.train) + len(made.data.test) == 33 and made.left_out == ["22 left out: there is no room for more"]
    assert made.data.label_names == ("0", "1")  # though the file is sorted by class


def test_a_row_group_is_held_against_the_footer_first(served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_UNPACKED", 20_000)
    large, small = [noise(60, 60, 3)] * 10, [noise(8, 8, 3)] * 20
    served({"us/pets": {TRAIN: parquet([*(noise(60, 60, 3) for _ in large), *small])}})
    assert read().left_out[0].startswith("10 left out: in a row group of more than")


@pytest.mark.parametrize(
    "sets, place, sentence",
    [
        ({}, {}, "no public data set us/pets on the Hub"),
        ({"us/pets": {}}, {}, "no copy of us/pets as parquet"),
        ({"us/pets": {"README.md": b"x"}}, {}, "has no parquet files"),
        ({"us/pets": {TRAIN: b"no parquet at all"}}, {}, "a file that cannot be read to its end"),
        ({"us/pets": {TRAIN: b"x"}}, {"split": "dev"}, "no split dev: there are train"),
        ({"us/pets": {TRAIN: b"x"}}, {"subset": "big"}, "no subset big: there are default"),
    ],
)
def test_a_refusal_is_a_sentence(served, sets, place: dict, sentence: str) -> None:
    served(sets)
    with pytest.raises(DataError, match=sentence):
        read(**place)


def test_columns_are_found_by_type_or_named(served) -> None:
    cell = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("id", pa.string()), ("photo", cell), ("raw", pa.binary()), ("target", pa.int64())])
    assert columns(schema, "", "") == Found("photo", True, "target")
    assert columns(schema, "raw", "id") == Found("raw", False, "id")
    sound = {"huggingface": '{"info": {"features": {"photo": {"_type": "Audio"}}}}'}
    assert columns(schema.with_metadata(sound), "", "-") == Found("raw", False)
    for broken in ("{", "[]", '{"info": 3}', '{"info": {"features": {"target": {"names": 5}}}}'):
        assert columns(schema.with_metadata({"huggingface": broken}), "", "").names == ()
    for wanted in (("target", ""), ("nothing", ""), ("", "raw"), ("", "nothing")):
        with pytest.raises(DataError, match="the columns are id"):
            columns(schema, *wanted)
    with pytest.raises(DataError, match="no column of pictures"):
        columns(pa.schema([("text", pa.string()), ("bytes", pa.struct([("bytes", pa.int8())]))]), "", "")


def test_a_data_set_without_pictures_says_what_it_has(served) -> None:
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table({"text": ["a"] * 30}), buffer)
    served({"us/pets": {TRAIN: buffer.getvalue()}})
    with pytest.raises(DataError, match=r"no column of pictures in these data: the columns are text \(string\)"):
        read()


def test_a_hub_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(DataError, match="Hub is not reached from this machine.*fashion_mnist"):
        read()
    assert time.monotonic() - began < 2 * reader.SECONDS


def test_without_pyarrow_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "find_spec", lambda _name: None)
    with pytest.raises(DataError, match="pip install pyarrow"):
        read()


@pytest.mark.parametrize("name", ["", "mnist", "../x", "a/../b", "a/b/c", "a b/c", "http://127.0.0.1/a/b", "a/b?x", "a/b@c", "é/a"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="owner/name"):
        repository(name)


def test_an_address_is_a_name_too_and_parts_of_large_sets_are_found() -> None:
    assert repository("https://huggingface.co/datasets/ylecun/mnist/") == "ylecun/mnist"
    paths = ["a/partial-train/0000.parquet", "a/test/0000.parquet", "b/test/0001.parquet", "b/test/0000.parquet", "x.parquet"]
    assert chosen(paths, Place("us/pets")) == ("a", "train", paths[:1])
    assert chosen(paths, Place("us/pets", "b")) == ("b", "test", ["b/test/0000.parquet", "b/test/0001.parquet"])


def test_a_server_for_others_does_not_read_the_hub() -> None:
    class Public:
        own, waiting = False, None

    service = OwnDataService(Public())  # type: ignore[arg-type]  # all that it needs to refuse
    with pytest.raises(ConfigError, match="own alone"):
        service.hub({"repository": "us/pets"})
    assert HubConfig(repository="us/pets", side="8").wish() == Wish(side=8)
