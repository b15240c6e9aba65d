"""Globals that calls change are put back: each call finds the module as its top level made it.

Names, the contents of plain containers, those within others included, what classes and functions of the module hold,
and generators that were given a seed. Other objects that are changed in place stay changed (docs/concepts/worker.md).
"""

from __future__ import annotations

import contextlib
import heapq
import operator
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
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
# What has been warned of, by line: an import would forget it.
REGISTRY = "__warningregistry__"
# How names begin that Python adds to a class when it is asked for them.
ASKED = "__annot"

Undo = Callable[[], None]


class Snapshots:
    """Snapshots of all modules under `app`; of one that a call imports, as its top level left it."""

    def __init__(self, undo: Callable[[Any], Undo | None], before: Snapshots | None = None) -> None:
        """`undo` says how an object that is no container is put back, if it is to be. `before`: earlier ones, which are told of modules that are imported later."""
        self._before = before
        known = {} if before is None else before._taken
        # Those imported so far count as one top level: it may change what it imports.
        self._taken = {module.__name__: Snapshot(module, undo, known.get(module.__name__)) for module in RewritingLoader.imported}
        if before is None:
            RewritingLoader.loaded = self._take

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

    def restored(self) -> set[int]:
        """Ids of all objects whose contents are put back."""
        return {each for snapshot in self._all().values() for each in snapshot.restored()}

    def entries(self) -> int:
        """How many entries of containers are compared each time."""
        return sum(snapshot.entries() for snapshot in self._all().values())

    def largest(self, count: int) -> list[tuple[str, Any]]:
        """The largest containers of the top levels, by names such as `iris.LOOKUP`."""
        named = {f"{name.rpartition('.')[2]}.{each}": value for name, snapshot in self._all().items() for each, value in snapshot.named()}
        return heapq.nlargest(count, named.items(), key=lambda each: len(each[1]))


