"""Objects that modules hold, one by one, found without running any code of theirs: no attribute is asked for, nothing is compared by its own rules.

What libraries keep for themselves is left out: modules, their types and functions, and objects that change when they are only used.
"""

from __future__ import annotations

import gc
import sys
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import date, time, timedelta, tzinfo
from functools import _lru_cache_wrapper as Cache  # type: ignore[attr-defined]
from types import CellType, CodeType, FrameType, FunctionType, GetSetDescriptorType, MappingProxyType, MethodDescriptorType, ModuleType, WrapperDescriptorType
from typing import Any, NamedTuple

import numpy as np

MOST_OBJECTS = 100_000
MOST_ENTRIES = 1_000_000
# What containers of more entries hold is looked at last, so that a large table hides nothing else.
MANY = 1000
PLAIN = (int, str, float, bool, bytes, complex, type(None), type(...), ModuleType, CodeType, FrameType, MappingProxyType, range)
UNCHANGING = (np.generic, np.dtype, np.ufunc, date, time, timedelta, tzinfo, GetSetDescriptorType, MethodDescriptorType, WrapperDescriptorType)
# Objects of these packages, and of classes that derive from theirs, are used without being changed in a way that counts: caches, locks, pools, places in files.
OPAQUE = frozenset(
    "_abc _contextvars _io _random _socket _thread asyncio boto3 botocore concurrent ctypes http httpx io logging multiprocessing pandas pathlib pyarrow "
    "random re requests selectors socket sqlalchemy sqlite3 ssl subprocess tempfile threading urllib3 weakref _weakref _weakrefset".split()
)

# Python's own, as a metaclass may have put others in their places.
lines_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
module_of: Callable[[type], Any] = type.__dict__["__module__"].__get__
name_of: Callable[[type], str] = type.__dict__["__name__"].__get__
held_by: Callable[[type], MappingProxyType[str, Any]] = type.__dict__["__dict__"].__get__

Look = Callable[[Any], tuple[Any, ...]]
# Gives first how many bytes it looked at, which are `most` at most.
Memory = Callable[[Any, int], tuple[Any, ...]]


class Found(NamedTuple):
    """An object, by which global it was found first, and what it holds as `look` sees it."""

    value: Any
    root: tuple[str, type]
    look: Look
    held: tuple[Any, ...]

    @property
    def told(self) -> str:
        """The global's name, and its type."""
        name, kind = self.root
        return f"{name} ({name_of(kind)})"


class Reach:
    """All that is reached from the globals of some modules, those of the first by bare names."""

    def __init__(self, modules: Sequence[ModuleType]) -> None:
        self._modules = modules
        self._names = {module.__name__ for module in modules}
        self._globals = {id(module.__dict__) for module in modules}
        # By the ids of types, which are kept: a metaclass may have a hash of its own.
        self._looks: dict[int, Look | None] = dict.fromkeys(map(id, PLAIN))
        self._kinds: list[type] = []

    def __iter__(self) -> Iterator[Found]:
        """Nearest first, each once; no more than MOST_OBJECTS, or of which those of few entries together hold MOST_ENTRIES."""
        ahead, later = deque(self._roots()), deque[tuple[tuple[str, type], Any]]()
        seen: set[int] = set()
        entries = 0
        while (ahead or later) and len(seen) < MOST_OBJECTS and entries < MOST_ENTRIES:
            root, value = (ahead or later).popleft()
            look = self.look(type(value))
            if look is None or id(value) in seen:
                continue
            seen.add(id(value))
            try:
                held = look(value)
            except Exception:
                continue  # written in C, it may fail in any way
            if len(held) <= MANY:
                entries += len(held)
                ahead.extend((root, each) for each in held if self._looks.get(id(type(each)), look) is not None)
            elif any(self._looks.get(kind, look) is not None for kind in {*map(id, map(type, held))}):
                later.extend((root, each) for each in held if self._looks.get(id(type(each)), look) is not None)
            yield Found(value, root, look, held)

    def _roots(self) -> Iterator[tuple[tuple[str, type], Any]]:
        for at, module in enumerate(self._modules):
            prefix = f"{module.__name__.rpartition('.')[2]}." if at else ""
            for name, value in tuple(module.__dict__.items()):
                if type(name) is str and not name.startswith("__"):
                    yield (prefix + name, type(value)), value

    def look(self, kind: type) -> Look | None:
        """How objects of a type are looked at; None: not at all."""
        if id(kind) not in self._looks:
            self._kinds.append(kind)
            self._looks[id(kind)] = self._chosen(kind)
        return self._looks[id(kind)]

    def _chosen(self, kind: type) -> Look | None:
        if kind is FunctionType:
            return self._function
        if kind is CellType:
            return _cell
        if kind is Cache:
            return lambda value: (Cache.__dict__["__dict__"].__get__(value).get("__wrapped__"),)
        line = lines_of(kind)
        bases = set(map(id, line))
        if bases & UNCHANGING_IDS or any(_package(base) in OPAQUE or str(module_of(base)).startswith("numpy.random") for base in line):
            return None
        if _package(kind) == "typing":  # not what derives from them, such as Generic
            return None
        if id(ModuleType) in bases:  # those that import their parts when these are asked for
            return None
        if id(type) in bases:
            return self._class
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            return tuple
        own = _instance_dict(line)
        if id(dict) in bases:
            return lambda value: (*dict.keys(value), *dict.values(value), *_attributes(own, value))
        if id(np.ndarray) in bases:
            return lambda value: (*_objects(value), *_attributes(own, value))
        return lambda value: _instance(own, value)

    def _function(self, value: FunctionType) -> tuple[Any, ...]:
        if value.__module__ not in self._names and id(value.__globals__) not in self._globals:
            return ()
        return value.__code__, value.__defaults__, value.__kwdefaults__, value.__closure__, value.__dict__

    def _class(self, value: type) -> tuple[Any, ...]:
        module = module_of(value)
        if type(module) is not str or module not in self._names:
            return ()
        held = {name: each for name, each in tuple(held_by(value).items()) if not name.startswith(("__annot", "__dict__", "__weakref__"))}
        return *held, *held.values(), *lines_of(value)[1:]


