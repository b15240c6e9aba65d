"""asyncio's event loop of the main thread: what a call left there does not go on in the next.

A loop that has nothing left to do is the next call's, too, so that what belongs to it, such as a model's semaphore, can be used
again. Any other is closed, unless something holds it, such as an object or a library that was imported meanwhile.

Which loop a thread has is known to asyncio's policy alone, by names of its own; where they are others nothing is done.
"""

from __future__ import annotations

import sys
import threading
from typing import Any
from weakref import WeakSet

from .ended_loops import EndedLoops
from .idle_loop import is_idle


class _Loops:
    """Of the main thread."""

    def __init__(self) -> None:
        # What the policy knows while the loop is there that all calls share which are to find none.
        self._shared: dict[str, Any] = {}
        # That the top level or a load made.
        self._owned: WeakSet[Any] = WeakSet()
        self.ended = EndedLoops()
        # Whether no thread of the code's is left, which may tell a loop to do something.
        self.is_alone = True

    def own(self, known: dict[str, Any]) -> dict[str, Any]:
        """What is to be put back of what the policy knows now: nothing of the loop that is shared."""
        loop = known.get("_loop")
        if loop is None:
            return known
        if loop is self._shared.get("_loop"):
            if self._may_share(loop):
                return {}
            self._shared = {}
        self._owned.add(loop)
        return known

    def put(self, known: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Make `wanted` of what the policy knows, or what it knows of the shared loop if that is nothing."""
        if self._shared and not self._may_share(self._shared["_loop"]):
            self._share({})
        if not (wanted or self._shared) and known.get("_loop") not in self._owned and self._may_share(known.get("_loop")):
            self._share(dict(known))
        self.replace(known, wanted or self._shared)

    def replace(self, known: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Make `wanted` of what a policy knows. The loop that was there closes itself once nothing holds it."""
        loop = known.get("_loop")
        if known == wanted:
            return
        known.clear()
        known.update(wanted)
        if loop is None or loop.is_closed() or loop is self._shared.get("_loop") or loop in self._owned:
            return
        self.ended.let_go(loop)

    def _may_share(self, loop: Any) -> bool:
        return self.is_alone and is_idle(loop)

    def _share(self, known: dict[str, Any]) -> None:
        if self._shared:
            self.ended.let_go(self._shared["_loop"])
        self._shared = known


LOOPS = _Loops()


class EventLoop:
    """The policy and the main thread's loop, as they are now; neither where asyncio is not imported. For the main thread."""

    def __init__(self) -> None:
        events = sys.modules.get("asyncio.events")
        self._policy = getattr(events, "_event_loop_policy", None)
        if events is not None:
            LOOPS.ended.watch(self._policy or _made_policy(events))
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
            LOOPS.ended.watch(policy)
        loop = self._own.get("_loop")
        if loop is not None and loop.is_closed():
            LOOPS.ended.let_go(loop)
            self._own = {}
        if self._met[1] is not None and self._met[1] != self._own:
            LOOPS.put(self._met[1], self._own)

    def is_like(self, other: EventLoop) -> bool:
        """Whether both would put back the same."""
        return self._policy is other._policy and self._own == other._own


def _made_policy(events: Any) -> Any:
    """asyncio's own, which it makes when it is asked for; newer ones warn of the public name."""
    ask = getattr(events, "_get_event_loop_policy", None) or getattr(events, "get_event_loop_policy", None)
    return ask() if ask else None


def _known(policy: Any) -> dict[str, Any] | None:
    """What the policy knows of this thread; None when it does not say."""
    local = getattr(policy, "_local", None)
    return local.__dict__ if isinstance(local, threading.local) else None
