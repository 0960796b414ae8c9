"""Every scheduler class that the installed diffusers has, found by walking its own package, and those that cannot be imported."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import warnings
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=1)
def scheduler_classes() -> tuple[dict[str, type], dict[str, str]]:
    """`(classes, missing)`: class name -> class, and class name -> the sentence that says why it could not be imported."""
    import diffusers.schedulers
    from diffusers.schedulers.scheduling_utils import SchedulerMixin

    classes: dict[str, type] = {}
    missing: dict[str, str] = {}
    for info in pkgutil.walk_packages(diffusers.schedulers.__path__, diffusers.schedulers.__name__ + "."):
        if "flax" in info.name:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                module = importlib.import_module(info.name)
        except ImportError as error:
            what = f"the package {error.name}, which is not installed here" if error.name else str(error)
            missing |= {name: f"It needs {what}." for name in _declared(info.name)}
            continue
        for name, value in vars(module).items():
            here = inspect.isclass(value) and value.__module__ == module.__name__
            if here and issubclass(value, SchedulerMixin) and value is not SchedulerMixin:
                classes[name] = value
    return dict(sorted(classes.items())), missing


def _declared(module: str) -> list[str]:
    """The scheduler classes that a module's source declares, without running it."""
    spec = find_spec(module)
    tree = ast.parse(Path(spec.origin).read_text("utf-8")) if spec and spec.origin else ast.Module([], [])
    bases = {node.name: {ast.unparse(base) for base in node.bases} for node in tree.body if isinstance(node, ast.ClassDef)}
    return [name for name, names in bases.items() if "SchedulerMixin" in names]


def parameters(function) -> dict[str, inspect.Parameter]:
    """The parameters of a method by name, without `self`, `*args` and `**kwargs`."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(function).parameters
    return {name: p for name, p in found.items() if name != "self" and p.kind not in variadic}


def required(function, given: tuple[str, ...] = ()) -> list[str]:
    """Parameters without a default that are not among `given`."""
    return [name for name, p in parameters(function).items() if p.default is inspect.Parameter.empty and name not in given]


def title(name: str) -> str:
    """`DPMSolverMultistepScheduler` -> `DPMSolverMultistep`."""
    return name.removesuffix("Scheduler")


def version() -> str:
    """The installed diffusers'."""
    import diffusers

    return diffusers.__version__
