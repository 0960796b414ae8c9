"""Checkpoints: what goes in comes out bit for bit, and what is damaged is refused, never half loaded."""

from __future__ import annotations

import io
import json
import pickle
import random
import zipfile

import numpy as np
import pytest
import safetensors.torch
import torch

from playground.config import CONFIGS, VAEConfig
from playground.runs.checkpoint import CheckpointError, Loaded, pack, unpack

CONFIG = VAEConfig(steps=7, beta=2.5, learning_rate=1 / 3)


def groups() -> dict[str, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(0)
    odd = torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan, 1e-45])
    return {
        "model": {"w": torch.randn(3, 4, generator=generator), "layer/b": torch.randn(2, generator=generator).double()},
        "ema": {"w": torch.randn(4, 3, generator=generator).T, "odd": odd, "half": torch.ones(2, dtype=torch.bfloat16)},
        "optimizer": {"w/step": torch.tensor(3.0), "empty": torch.zeros(0, 2)},
        "random": {"generator": generator.get_state()},
    }


def packed() -> bytes:
    return pack(CONFIG, 5, 1.25, (1, 28, 28), groups())


def same(a: Loaded, b: Loaded) -> bool:
    settings = (a.config, a.step, a.seconds, a.data_shape) == (b.config, b.step, b.seconds, b.data_shape)
    return settings and a.tensors.keys() == b.tensors.keys() and all(bits(a.tensors[k]) == bits(b.tensors[k]) for k in a.tensors)


def bits(value: torch.Tensor) -> tuple:
    return value.dtype, value.shape, value.contiguous().reshape(-1).view(torch.uint8).tolist() if value.numel() else []


def test_round_trip_is_exact() -> None:
    loaded = unpack(packed())
    assert (loaded.config, loaded.step, loaded.seconds, loaded.data_shape) == (CONFIG, 5, 1.25, (1, 28, 28))
    for name, group in groups().items():
        found = loaded.group(name)
        assert found.keys() == group.keys()
        assert all(bits(found[key]) == bits(value) for key, value in group.items())


@pytest.mark.parametrize("config", CONFIGS.values())
def test_every_kind_of_config_comes_back(config) -> None:
    assert unpack(pack(config(seed=9), 0, 0.0, (2,), {})).config == config(seed=9)


def test_packing_again_changes_nothing() -> None:
    loaded = unpack(packed())
    again = {name: loaded.group(name) for name in groups()}
    assert same(unpack(pack(loaded.config, loaded.step, loaded.seconds, loaded.data_shape, again)), loaded)


def test_any_flipped_bit_is_noticed() -> None:
    """In the settings, in the names, in the weights: refused, or (padding) without any effect."""
    data, rng = packed(), random.Random(0)
    whole, header = unpack(data), 8 + int.from_bytes(data[:8], "little")
    places = [rng.randrange(header) for _ in range(200)] + [rng.randrange(header, len(data)) for _ in range(100)]
    refusals = 0
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.randrange(8)
        try:
            assert same(unpack(bytes(damaged)), whole), f"byte {place} was changed and nobody noticed"
        except CheckpointError:
            refusals += 1
    assert refusals >= 0.9 * len(places)


@pytest.mark.parametrize("setting", ["beta", "step", "data_shape"])
def test_a_changed_setting_is_noticed(setting: str) -> None:
    old, new = {"beta": (b"2.5", b"7.5"), "step": (b'"step":"5"', b'"step":"6"'), "data_shape": (b"[1, 28", b"[3, 28")}[setting]
    data = packed()
    assert data.count(old) == 1
    with pytest.raises(CheckpointError, match="damaged"):
        unpack(data.replace(old, new))


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_refused(share: float) -> None:
    data = packed()
    with pytest.raises(CheckpointError):
        unpack(data[: int(share * len(data))])


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("data.pkl", pickle.dumps([1]))
    return buffer.getvalue()


def header(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


STRANGE = {
    "empty": b"",
    "short": b"1234567",
    "zeros": bytes(64),
    "ones": b"\xff" * 64,
    "text": b"hello world, I am no checkpoint",
    "pickle": pickle.dumps({"a": 1}),
    "zip": archive(),
    "list": header(b"[]"),
    "null": header(b"null"),
    "number": header(b"1"),
    "metadata is null": header(b'{"__metadata__":null}'),
    "metadata is text": header(b'{"__metadata__":"x"}'),
    "no metadata": header(b"{}"),
    "deep": header(b"[" * 100_000),
    "not utf-8": header(b"\xff\xfe"),
    "other safetensors": safetensors.torch.save({"w": torch.ones(2)}),
    "noise": np.random.default_rng(0).bytes(5000),
    "other format": safetensors.torch.save({}, {"format": "other"}),
    "only the format": safetensors.torch.save({}, {"format": "playground-2"}),
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_no_checkpoint_is_refused(data: bytes) -> None:
    with pytest.raises(CheckpointError):
        unpack(data)


@pytest.mark.parametrize(
    "change",
    [
        {"config": "{"},
        {"config": "[]"},
        {"config": '{"model": "gan"}'},
        {"config": '{"model": "vae", "steps": 0}'},
        {"config": '{"model": ["vae"]}'},
        {"step": "many"},
        {"seconds": ""},
        {"data_shape": "7"},
        {"data_shape": ""},
    ],
    ids=str,
)
def test_wrong_contents_are_refused_even_with_a_right_checksum(change: dict[str, str]) -> None:
    from playground.runs.checkpoint import FORMAT, _digest

    about = {"format": FORMAT, "config": json.dumps(CONFIG.model_dump()), "step": "1", "seconds": "0.5", "data_shape": "[2]"}
    good = safetensors.torch.save({}, about | {"sha256": _digest({}, about)})
    assert unpack(good).step == 1
    about |= change
    with pytest.raises(CheckpointError):
        unpack(safetensors.torch.save({}, about | {"sha256": _digest({}, about)}))


def test_a_pickle_is_never_run() -> None:
    class Bomb:
        def __reduce__(self):
            return (exec, ("raise SystemExit('a pickle was run')",))

    with pytest.raises(CheckpointError):
        unpack(pickle.dumps(Bomb()))
