"""Globals that calls change are put back: each call finds the module as its top level made it.

Names, and the contents of top-level dicts, lists and sets, are restored. Other objects that are changed in place
stay changed (docs: what calls share).
"""

from __future__ import annotations

import operator
from types import ModuleType
from typing import Any

CONTAINERS = (dict, list, set)


class Snapshot:
    """What one module's top level made."""

    def __init__(self, module: ModuleType) -> None:
        self._names = module.__dict__
        self._values = dict(module.__dict__)
        self._contents = [
            (value, value.copy()) for name, value in self._values.items() if type(value) in CONTAINERS and not name.startswith("__")
        ]

    def restore(self) -> None:
        """Put names and contents back. Costs little when nothing changed: comparisons stop at identity."""
        if not _same(self._names, self._values):
            self._names.clear()
            self._names.update(self._values)
        for value, saved in self._contents:
            if _same(value, saved):
                continue
            value.clear()
            if isinstance(value, list):
                value.extend(saved)
            else:
                value.update(saved)


def _same(value: Any, saved: Any) -> bool:
    """Whether two containers hold the same; objects that refuse to be compared count as changed."""
    if len(value) != len(saved):
        return False
    if isinstance(value, dict):
        return all(value.get(key, CONTAINERS) is each for key, each in saved.items())
    if isinstance(value, list):
        return all(map(operator.is_, value, saved))
    try:
        return bool(value == saved)
    except Exception:
        return False

