"""Whether code changed objects of the top level in place that nothing puts back: instances, closures, arrays, large or deep containers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from types import CellType, FunctionType, ModuleType
from typing import Any

import numpy as np

from .reachable import Cache, Found, Memory, Reach, lines_of, memory_of
from .same_objects import holds

MOST_BYTES = 64 << 20
# Equal ones of these are the same to any code.
VALUES = (int, str, bytes, bool, date, timedelta, Decimal)
FIXED = (FunctionType, CellType, Cache, tuple, frozenset)


class States:
    """What such objects of some modules hold. All of it stays in memory, so that no id is used again."""

    def __init__(self, modules: Sequence[ModuleType], restored: Collection[int]) -> None:
        """`restored`: ids of objects that are put back before each call anyway."""
        self.modules = len(modules)
        self._found: list[Found] = []
        self._written: list[tuple[Found, Memory, int, Any]] = []
        memories: dict[int, Memory | None] = {}
        most = MOST_BYTES
        for found in Reach(modules):
            if id(found.value) in restored:
                continue
            self._found.append(found)
            kind = type(found.value)
            if id(kind) not in memories:
                memories[id(kind)] = memory_of(kind)
            if memory := memories[id(kind)]:
                written = memory(found.value, most)
                self._written.append((found, memory, most, written))
                most -= written[0]

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._found)

    def changed(self) -> str | None:
        """Which global's object, or what belongs to it, holds something else by now: its name and type."""
        return next((found.told for found in self._altered()), None)

    def altered(self) -> list[Found]:
        """All objects that hold something else by now."""
        return list(self._altered())

    def of(self, wanted: Collection[int]) -> States:
        """The same of the objects of these ids alone."""
        return self._those(lambda value: id(value) in wanted)

    def of_instances(self, wanted: Collection[int]) -> States:
        """The same of these and of all but functions, classes and what else code that runs leaves as it is, mostly."""
        return self._those(lambda value: not _is_fixed(type(value)) or id(value) in wanted)

    def _those(self, is_one: Callable[[Any], bool]) -> States:
        those = copy(self)
        those._found = [found for found in self._found if is_one(found.value)]
        those._written = [written for written in self._written if is_one(written[0].value)]
        return those

    def _altered(self) -> Iterator[Found]:
        for found in self._found:
            try:
                now = found.look(found.value)
            except Exception:  # it could be looked at before
                yield found
                continue
            if not _is_same(now, found.held):
                yield found
        for found, memory, most, written in self._written:
            if memory(found.value, most) != written:
                yield found


def _is_fixed(kind: type) -> bool:
    return kind in FIXED or any(base is type or base is Enum for base in lines_of(kind))


def _is_same(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    if holds(now, before):
        return True
    return len(now) == len(before) and all(a is b or (type(a) is type(b) and _is_equal(a, b)) for a, b in zip(now, before, strict=True))


def _is_equal(a: Any, b: Any) -> bool:
    """Of one type."""
    kind = type(a)
    if kind is float:  # by their digits: 0.0 is not -0.0, and nan is nan
        return bool(a.hex() == b.hex())
    if kind is tuple:
        return _is_same(a, b)
    if kind.__module__ == "numpy" and issubclass(kind, np.generic):
        return bool(a.tobytes() == b.tobytes() and a.dtype == b.dtype)
    return kind in VALUES and bool(a == b)
