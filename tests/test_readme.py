"""What the README shows of Python runs as it stands, with fewer steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SECTION = (
    Path(__file__)
    .resolve()
    .parents[1]
    .joinpath("README.md")
    .read_text("utf-8")
    .partition("## From Python\n")[2]
    .partition("\n## ")[0]
)
EXAMPLES = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.partition("import ")[2][:12])
def test_an_example_runs(example: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(re.sub(r"(?<!_)steps=\d+", "steps=12", example), names)
    if "curve" in names:
        (first, start), (last, end) = names["curve"][0], names["curve"][-1]
        assert (first, last) == (0, 12) and 0.0 < end < start * 1.5
        assert capsys.readouterr().out.splitlines()[-1] == "(16, 2)"
        assert (tmp_path / "mixture.safetensors").read_bytes() == names["checkpoint"] and callable(names["model"])
    else:
        assert names["latent"].step == 12


def test_both_examples_are_there() -> None:
    assert len(EXAMPLES) == 2
