"""asyncio's event loop of the main thread: a call that left one, or took it away, leaves none to the next.

A loop that something holds, such as an object or a library that was imported meanwhile, stays open for it.

Which loop a thread has is known to asyncio's policy alone, by names of its own; where they are others nothing is done.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from _signal import getsignal as raw_handler
from typing import Any

from .interrupts import SIGNALS


class EventLoop:
    """The policy and the main thread's loop, as they are now; neither where asyncio is not imported. For the main thread."""

    def __init__(self) -> None:
        self._policy = getattr(sys.modules.get("asyncio.events"), "_event_loop_policy", None)
        self._own = dict(_own(self._policy) or {})
        # The policy that was met last, and what it knows of this thread: always the same object.
        self._met: tuple[Any, dict[str, Any] | None] = None, None

    def restore(self) -> None:
        """Put both back, and close the loop that was left, unless something holds it. A loop that was closed meanwhile is none: asyncio makes another."""
        events = sys.modules.get("asyncio.events")
        policy = getattr(events, "_event_loop_policy", None) if events is not None else None
        if policy is None and self._policy is None:
            return
        if policy is not self._met[0]:
            if policy is not self._policy and not (self._policy is None and type(policy).__module__.startswith("asyncio.")):
                _take(_own(policy), {})
                events._event_loop_policy = policy = self._policy  # type: ignore[union-attr]
            self._met = policy, _own(policy)
        loop = self._own.get("_loop")
        if loop is not None and loop.is_closed():
            self._own = {}
        if self._met[1] != self._own:
            _take(self._met[1], self._own)

    def is_like(self, other: EventLoop) -> bool:
        """Whether both would put back the same."""
        return self._policy is other._policy and self._own == other._own


def _take(own: dict[str, Any] | None, wanted: dict[str, Any]) -> None:
    """Make this of what a policy knows of this thread."""
    if own is None:
        return
    left = own.get("_loop")
    own.clear()
    own.update(wanted)
    if left is not None and not left.is_closed():
        del left
        _collect()


def _own(policy: Any) -> dict[str, Any] | None:
    """What the policy knows of this thread; None when it does not say."""
    local = getattr(policy, "_local", None)
    return local.__dict__ if isinstance(local, threading.local) else None


def _collect() -> None:
    """Loops that nothing holds close themselves, and take our handlers of signals for their own."""
    before = [(number, raw_handler(number)) for number in SIGNALS]
    gc.collect(1)  # they are young
    for number, handler in before:
        if raw_handler(number) is not handler and handler is not None:
            signal.signal(number, handler)
