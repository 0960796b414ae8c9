"""The look of the page: one face, two weights, four sizes and one scale of spaces, named in ui/type.css and used everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playground.page.look import look
from playground.ui.modules import FACE, FONT_FACE, PLAYGROUND, TYPE, files, style

STYLES = pytest.mark.parametrize(
    "path", [path for path in files(".css") if path != TYPE], ids=lambda path: str(path.relative_to(PLAYGROUND))
)
SCALE = dict(re.findall(r"--(regular|strong|(?:type|space)-\w+): (\d+)", TYPE.read_text("utf-8").partition("@media")[0]))
SPACE = re.compile(r"(?<![\w-])(?:padding|margin|gap|row-gap|column-gap)(?:-\w+)?: *([^;}]+)")


def declared(path: Path, name: str) -> set[str]:
    """Every value that a style sheet gives to a property."""
    return {value.strip() for value in re.findall(rf"(?<![\w-]){name}: *([^;}}!]+)", path.read_text("utf-8"))}


def test_the_scale_is_two_weights_four_sizes_and_steps_of_four_pixels() -> None:
    sizes = [int(value) for name, value in SCALE.items() if name.startswith("type")]
    assert len(set(sizes)) == 4 and sizes == sorted(sizes)
    assert (SCALE["regular"], SCALE["strong"]) == ("400", "600")
    spaces = {name: int(value) for name, value in SCALE.items() if name.startswith("space")}
    assert spaces == {f"space-{k}": 4 * k for k in range(1, len(spaces) + 1)}


@STYLES
def test_no_style_has_a_size_a_weight_or_a_face_of_its_own(path: Path) -> None:
    assert declared(path, "font-size") <= {f"var(--{name})" for name in SCALE if name.startswith("type")} | {"inherit"}
    assert declared(path, "font-weight") <= {"var(--regular)", "var(--strong)"}
    assert declared(path, "font") <= {"inherit"}
    assert declared(path, "font-family") <= {"var(--face)"}


@STYLES
def test_no_style_has_a_space_of_its_own(path: Path) -> None:
    for value in SPACE.findall(path.read_text("utf-8")):
        assert not [n for n in re.findall(r"(?<![\w.-])(\d+)(?:px|rem|em)", value) if int(n) > 2], f"{path.name}: {value}"


@pytest.mark.parametrize("path", files(".js"), ids=lambda path: path.name)
def test_no_script_writes_with_a_size_or_a_face_of_its_own(path: Path) -> None:
    if path.parts[-2:] == ("latent_map", "page.js"):  # the map as a page of its own has no style sheet
        return
    own = re.findall(
        r"\d+px \$\{|fontFamily|font-size|\bsize: 1\d\b(?=[^;]*(?:standoff|family))|font: \{[^}]*size: \d", path.read_text("utf-8")
    )
    assert not own, f"{path.name} has {own[0]}: canvasFont and typeSize of ui/lib/theme.js read it from ui/type.css"


def test_the_face_is_shipped_with_its_licence_and_gradio_brings_none() -> None:
    assert FACE.read_bytes()[:4] == b"wOF2" and FONT_FACE in style()
    assert "SIL OPEN FONT LICENSE" in (FACE.parent / "INTER_LICENSE.txt").read_text("utf-8")
    theme = look()
    assert not theme._font_css and not theme._stylesheets
