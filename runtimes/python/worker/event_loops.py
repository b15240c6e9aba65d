"""asyncio's event loop of the main thread: what a call left there does not go on in the next.

A loop that has nothing left to do is the next call's, too, so that what belongs to it, such as a model's semaphore, can be used
again. Any other is closed, unless something holds it, such as an object or a library that was imported meanwhile.

Which loop a thread has is known to asyncio's policy alone, by names of its own; where they are others nothing is done.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from _signal import getsignal as raw_handler
from typing import Any
from weakref import WeakSet

from .idle_loop import is_idle
from .interrupts import SIGNALS

# More loops than these that are open although nobody was left one: what holds them may be garbage that has become old.
MOST_LEFT = 8


class _Loops:
    """Of the main thread."""

    def __init__(self) -> None:
        # What the policy knows while the loop is there that all calls share which are to find none.
        self._shared: dict[str, Any] = {}
        # That the top level or a load made.
        self._owned: WeakSet[Any] = WeakSet()
        self._left: WeakSet[Any] = WeakSet()
        self._most_left = MOST_LEFT

    def own(self, known: dict[str, Any]) -> dict[str, Any]:
        """What is to be put back of what the policy knows now: nothing of the loop that is shared."""
        loop = known.get("_loop")
        if loop is None:
            return known
        if loop is self._shared.get("_loop"):
            if is_idle(loop):
                return {}
            self._shared = {}
        self._owned.add(loop)
        return known

    def put(self, known: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Make `wanted` of what the policy knows, or what it knows of the shared loop if that is nothing."""
        if self._shared and not is_idle(self._shared["_loop"]):
            self._shared = {}
        if not (wanted or self._shared) and known.get("_loop") not in self._owned and is_idle(known.get("_loop")):
            self._shared = dict(known)
        self.replace(known, wanted or self._shared)

    def replace(self, known: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Make `wanted` of what a policy knows. The loop that was there is closed unless something holds it."""
        loop = known.get("_loop")
        if known == wanted:
            return
        known.clear()
        known.update(wanted)
        if loop is None or loop.is_closed() or loop is self._shared.get("_loop") or loop in self._owned:
            return
        self._left.add(loop)
        del loop
        self._close_left()

    def _close_left(self) -> None:
        """Loops that nothing holds close themselves, and take our handlers of signals for their own."""
        before = [(number, raw_handler(number)) for number in SIGNALS]
        gc.collect(1)  # they are young
        if self._open_left() > self._most_left:
            gc.collect()
            self._most_left = max(MOST_LEFT, 2 * self._open_left())
        for number, handler in before:
            if raw_handler(number) is not handler and handler is not None:
                signal.signal(number, handler)

    def _open_left(self) -> int:
        return sum(not each.is_closed() for each in self._left)


LOOPS = _Loops()


class EventLoop:
    """The policy and the main thread's loop, as they are now; neither where asyncio is not imported. For the main thread."""

    def __init__(self) -> None:
        self._policy = getattr(sys.modules.get("asyncio.events"), "_event_loop_policy", None)
        self._own = LOOPS.own(dict(_known(self._policy) or {}))
        # The policy that was met last, and what it knows of this thread: always the same object.
        self._met: tuple[Any, dict[str, Any] | None] = None, None

    def restore(self) -> None:
        """Put both back. A loop that was closed meanwhile is none: asyncio makes another."""
        events = sys.modules.get("asyncio.events")
        policy = getattr(events, "_event_loop_policy", None) if events is not None else None
        if policy is None and self._policy is None:
            return
        if policy is not self._met[0]:
            if policy is not self._policy and not (self._policy is None and type(policy).__module__.startswith("asyncio.")):
                if (known := _known(policy)) is not None:
                    LOOPS.replace(known, {})
                events._event_loop_policy = policy = self._policy  # type: ignore[union-attr]
            self._met = policy, _known(policy)
        loop = self._own.get("_loop")
        if loop is not None and loop.is_closed():
            self._own = {}
        if self._met[1] is not None and self._met[1] != self._own:
            LOOPS.put(self._met[1], self._own)

    def is_like(self, other: EventLoop) -> bool:
        """Whether both would put back the same."""
        return self._policy is other._policy and self._own == other._own


def _known(policy: Any) -> dict[str, Any] | None:
    """What the policy knows of this thread; None when it does not say."""
    local = getattr(policy, "_local", None)
    return local.__dict__ if isinstance(local, threading.local) else None
