"""Writes `playground/ui/lib/payloads.d.ts` from the declarations in `playground/views/shapes.py` and the `shape.py` of the features and of the Compare tab; `--check` only says whether it is up to date."""

from __future__ import annotations

import importlib
import sys
import types
import typing
from pathlib import Path

import typing_extensions

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playground.views import shapes

TARGET = ROOT / "playground/ui/lib/payloads.d.ts"
HEAD = """/* Written by .ci/payload_types.py from playground/views/shapes.py and the shape.py of the features and of compare: change these, not this. */

/** An array of an answer. */
export interface Unpacked<T> {
  shape: Array<number>;
  data: T;
}
"""
UNPACKED = {shapes.Bytes: "Unpacked<Uint8Array>", shapes.Floats: "Unpacked<Float32Array>", shapes.Integers: "Unpacked<Int32Array>"}
"""Arrays of an answer, as `arrays` in `codec.js` unpacks them."""
WORDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", **UNPACKED}


def script(kind: object) -> str:
    """A Python type in TypeScript."""
    origin, args = typing_extensions.get_origin(kind), typing.get_args(kind)
    if origin is typing_extensions.NotRequired:
        return script(args[0])
    if origin is list:
        return f"Array<{script(args[0])}>"
    if origin is dict:
        return f"{{[name: string]: {script(args[1])}}}"
    if origin in (typing.Union, types.UnionType):
        return " | ".join(map(script, args))
    if origin is typing.Literal:
        return " | ".join(f"'{value}'" for value in args)
    return WORDS.get(kind) or kind.__name__  # type: ignore[union-attr, call-overload]


def interface(shape: type) -> str:
    """One declaration."""
    fields = typing_extensions.get_type_hints(shape, include_extras=True).items()
    lines = [f"  {name}{'' if name in shape.__required_keys__ else '?'}: {script(kind)};" for name, kind in fields]  # type: ignore[attr-defined]
    return f"/** {(shape.__doc__ or '').strip()} */\nexport interface {shape.__name__} {{\n" + "\n".join(lines) + "\n}\n"


def declared() -> list[type]:
    """Every shape that is sent: those of all views, then those of each feature and of the Compare tab."""
    folders = sorted(path.parent.name for path in (ROOT / "playground/features").glob("*/shape.py"))
    rooms = [*(f"features.{name}" for name in folders), "compare"]
    modules = [shapes, *(importlib.import_module(f"playground.{room}.shape") for room in rooms)]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if typing_extensions.is_typeddict(value) and value.__module__ == module.__name__
    ]


def written() -> str:
    """The whole file."""
    return HEAD + "".join(f"\n{interface(shape)}" for shape in declared() if shape not in UNPACKED)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if TARGET.read_text("utf-8") == written() else f"{TARGET.name} is out of date: python .ci/payload_types.py")
    TARGET.write_text(written(), "utf-8")
