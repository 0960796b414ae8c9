"""The page's scripts: every module parses, imports what is there, and does what its unit tests (tests/js, node's own runner) say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "playground"
MODULES = sorted(path for path in PACKAGE.rglob("*.js") if re.search(r"^(import|export) ", path.read_text("utf-8"), re.MULTILINE))
IMPORT = re.compile(r"^(?:import|export) (?:\{([^}]*)\} from |\* as \w+ from )?'([^']+)';", re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def exported(path: Path) -> set[str]:
    """The names that a module offers."""
    text = path.read_text("utf-8")
    passed_on = {
        name.split(" as ")[-1].strip()
        for names in re.findall(r"^export \{([^}]*)\}", text, re.MULTILINE)
        for name in names.split(",")
    }
    return set(EXPORT.findall(text)) | passed_on


PARSE = """const {SourceTextModule} = require('node:vm'), {readFileSync} = require('node:fs');
for (const path of process.argv.slice(1)) {
  try { new SourceTextModule(readFileSync(path, 'utf8'), {identifier: path}); } catch (error) { console.log(error.stack); process.exitCode = 1; }
}"""


@needs_node
def test_every_module_parses() -> None:
    command = [NODE, "--experimental-vm-modules", "--no-warnings", "--eval", PARSE, "--", *map(str, MODULES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_modules_were_found() -> None:
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_import_is_there(path: Path) -> None:
    for names, source in IMPORT.findall(path.read_text("utf-8")):
        assert source.startswith("."), f"{source}: only files of the playground are imported"
        target = (path.parent / source).resolve()
        assert target.is_file(), f"{path.name} imports {source}, which is not there"
        wanted = {name.partition(" as ")[0].strip() for name in names.split(",") if name.strip()}
        assert wanted <= exported(target), f"{source} has no {sorted(wanted - exported(target))}"


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name == "lib"], ids=lambda path: path.name)
def test_the_library_needs_no_component(path: Path) -> None:
    assert all(re.fullmatch(r"\./\w+\.js", source) for _, source in IMPORT.findall(path.read_text("utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_numbers_are_written_by_the_functions_of_format(path: Path) -> None:
    own = re.findall(r"\.(?:toFixed|toPrecision|toLocaleString)\b", path.read_text("utf-8"))
    assert not own or path.name == "format.js", f"{path.name} has {own[0]}: ui/lib/format.js writes numbers"


@needs_node
def test_the_pure_modules_do_what_their_tests_say() -> None:
    files = sorted(map(str, (ROOT / "tests" / "js").glob("*.test.js")))
    assert files
    done = subprocess.run([NODE, "--test", *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    if "Cannot use import statement outside a module" in done.stdout:
        pytest.skip("this node does not see by itself what is a module: 20.19 and later do")
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE) or "pass" in done.stdout