class Snapshot:
    """What one module's top level made, or what is so after something else."""

    def __init__(self, module: ModuleType, undo: Callable[[Any], Undo | None], before: Snapshot | None = None) -> None:
        """`before`: an earlier one, all of whose containers belong to this, too: names may mean others by now, and functions still hold them."""
        self._globals = module.__dict__
        self._undo: list[tuple[Any, Undo]] = []
        # Most are empty and stay so: what functions hold, default arguments that collect.
        self._empty: list[Any] = []
        self._mappings: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = []
        self._sequences: list[tuple[Any, tuple[Any, ...]]] = []
        self._sets: list[tuple[Any, tuple[Any, ...]]] = []
        self._classes: list[tuple[type, tuple[Any, ...], tuple[Any, ...]]] = []
        # Entries of the earlier one: what is the same need not be in memory twice, which counts where tables are large.
        self._known = {id(kept[0]): kept for kept in before._kept()} if before else {}
        self._keep(module.__dict__)
        own = [value for name, value in module.__dict__.items() if not name.startswith("__")]
        seen = {id(module.__dict__)}
        self._walk(own, module.__name__, undo, seen)
        self._walk(before._roots() if before else [], module.__name__, undo, seen)
        self._known.clear()

    def _walk(self, values: list[Any], name: str, undo: Callable[[Any], Undo | None], seen: set[int]) -> None:
        ahead, top, nested = deque(values), {*map(id, values)}, 0
        while ahead:
            value = ahead.popleft()
            kind = type(value)
            if kind in ATOMS or id(value) in seen:
                continue
            if kind in CONTAINERS or kind is tuple:
                seen.add(id(value))
                if id(value) not in top:
                    nested += 1
                    if nested > MOST_NESTED or len(value) > MOST_ENTRIES:
                        continue
                if kind is not tuple:
                    self._keep(value)
                if len(value) <= MOST_ENTRIES:
                    ahead.extend(value.values() if kind in MAPPINGS else value)
            elif kind is FunctionType:
                if value.__module__ == name:
                    seen.update((id(value), id(value.__dict__)))
                    self._keep(value.__dict__)
                    ahead.extend((*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *value.__dict__.values()))
            elif isinstance(value, type):
                if value.__module__ == name:
                    seen.add(id(value))
                    held = vars(value)
                    self._classes.append(self._same(value, tuple(held), tuple(held.values())))
                    ahead.extend(getattr(each, "__func__", each) for key, each in tuple(held.items()) if not key.startswith(ASKED))
            elif back := undo(value):
                seen.add(id(value))
                self._undo.append((value, back))

    def _keep(self, value: Any) -> None:
        if not value:
            self._empty.append(value)
        elif isinstance(value, dict):
            known = self._known.get(id(value))
            if known is not None and holds(value, known[1]) and holds(value.values(), known[2]):
                self._mappings.append(known)
            elif REGISTRY in value:
                names = tuple(name for name in value if name != REGISTRY)
                self._mappings.append(self._same(value, names, tuple(value[name] for name in names)))
            else:
                self._mappings.append((value, tuple(value), tuple(value.values())))
        elif type(value) in SEQUENCES:
            self._sequences.append(self._same(value, tuple(value)))
        elif type(value) is set:
            self._sets.append(self._same(value, tuple(value)))

    def _same(self, *found: Any) -> Any:
        """What was found, or what was found earlier if it is the same."""
        known = self._known.get(id(found[0]))
        return known if known is not None and len(known) == len(found) and all(map(holds, found[1:], known[1:])) else found

    def _kept(self) -> list[tuple[Any, ...]]:
        return [*self._mappings, *self._sequences, *self._sets, *self._classes]

    def _roots(self) -> list[Any]:
        return [*self._empty, *(kept[0] for kept in self._kept()), *(value for value, _ in self._undo)]

    def is_like(self, before: Snapshot) -> bool:
        """Whether both would put back the same, this one made with the other as `before`."""
        ours, theirs = self._kept(), before._kept()
        return (
            len(ours) == len(theirs)
            and len(self._empty) == len(before._empty)
            and len(self._undo) == len(before._undo)
            and all(map(_is_same, ours, theirs))
            and all(map(operator.is_, self._empty, before._empty))
            and all(map(_is_same_state, self._undo, before._undo))
        )

    def restored(self) -> set[int]:
        """Ids of the objects whose contents are put back."""
        return {id(value) for value in self._roots()}

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
        for cls, names, values in self._classes:
            held = vars(cls)
            if not (holds(held.values(), values) and holds(held, names)):
                _restore_class(cls, dict(zip(names, values, strict=True)))
        for _, back in self._undo:
            back()


def _is_same(found: tuple[Any, ...], kept: tuple[Any, ...]) -> bool:
    if found is kept:
        return True
    if found[0] is not kept[0] or len(found) != len(kept):
        return False
    if isinstance(found[0], type):
        return _told(found) == _told(kept)
    return all(map(holds, found[1:], kept[1:]))


def _told(kept: tuple[Any, ...]) -> list[tuple[str, int]]:
    """What a class was told to hold."""
    return [(name, id(value)) for name, value in zip(*kept[1:], strict=True) if not name.startswith(ASKED)]


def _is_same_state(found: tuple[Any, Any], kept: tuple[Any, Any]) -> bool:
    """Whether two ways to put a generator back lead to one state. Their arrays are compared by their bytes."""
    return found[0] is kept[0] and pickle.dumps(found[1].args[-1]) == pickle.dumps(kept[1].args[-1])


def _restore_class(cls: type, held: Mapping[str, Any]) -> None:
    for name in [each for each in vars(cls) if each not in held and not each.startswith(ASKED)]:
        with contextlib.suppress(AttributeError, TypeError):
            type.__delattr__(cls, name)
    for name, value in held.items():
        if name not in vars(cls) or vars(cls)[name] is not value:
            with contextlib.suppress(AttributeError, TypeError):
                type.__setattr__(cls, name, value)
