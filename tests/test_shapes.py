"""What views return is what `views/shapes.py` declares, no key more and none less, and the scripts are checked against that."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import test_frames
import test_vae_views
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import is_typeddict

from playground.features.bounds.view import bounds_study
from playground.page.frames import RunViews
from playground.views import shapes

DECLARED = [value for value in vars(shapes).values() if is_typeddict(value)]
OF_VIEWS = {
    "curves": shapes.Curves,
    "images": shapes.ImageTable,
    "samples": shapes.ImageTable,
    "strip": shapes.ImageTable,
    "particles": shapes.Particles,
    "particles_static": shapes.ParticlesStatic,
}
RUN = tuple(shapes.Status.__annotations__)


@pytest.fixture(autouse=True)
def nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is not declared is an error, too."""
    for shape in DECLARED:
        monkeypatch.setattr(shape, "__pydantic_config__", ConfigDict(extra="forbid", strict=True), raising=False)


def test_the_scripts_are_checked_against_what_is_declared_now() -> None:
    root = Path(__file__).resolve().parents[1]
    subprocess.run([sys.executable, str(root / ".ci/payload_types.py"), "--check"], check=True)


@pytest.mark.parametrize("kind", test_frames.CONFIGS)
def test_frames_are_as_declared(kind: str) -> None:
    frame = RunViews().frame(test_frames.full(kind), 0, False, True)
    TypeAdapter(shapes.Status).validate_json(json.dumps({name: frame[name] for name in RUN}))
    found = {name: view for name, view in frame["views"].items() if name in OF_VIEWS}
    assert found
    for name, view in found.items():
        TypeAdapter(OF_VIEWS[name]).validate_json(json.dumps(view))


def test_bounds_are_as_declared() -> None:
    TypeAdapter(shapes.Bounds).validate_json(json.dumps(bounds_study(None, test_vae_views.study())["bounds"]))


def test_a_shape_that_differs_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(shapes.Moments).validate_python({"steps": [1], "checkpoints": [], "more": 1})
    with pytest.raises(ValidationError):
        TypeAdapter(shapes.Moments).validate_python({"steps": ["one"], "checkpoints": []})
