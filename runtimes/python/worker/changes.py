"""Whether code changed objects of the top level in place that nothing puts back: instances, closures, arrays, large or deep containers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from types import ModuleType
from typing import Any

from .reachable import Found, Memory, Reach, memory_of, name_of
from .same_objects import holds

MOST_BYTES = 64 << 20
# Equal ones of these are the same to any code.
VALUES = (int, str, bytes, bool)


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

    def changed(self) -> str | None:
        """Which global's object, or what belongs to it, holds something else by now: its name and type."""
        for found in self._found:
            try:
                now = found.look(found.value)
            except Exception:
                return _told(found)  # it could be looked at before
            if not _is_same(now, found.held):
                return _told(found)
        for found, memory, most, written in self._written:
            if memory(found.value, most) != written:
                return _told(found)
        return None


def _is_same(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    if holds(now, before):
        return True
    return len(now) == len(before) and all(a is b or (type(a) is type(b) and _is_equal(a, b)) for a, b in zip(now, before, strict=True))


def _is_equal(a: Any, b: Any) -> bool:
    # By their digits: 0.0 is not -0.0, and nan is nan.
    return a.hex() == b.hex() if type(a) is float else type(a) in VALUES and a == b


def _told(found: Found) -> str:
    name, kind = found.root
    return f"{name} ({name_of(kind)})"
