"""Loaded models, kept in memory under a byte budget."""

from __future__ import annotations

import gc
import os
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .shared_files import quietly

if TYPE_CHECKING:
    from .beginnings import Beginning

BUDGET = "COMPUTE_BRIDGE_MODEL_BYTES"
BUDGET_BYTES = 2 << 30
BUDGET_MODELS = 64
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Loaded(NamedTuple):
    """A model that was loaded, and how calls with it begin."""

    model: Any
    beginning: Beginning


class Models:
    """Models by key, the one used last at the end. Beyond the budget those not used for longest go."""

    def __init__(self, budget: int | None = None) -> None:
        self._kept: OrderedDict[str, tuple[Loaded, int]] = OrderedDict()
        self._budget = int(os.environ.get(BUDGET) or BUDGET_BYTES) if budget is None else budget
        self._bytes = 0

    def find(self, key: str | None) -> Loaded | None:
        """The model of this key, if it is kept."""
        if key is None or key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: str, loaded: Loaded, folder: str, grown: int) -> None:
        """Keep a loaded model. `grown`: the bytes of memory that loading it took, as far as they are known.

        Memory that an earlier model left free grows by nothing, so the size of its files is the least that counts; of
        those that are mapped, as by `joblib.load(..., mmap_mode="r")`, nothing: all workers share their pages.
        """
        size = max(grown, file_bytes(folder))
        self._kept[key] = (loaded, size)
        self._bytes += size
        while len(self._kept) > 1 and (self._bytes > self._budget or len(self._kept) > BUDGET_MODELS):
            self._bytes -= self._kept.popitem(last=False)[1][1]
            gc.collect()  # many a model refers to itself

    @property
    def is_empty(self) -> bool:
        """Whether none is kept."""
        return not self._kept

    def forget(self) -> None:
        """Keep none of them."""
        self._kept.clear()
        self._bytes = 0


def own_memory() -> int:
    """Bytes of memory that are this process's own, without what files back; 0 where the system does not say."""
    try:
        with quietly(), open("/proc/self/statm", "rb") as file:
            _, resident, shared, *_ = file.read().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


def file_bytes(folder: str) -> int:
    """The size of a folder's own files less those that are mapped into memory."""
    with quietly():
        files = [entry for entry in Path(folder).rglob("*") if entry.is_file() and not entry.is_symlink()]
        mapped = mapped_files() if files else set()
        return sum(entry.stat().st_size for entry in files if str(entry.resolve()) not in mapped)


def mapped_files() -> set[str]:
    """Paths of all files that are mapped; none where the system does not say."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            return {line[line.index("/") :].rstrip("\n") for line in file if "/" in line}
    except OSError:
        return set()
