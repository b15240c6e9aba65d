"""The functions of a notebook's module that the bridge calls."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

ARGUMENTS: dict[str, int] = {"init": 2, "fit": 3, "apply": 3, "save": 2, "load": 1, "summary": 1}


def found(module: ModuleType) -> list[str]:
    """Public functions of the module's own names: the known entry points first, then others of three arguments."""
    known = [name for name in ARGUMENTS if callable(getattr(module, name, None))]
    others = [
        name
        for name, value in vars(module).items()
        if name not in ARGUMENTS and not name.startswith("_") and inspect.isfunction(value) and value.__module__ == module.__name__ and accepts(value, 3) is None
    ]
    return known + others


def uncallable(module: ModuleType) -> dict[str, str]:
    """Entry points that cannot take the arguments that the bridge passes, and why."""
    problems: dict[str, str] = {}
    for name, count in ARGUMENTS.items():
        value = getattr(module, name, None)
        if value is None:
            continue
        if not callable(value):
            problems[name] = f"{name} is no function but {type(value).__name__}"
            continue
        problem = accepts(value, count)
        if problem:
            problems[name] = problem
    return problems


def accepts(function: Any, count: int) -> str | None:
    """None when the function can be called with `count` positional arguments, else why not."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None  # written in C: only a call can tell
    try:
        signature.bind(*[None] * count)
    except TypeError as error:
        return str(error)
    return None