def _package(kind: type) -> str:
    module = module_of(kind)
    return module.partition(".")[0] if type(module) is str else ""


def _cell(value: CellType) -> tuple[Any, ...]:
    try:
        return (value.cell_contents,)
    except ValueError:
        return ()


def _instance_dict(line: tuple[type, ...]) -> Any:
    """What gives the attributes of instances, without asking the class."""
    found = (held_by(base).get("__dict__") for base in line)
    return next((each.__get__ for each in found if type(each) is GetSetDescriptorType), None)


def _attributes(own: Any, value: Any) -> tuple[Any, ...]:
    try:
        held = own(value) if own else {}
    except (AttributeError, TypeError):
        return ()
    return *dict.keys(held), *dict.values(held)


def _instance(own: Any, value: Any) -> tuple[Any, ...]:
    """Its class, attributes, and all else that it refers to. Python may hold attributes with a dict or without."""
    attributes = _attributes(own, value)  # first: from here on there is a dict
    held = own(value) if attributes else None
    known = {*map(id, attributes), id(type(value)), id(held)}
    return type(value), *attributes, *(each for each in gc.get_referents(value) if id(each) not in known)


def _objects(value: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    plain = np.ndarray.view(value, np.ndarray)
    return tuple(plain.ravel().tolist()) if plain.dtype == object else ()


def memory_of(kind: type) -> Memory | None:
    """What tells whether an object's memory was written to, for objects that have memory of a kind that we know."""
    line = lines_of(kind)
    bases = set(map(id, line))
    if id(np.ndarray) in bases:
        return _array
    if id(bytearray) in bases:
        return lambda value, most: _hashed(bytearray.__len__(value), most, lambda: bytes(bytearray.copy(value)))
    if id(array) in bases:
        return lambda value, most: _hashed(array.__len__(value) * array.itemsize.__get__(value), most, lambda: array.tobytes(value))
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    # Of torch's own classes: others may answer by themselves.
    return _tensor if any(base is tensor for base in line) and all(_package(base) in ("torch", "builtins") for base in line) else None


def _array(value: Any, most: int) -> tuple[Any, ...]:
    plain = np.ndarray.view(value, np.ndarray)
    own = plain.nbytes if plain.flags.writeable and not plain.dtype.hasobject else 0
    return *_hashed(own, most, plain.tobytes), plain.ctypes.data, plain.shape, plain.strides, plain.dtype.str


def _hashed(size: int, most: int, data: Callable[[], bytes]) -> tuple[int, int, int]:
    return (size, size, hash(data())) if 0 < size <= most else (0, size, 0)


def _tensor(value: Any, _most: int) -> tuple[Any, ...]:
    """Where it lies, and how often torch wrote to it."""
    try:
        return 0, value.data_ptr(), value._version
    except (RuntimeError, NotImplementedError):  # those of inference mode count no versions
        return (0,)


UNCHANGING_IDS = set(map(id, UNCHANGING))
