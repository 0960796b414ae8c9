"""How the files hang together: imports point upwards, the heavy ones stay inside, and the top of the repository is tidy."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from playground.config import MODELS

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "playground"
FILES = sorted(PACKAGE.rglob("*.py"))
SOURCES = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))

ORDER = (
    "data",
    "config",
    "measures",
    "vae",
    "diffusion",
    "runs",
    "questions",
    "runtimes",
    "views",
    "ui",
    "features",
    "lessons",
    "library",
    "compare",
    "teacher",
    "page",
    "cli",
    "__main__",
)
"""From top to bottom: a module may import what stands before it, and its own package."""

TOP_LEVEL = {"app.py", "requirements.txt", "playground", "tests", "assets", "README.md", "LICENSE"}
HEAVY = ("torch", "diffusers", "sklearn", "scipy")


def layer(path: Path) -> str:
    """The name in `ORDER` that `path` belongs to; "" for `playground/__init__.py`, the door to all of them."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Everything that `path` imports, also inside functions, with full dotted names; what only a type checker imports is left out."""
    found, tree = set(), ast.parse(path.read_text(encoding="utf-8"))
    typing = [node for node in ast.walk(tree) if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"]
    skipped = {id(node) for block in typing for child in block.body for node in ast.walk(child)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).with_suffix("").parts[: -node.level]
            base = ".".join([*(package if node.level else ()), *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def top(name: str) -> str:
    return name.partition(".")[0]


def test_the_files_were_found() -> None:
    assert {layer(path) for path in FILES} >= set(ORDER)


@SOURCES
def test_every_module_has_its_place(path: Path) -> None:
    assert layer(path) in ("", *ORDER), f"{path.name} is not in ORDER: say where it stands"


@SOURCES
def test_imports_point_upwards(path: Path) -> None:
    here = layer(path)
    if not here:
        return
    for name in imports(path):
        if top(name) == "playground":
            there = (name.split(".") + [""])[1]
            assert there == here or there in ORDER[: ORDER.index(here)], f"{here} imports {name}"


@SOURCES
def test_heavy_libraries_stay_where_they_belong(path: Path) -> None:
    names, here = {top(name) for name in imports(path)}, layer(path)
    assert "gradio" not in names or here in ("ui", "features", "lessons", "library", "compare", "page")
    assert "diffusers" not in names or here == "diffusion" or path.parent.name == "diffusers_folder"
    assert not (here == "views" and names & {"torch", "gradio"})
    assert not (here == "data" and "torch" in names)


@SOURCES
def test_files_say_what_they_are_for_and_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{path.name} begins without a docstring"
    assert len(text.splitlines()) <= 300, f"{path.name} has {len(text.splitlines())} lines: split it where it has two jobs"


WEB = (
    "playground",
    "playground.config",
    "playground.data",
    "playground.questions.catalogue",
    "playground.views",
    "playground.runtimes",
    "playground.ui",
    "playground.page",
)
"""What the web process imports, each with everything inside; `warm` is what the workers' forkserver preloads."""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    inside = pkgutil.walk_packages(getattr(importlib.import_module(name), "__path__", []), name + ".")
    for info in () if name == "playground" else inside:
        if info.name != "playground.runtimes.warm":
            importlib.import_module(info.name)
    print(json.dumps([name, sorted({module.partition(".")[0] for module in sys.modules})]))
"""


def test_the_web_process_never_loads_torch() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *WEB], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = dict(json.loads(line) for line in done.stdout.splitlines())
    assert list(loaded) == list(WEB)
    assert {name: sorted(set(modules) & set(HEAVY)) for name, modules in loaded.items()} == {name: [] for name in WEB}
    assert "gradio" not in loaded["playground.runtimes"]


def test_names_promised_by_the_package_exist() -> None:
    import playground

    assert all(getattr(playground, name) is not None for name in playground.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        playground.nothing


def test_the_top_of_the_repository_is_tidy() -> None:
    """Settings of tools are dotfiles; everything else has a folder."""
    listed = subprocess.run(["git", "ls-files", "--cached"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if listed.returncode or not listed.stdout:
        pytest.skip("This is not a git checkout with files in it.")
    names = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@SOURCES
def test_what_a_kind_of_model_can_do_is_asked_of_the_one_table(path: Path) -> None:
    """`config/models.py`: nothing else compares with the name of a kind."""
    compared = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Compare))
    words = {child.value for node in compared for child in ast.walk(node) if isinstance(child, ast.Constant)}
    assert not words & set(MODELS)
