"""Puts back what a call changed, and says where that takes long: the next call may wait for it, and none of its figures shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .failures import phase
from .globals import Snapshots

SLOW_SECONDS = 0.005
# Of fewer it is not the comparison that took long: the machine was busy.
FEWEST_ENTRIES = 50_000
MOST_NAMED = 3
# Who calls once is told, and who calls a thousand times a second is not told in each receipt.
QUIET_SECONDS = 60
LOAD = phase("load")


class Restoring:
    """The steps that make a call begin as the top level ended, and how long they took the last time."""

    def __init__(self, steps: Sequence[Callable[[], None]], snapshots: Snapshots, clock: Callable[[], float] = time.perf_counter) -> None:
        self._steps = steps
        self._snapshots = snapshots
        self._clock = clock
        self._seconds = 0.0
        self._quiet_until = 0.0

    def run(self) -> None:
        """Take the steps. Failed: what classes of the code raised; comparisons and ends of objects are its own."""
        began = self._clock()
        with LOAD:
            for step in self._steps:
                step()
        self._seconds = self._clock() - began

    def notes(self) -> list[str]:
        """For the receipt of the call that follows: that it was slow, why, and what to do; mostly nothing."""
        if self._seconds <= SLOW_SECONDS or self._clock() < self._quiet_until:
            return []
        entries = self._snapshots.entries()
        if entries < FEWEST_ENTRIES:
            return []
        self._quiet_until = self._clock() + QUIET_SECONDS
        named = ", ".join(f"{name} ({type(value).__name__}, {len(value):,})" for name, value in self._snapshots.largest(MOST_NAMED))
        return [
            f"Putting globals back before this call took {self._seconds * 1000:.0f} ms, which it may have waited for: {entries:,} entries were compared. "
            f"Largest at the top level: {named}. Entries of a frozenset, a tuple, a types.MappingProxyType or an object of numpy or pandas are not compared."
        ]
