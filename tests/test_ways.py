"""The ways out of dead ends that the page offers as buttons: each belongs to a sentence that is really said, and sets what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from playground.config import AutoencoderConfig, DiffusionConfig, VAEConfig, field_specs
from playground.page.diffuse_in import DIFFUSE_IN

PACKAGE = Path(__file__).resolve().parents[1] / "playground"
SOURCE = (PACKAGE / "ui" / "lib" / "ways.js").read_text("utf-8")
WAYS = re.findall(r"\{says: '([^']+)'.*set: \w*(?:\(\))? => \((\{.*?\})\)\}", SOURCE)
FIELDS = {name for config in (AutoencoderConfig, VAEConfig, DiffusionConfig) for name in field_specs(config)} | {DIFFUSE_IN.name}


def sentences() -> str:
    """Every text in the program, one after the other; those of the scripts as they stand."""
    trees = [ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")]
    said = [
        node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    scripts = [path.read_text("utf-8") for path in PACKAGE.rglob("*.js") if path.name != "ways.js"]
    return "\n".join(said + scripts)


SAID = sentences()


def test_all_ways_were_read() -> None:
    assert len(WAYS) == SOURCE.count("says: '") >= 15


@pytest.mark.parametrize("says, sets", WAYS)
def test_the_sentence_is_said_and_the_fields_exist(says, sets) -> None:
    assert says in SAID
    assert set(re.findall(r"(\w+): ", sets)) <= FIELDS


VALUES = [(name, value) for _, sets in WAYS for name, value in re.findall(r"(\w+): '(\w+)'", sets)]


@pytest.mark.parametrize("name, value", sorted(set(VALUES)))
def test_what_it_sets_can_be_chosen(name, value) -> None:
    if name == DIFFUSE_IN.name:
        assert value in DIFFUSE_IN.choices
    else:
        assert any(value in spec.choices for config in (VAEConfig, DiffusionConfig) if (spec := field_specs(config).get(name)))
