"""Writes `playground/ui/lib/payloads.d.ts` from the declarations in `playground/views/shapes.py`; `--check` only says whether it is up to date."""

from __future__ import annotations

import sys
import types
import typing
from pathlib import Path

import typing_extensions

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playground.views import shapes

TARGET = ROOT / "playground/ui/lib/payloads.d.ts"
HEAD = "/* Written by .ci/payload_types.py from playground/views/shapes.py: change that, not this. */\n"
WORDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def script(kind: object) -> str:
    """A Python type in TypeScript."""
    origin, args = typing_extensions.get_origin(kind), typing.get_args(kind)
    if origin is typing_extensions.NotRequired:
        return script(args[0])
    if origin is list:
        return f"Array<{script(args[0])}>"
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


def written() -> str:
    """The whole file."""
    declared = [value for value in vars(shapes).values() if typing_extensions.is_typeddict(value)]
    return HEAD + "".join(f"\n{interface(shape)}" for shape in declared)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(None if TARGET.read_text("utf-8") == written() else f"{TARGET.name} is out of date: python .ci/payload_types.py")
    TARGET.write_text(written(), "utf-8")
