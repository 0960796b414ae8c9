"""A run on data that somebody brought, taken elsewhere: there it says what is missing, and goes on once the same data are there."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_bringing import QUICK, back, lived, zipped

from playground.config import AutoencoderConfig, ConfigError, LatentDiffusionConfig
from playground.data.own import shelf
from playground.data.own.pictures import LeftOut
from playground.data.own.preparing import rows
from playground.features.take_away.forms import FORMS
from playground.page.service import Service
from playground.runs.checkpoint import unpack
from playground.runs.training import train
from playground.runtimes import InProcessRuntime
from playground.runtimes.store import RunStore


@pytest.fixture
def service(tmp_path):
    made = Service(InProcessRuntime(), own=True, store=RunStore(tmp_path / "runs"), sweep_seconds=None)
    yield made
    made.registry.close()


@pytest.mark.parametrize("kind", ["table", "latents of a table"])
def test_a_run_on_own_data_goes_on_where_the_same_data_were_brought(service, tmp_path, monkeypatch, kind):
    rng = np.random.default_rng(0)
    brought = rows("Here", rng.normal(size=(60, 4)), np.arange(60) % 2, ("a", "b"), list("wxyz"), LeftOut())
    monkeypatch.setenv(shelf.FOLDER, str(tmp_path / "here"))
    name = shelf.keep(brought)
    source = AutoencoderConfig(**(QUICK | {"dataset": name}))
    run = lived(source)
    if "latents" in kind:
        run = lived(LatentDiffusionConfig(**(QUICK | {"dataset": name})), run.record.checkpoint)
    data = zipped(run)

    monkeypatch.setenv(shelf.FOLDER, str(tmp_path / "there"))
    shelf.keep(rows("Others", rng.normal(size=(60, 4)), np.arange(60) % 2, ("a", "b"), list("wxyz"), LeftOut()))
    for file in (data, run.record.checkpoint):
        with pytest.raises(ConfigError, match="are not on this server. Bring the very same files here first"):
            back(service, file, tmp_path)
    new = shelf.keep(replace(brought, title="There"))
    found = back(service, data, tmp_path)
    after = service.registry.get(found["run"])
    assert new != name and after.config["dataset"] == new and name not in json.dumps(after.config)
    assert found["left_out"] == 0 and len(after.moments.checkpoints) == len(run.record.moments.checkpoints)
    for one in (after.checkpoint, *(kept.data for kept in after.moments.checkpoints)):
        assert unpack(one).config.dataset == new
    ours, theirs = unpack(after.checkpoint).tensors, unpack(run.record.checkpoint).tensors
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    *_, end = train(unpack(after.checkpoint).config.replace(steps=8), resume=after.checkpoint)
    assert unpack(end.checkpoint).step == 8


def test_the_menu_says_that_own_data_stay_here():
    said = FORMS["run.zip"].note
    assert (
        said(AutoencoderConfig(dataset="own-table-0123456789abcdef"))
        == "Its data stay here: elsewhere, bring the same files first."
    )
    assert not said(AutoencoderConfig(dataset="wine"))
