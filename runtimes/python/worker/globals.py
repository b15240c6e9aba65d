"""Globals that calls change are put back: each call finds the module as its top level made it.

Names, the contents of plain containers, those within others included, what classes and functions of the module hold,
and generators that were given a seed. Other objects that are changed in place stay changed (docs/concepts/worker.md).
"""

from __future__ import annotations

import contextlib
import operator
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from .rewriting import RewritingLoader

MAPPINGS = (dict, defaultdict, OrderedDict, Counter)
SEQUENCES = (list, deque)
CONTAINERS = (*MAPPINGS, *SEQUENCES, set)
ATOMS = frozenset((int, str, float, bool, bytes, type(None), ModuleType))
# Of what lies within top-level values: so many containers a module, of so many entries each at most.
MOST_NESTED = 1000
MOST_ENTRIES = 10_000

Undo = Callable[[], None]


class Snapshots:
    """Snapshots of all modules under `app`; of one that a call imports, as its top level left it."""

    def __init__(self, undo: Callable[[Any], Undo | None]) -> None:
        """`undo` says how an object that is no container is put back, if it is to be."""
        # Those imported so far count as one top level: it may change what it imports.
        self._taken = {module.__name__: Snapshot(module, undo) for module in RewritingLoader.imported}
        RewritingLoader.loaded = self._take

    def _take(self, module: ModuleType) -> None:
        self._taken[module.__name__] = Snapshot(module, lambda _: None)

    def restore(self) -> None:
        """Put all of them back."""
        for snapshot in self._taken.values():
            snapshot.restore()


class Snapshot:
    """What one module's top level made."""

    def __init__(self, module: ModuleType, undo: Callable[[Any], Undo | None]) -> None:
        self._undo: list[Undo] = []
        # Most are empty and stay so: what functions hold, default arguments that collect.
        self._empty: list[Any] = []
        self._mappings: list[tuple[Any, list[Any], list[Any]]] = []
        self._sequences: list[tuple[Any, list[Any]]] = []
        self._sets: list[tuple[set[Any], set[Any]]] = []
        self._classes: list[tuple[type, dict[str, Any]]] = []
        self._keep(module.__dict__)
        own = [value for name, value in module.__dict__.items() if not name.startswith("__")]
        self._top = {id(value) for value in own}
        self._walk(own, module.__name__, undo)

    def _walk(self, values: Iterable[Any], name: str, undo: Callable[[Any], Undo | None]) -> None:
        ahead, seen, nested = deque(values), set[int](), 0
        while ahead:
            value = ahead.popleft()
            kind = type(value)
            if kind in ATOMS or id(value) in seen:
                continue
            if kind in CONTAINERS or kind is tuple:
                seen.add(id(value))
                if id(value) not in self._top:
                    nested += 1
                    if nested > MOST_NESTED or len(value) > MOST_ENTRIES:
                        continue
                if kind is not tuple:
                    self._keep(value)
                if len(value) <= MOST_ENTRIES:
                    ahead.extend(value.values() if kind in MAPPINGS else value)
            elif kind is FunctionType:
                if value.__module__ == name:
                    seen.add(id(value))
                    self._keep(value.__dict__)
                    ahead.extend((*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *value.__dict__.values()))
            elif isinstance(value, type):
                if value.__module__ == name:
                    seen.add(id(value))
                    held = dict(vars(value))
                    self._classes.append((value, held))
                    ahead.extend(getattr(each, "__func__", each) for each in held.values())
            elif back := undo(value):
                seen.add(id(value))
                self._undo.append(back)

    def _keep(self, value: Any) -> None:
        if not value:
            self._empty.append(value)
        elif isinstance(value, dict):
            self._mappings.append((value, list(value), list(value.values())))
        elif type(value) in SEQUENCES:
            self._sequences.append((value, list(value)))
        elif type(value) is set:
            self._sets.append((value, value.copy()))

    def restore(self) -> None:
        """Put all of it back. Costs little when nothing changed: comparisons stop at identity."""
        for container in self._empty:
            if container:
                container.clear()
        for mapping, keys, values in self._mappings:
            # In C as far as it goes: this is done for each module before each call.
            if len(mapping) != len(keys) or not (all(map(operator.is_, mapping, keys)) and all(map(operator.is_, mapping.values(), values))):
                mapping.clear()
                for key, value in zip(keys, values, strict=True):
                    mapping[key] = value
        for sequence, items in self._sequences:
            if len(sequence) != len(items) or not _same(sequence, items):
                sequence.clear()
                sequence.extend(items)
        for members, saved in self._sets:
            if not _equal(members, saved):
                members.clear()
                members.update(saved)
        for cls, held in self._classes:
            if len(vars(cls)) != len(held) or not _same(vars(cls).values(), held.values()):
                _restore_class(cls, held)
        for back in self._undo:
            back()


def _same(values: Iterable[Any], saved: Iterable[Any]) -> bool:
    return all(map(operator.is_, values, saved))


def _equal(members: set[Any], saved: set[Any]) -> bool:
    """Whether two sets hold the same; members that refuse to be compared count as changed."""
    try:
        return members == saved
    except Exception:
        return False


def _restore_class(cls: type, held: Mapping[str, Any]) -> None:
    # Python itself adds __annotations__ and the like when they are first asked for.
    for name in [each for each in vars(cls) if each not in held and not each.startswith("__annot")]:
        with contextlib.suppress(AttributeError, TypeError):
            type.__delattr__(cls, name)
    for name, value in held.items():
        if vars(cls).get(name) is not value:
            with contextlib.suppress(AttributeError, TypeError):
                type.__setattr__(cls, name, value)
