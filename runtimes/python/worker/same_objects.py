"""Whether a container still holds the very objects that it held."""

from __future__ import annotations

import ctypes
import operator
import struct
import sys
from collections.abc import Collection
from typing import Any

# Below, Python goes through both as quickly.
MANY = 1000
WORD = struct.calcsize("P")


def holds(values: Collection[Any], saved: tuple[Any, ...]) -> bool:
    """Whether `values` are those of `saved`, in the same order. Runs no code of theirs: what is equal to another object is not it."""
    if len(values) != len(saved):
        return False
    if len(saved) < MANY or not IS_KNOWN:
        return all(map(operator.is_, values, saved))
    now = tuple(values)
    return len(now) == len(saved) and compare(_items(now), _items(saved), len(now) * WORD) == 0


def _items(values: tuple[Any, ...]) -> int:
    """Where a tuple has the addresses of its items, in CPython."""
    return id(values) + tuple.__basicsize__


def _is_known() -> bool:
    """Whether they are there."""
    if sys.implementation.name != "cpython":
        return False
    some = (object(), "text", 1.5)
    return ctypes.string_at(_items(some), len(some) * WORD) == struct.pack(f"{len(some)}P", *map(id, some))


IS_KNOWN = _is_known()
if IS_KNOWN:
    # It keeps Python's lock: nothing else runs meanwhile.
    compare = ctypes.PyDLL(None).memcmp
    compare.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
