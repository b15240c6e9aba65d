"""Globals that calls change are put back: each call finds the module as its top level made it.

Names, the contents of plain containers, those within others included, what classes and functions of the module hold,
and generators that were given a seed. Other objects that are changed in place stay changed (docs/concepts/worker.md).
"""

from __future__ import annotations

import contextlib
import heapq
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from .rewriting import RewritingLoader
from .same_objects import holds

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

    def __init__(self, undo: Callable[[Any], Undo | None], before: Snapshots | None = None) -> None:
        """`undo` says how an object that is no container is put back, if it is to be. `before`: earlier ones, which are told of modules that are imported later."""
        # Those imported so far count as one top level: it may change what it imports.
        self._taken = {module.__name__: Snapshot(module, undo) for module in RewritingLoader.imported}
        self._before = before
        if before is None:
            RewritingLoader.loaded = self._take
            return
        for name, snapshot in self._taken.items():
            if name in before._taken:
                snapshot.share(before._taken[name])

    def _take(self, module: ModuleType) -> None:
        self._taken[module.__name__] = Snapshot(module, lambda _: None)

    def restore(self) -> None:
        """Put all of them back."""
        for snapshot in self._all().values():
            snapshot.restore()

    def is_like(self, other: Snapshots) -> bool:
        """Whether both would put back the same."""
        ours, theirs = self._all(), other._all()
        return ours.keys() == theirs.keys() and all(snapshot.is_like(theirs[name]) for name, snapshot in ours.items())

    def _all(self) -> dict[str, Snapshot]:
        return self._taken if self._before is None else {**self._before._taken, **self._taken}

    def entries(self) -> int:
        """How many entries of containers are compared each time."""
        return sum(snapshot.entries() for snapshot in self._all().values())

    def largest(self, count: int) -> list[tuple[str, Any]]:
        """The largest containers of the top levels, by names such as `iris.LOOKUP`."""
        named = {f"{name.rpartition('.')[2]}.{each}": value for name, snapshot in self._all().items() for each, value in snapshot.named()}
        return heapq.nlargest(count, named.items(), key=lambda each: len(each[1]))


class Snapshot:
    """What one module's top level made."""

    def __init__(self, module: ModuleType, undo: Callable[[Any], Undo | None]) -> None:
        self._globals = module.__dict__
        self._undo: list[Undo] = []
        # Most are empty and stay so: what functions hold, default arguments that collect.
        self._empty: list[Any] = []
        self._mappings: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = []
        self._sequences: list[tuple[Any, tuple[Any, ...]]] = []
        self._sets: list[tuple[set[Any], tuple[Any, ...]]] = []
        self._classes: list[tuple[type, dict[str, Any], tuple[Any, ...]]] = []
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
                    self._classes.append((value, held, tuple(held.values())))
                    ahead.extend(getattr(each, "__func__", each) for each in held.values())
            elif back := undo(value):
                seen.add(id(value))
                self._undo.append(back)

    def _keep(self, value: Any) -> None:
        if not value:
            self._empty.append(value)
        elif isinstance(value, dict):
            self._mappings.append((value, tuple(value), tuple(value.values())))
        elif type(value) in SEQUENCES:
            self._sequences.append((value, tuple(value)))
        elif type(value) is set:
            self._sets.append((value, tuple(value)))

    def is_like(self, other: Snapshot) -> bool:
        """Whether both found the same objects in the same places. Where generators are to be put back nobody looks at their states."""
        if self._undo or other._undo:
            return False
        kept = (self._empty, self._mappings, self._sequences, self._sets, self._classes)
        found = (other._empty, other._mappings, other._sequences, other._sets, other._classes)
        return all(len(ours) == len(theirs) and all(map(_is_same, ours, theirs)) for ours, theirs in zip(kept, found, strict=True))

    def share(self, before: Snapshot) -> None:
        """Hold what both found alike once: large tables need not be in memory for each model."""
        for ours, theirs in ((self._mappings, before._mappings), (self._sequences, before._sequences), (self._sets, before._sets)):
            known = {id(kept[0]): kept for kept in theirs}
            for at, found in enumerate(ours):
                kept = known.get(id(found[0]))
                if kept is not None and _is_same(kept, found):
                    ours[at] = kept

    def entries(self) -> int:
        """How many entries are compared each time."""
        return sum(len(saved) for _, saved, *_ in (*self._mappings, *self._sequences, *self._sets))

    def named(self) -> list[tuple[str, Any]]:
        """The containers of the top level."""
        # A list first, as a thread of the code may set names meanwhile.
        return [(name, value) for name, value in list(self._globals.items()) if type(value) in CONTAINERS and not name.startswith("__")]

    def restore(self) -> None:
        """Put all of it back. When nothing changed each entry costs a look at whether it is the same object (docs/concepts/worker.md)."""
        for container in self._empty:
            if container:
                container.clear()
        for mapping, keys, values in self._mappings:
            if not (holds(mapping, keys) and holds(mapping.values(), values)):
                mapping.clear()
                for key, value in zip(keys, values, strict=True):
                    mapping[key] = value
        for sequence, items in self._sequences:
            if not holds(sequence, items):
                sequence.clear()
                sequence.extend(items)
        for at, (members, saved) in enumerate(self._sets):
            if not holds(members, saved):
                members.clear()
                members.update(saved)
                # They may lie in another order now. What a thread of the code adds meanwhile is none of them.
                if {*map(id, now := tuple(members))} == {*map(id, saved)}:
                    self._sets[at] = members, now
        for cls, held, values in self._classes:
            if not holds(vars(cls).values(), values):
                _restore_class(cls, held)
        for back in self._undo:
            back()


def _is_same(kept: Any, found: Any) -> bool:
    if type(kept) is not tuple:
        return kept is found
    parts = zip(kept[1:], found[1:], strict=True)
    return kept[0] is found[0] and all(holds(one.values(), tuple(other.values())) if isinstance(one, dict) else holds(one, other) for one, other in parts)


def _restore_class(cls: type, held: Mapping[str, Any]) -> None:
    # Python itself adds __annotations__ and the like when they are first asked for.
    for name in [each for each in vars(cls) if each not in held and not each.startswith("__annot")]:
        with contextlib.suppress(AttributeError, TypeError):
            type.__delattr__(cls, name)
    for name, value in held.items():
        if vars(cls).get(name) is not value:
            with contextlib.suppress(AttributeError, TypeError):
                type.__setattr__(cls, name, value)
