"""Waits for the next call awake where calls follow each other at once: to fall asleep and be woken takes longer than the wait.

A virtual machine's idle core goes back to its host, and comes back late, with cold caches. So a worker keeps its core for a
moment, as long as nobody else wants it.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable
from os import sched_yield  # before the code's own is another

from .cores import cores
from .frames import Wire

# What comes later than this is waited for asleep.
SOON_SECONDS = 0.0005
# Who gives its core to others and has it back later than this shares it with somebody, whom it lets compute for a while.
SHARED_SECONDS = 0.0003
REST_SECONDS = 0.005
# With one core whoever is to send something needs it; and to wait must not use up a quota.
CORES = cores()


class Awake:
    """Between two calls of one connection."""

    def __init__(self, wire: Wire, may_use: float = CORES, clock: Callable[[], float] = time.perf_counter) -> None:
        self._wire = wire
        self._arrived = select.poll()
        self._arrived.register(wire, select.POLLIN)
        self._clock = clock
        self._is_soon = False
        self._rests_until = 0.0 if may_use >= 2 else float("inf")

    def frame(self) -> tuple[int, bytes]:
        """The wire's next frame. EOFError when the bridge is gone."""
        began = self._clock()
        if self._is_soon and self._wire.is_empty and began >= self._rests_until:
            self._watch(began)
        frame = self._wire.frame()
        self._is_soon = self._clock() - began < SOON_SECONDS
        return frame

    def _watch(self, began: float) -> None:
        """Return when something has come, when it is late, or when others want the core."""
        poll, clock = self._arrived.poll, self._clock
        now = began
        while now - began < SOON_SECONDS and not poll(0):
            sched_yield()
            before, now = now, clock()
            if now - before > SHARED_SECONDS:
                self._rests_until = now + REST_SECONDS
                return
