"""Event loops that ended while something holds them: what belongs to such a loop, as a semaphore or a client of a model's, can be used no more.

`asyncio.run` makes a loop and closes it in each call. DSDL loads a model in each call, too; here it stays, and would be bound to the first call's.
"""

from __future__ import annotations

import gc
import signal
from _signal import getsignal as raw_handler
from typing import Any
from weakref import WeakSet, ref

from .interrupts import SIGNALS

FACTORY = "_loop_factory"


class EndedLoops:
    """Of the main thread's calls, one after the other."""

    def __init__(self) -> None:
        # Lists, as they are asked for in each call.
        self._made: list[ref[Any]] = []
        self._let_go: list[ref[Any]] = []
        self._held: WeakSet[Any] = WeakSet()

    def watch(self, policy: Any) -> None:
        """Be told of the loops that a policy of asyncio's own makes."""
        make = getattr(policy, FACTORY, None)
        if make is None or FACTORY in vars(policy) or not type(policy).__module__.startswith("asyncio."):
            return

        def told() -> Any:
            loop = make()
            self._made.append(ref(loop))
            return loop

        setattr(policy, FACTORY, told)

    def let_go(self, loop: Any) -> None:
        """No later call gets this loop."""
        self._let_go.append(ref(loop))

    def are_held(self) -> bool:
        """Whether something holds loops that ended since this was asked last."""
        if not (self._made or self._let_go):
            return False
        self._held = WeakSet([each for each in _there(self._made) if each.is_closed()])
        self._held.update(_there(self._let_go))
        self._made.clear()
        self._let_go.clear()
        return self.are_still_held()

    def are_still_held(self) -> bool:
        """The same of those that were found then."""
        for generation in (1, 2):  # mostly they are young
            if self._held:
                _collect(generation)
        return len(self._held) > 0


def _there(loops: list[ref[Any]]) -> list[Any]:
    return [each for each in (one() for one in loops) if each is not None]


def _collect(generation: int) -> None:
    """Collect garbage. Open loops among it close themselves, and take our handlers of signals for their own."""
    before = [(number, raw_handler(number)) for number in SIGNALS]
    gc.collect(generation)
    for number, handler in before:
        if raw_handler(number) is not handler and handler is not None:
            signal.signal(number, handler)
