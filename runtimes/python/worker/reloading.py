"""Whether models may stay in memory: not where `load` changes an object of the top level in place, as all models share that, nor where a call leaves them without what `load` gave them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .event_loops import LOOPS

if TYPE_CHECKING:
    from .beginnings import Beginning
    from .changes import States
    from .models import Models

# Objects that are made ready at their first use change once or twice.
MOST_CHANGES = 3
# So often a loop that ended was held by something else than a model.
MOST_LOOPS_IN_VAIN = 2
# After each answer it may take so long to look whether the call changed what no load was seen to change.
LOOK_SECONDS = 0.0005


class Reloading:
    """What loads were found to change. Each change forgets all models, and after MOST_CHANGES none is kept.

    A model that is kept changed nothing, so it agrees with what is there, until another load or a call changes that.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._times = 0
        # Whether the load that was watched last changed something.
        self.has_changed = False
        # The objects that loads changed, by their ids, and the first of them by name.
        self._ours: dict[int, Any] = {}
        self._told: str | None = None
        # What the models that are kept agree with, and the ids of what a call changed of it since.
        self._agreed: States | None = None
        self._stale: set[int] = set()
        # Whether a call changed something, and the next load put nothing right.
        self._was_in_vain = False
        self._is_loop_gone = False
        self._loops_in_vain = 0
        self._noted: set[tuple[str, str]] = set()

    @property
    def is_needed(self) -> bool:
        """Whether `load` is to run in each call."""
        return self._times >= MOST_CHANGES

    def look(self) -> None:
        """Once a call has ended: forget the models if it changed what they agree with, or ended the event loop that they belong to."""
        if self._agreed is not None and (altered := self._agreed.altered()):
            self._agreed = None
            self._stale = {id(found.value) for found in altered}
            self._models.forget()
        if LOOPS.ended.are_held() and self._loops_in_vain < MOST_LOOPS_IN_VAIN and not self._models.is_empty:
            self._models.forget()
            self._is_loop_gone = not LOOPS.ended.are_still_held()
            self._loops_in_vain = 0 if self._is_loop_gone else self._loops_in_vain + 1

    @contextmanager
    def watch(self, beginning: Beginning) -> Iterator[None]:
        """While `load` runs, which may fail half way."""
        states = beginning.states()
        began = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - began
            altered = states.altered()
            self.has_changed = bool(altered)
            if altered:
                self._times += 1
                self._told = altered[0].told
                self._ours.update((id(found.value), found.value) for found in altered)
            elif self._stale:  # what calls change, this leaves as it is
                self._was_in_vain = True
                self._ours = {each: value for each, value in self._ours.items() if each not in self._stale}
            self._stale = set()
            self._agreed = None if altered else self._agreeing(states, seconds)
            if altered or self.is_needed:
                self._models.forget()

    def _agreeing(self, states: States, seconds: float) -> States | None:
        """What is to be looked at after each call. `seconds`: what `load` took."""
        if not self._was_in_vain:
            agreed = states.of_instances(self._ours)
            if _seconds_of(agreed) <= LOOK_SECONDS:
                return agreed or None
        if not self._ours:
            return None
        agreed = states.of(self._ours)
        if _seconds_of(agreed) > max(LOOK_SECONDS, seconds):
            self._times = MOST_CHANGES  # to load takes less
        return agreed

    def notes(self, key: str | None) -> list[str]:
        """For the receipt of a call with the model of this key: once, why it was loaded again."""
        if key is None:
            return []
        if self.is_needed:
            return self._once(key, f"load changes {self._told}, which the top level made and other models share, so this model is loaded at each call. Make it inside load.")
        if self._is_loop_gone:
            self._is_loop_gone = False
            return self._once(
                key,
                "This model holds something of an event loop that ended with an earlier call (asyncio.run ends its own), such as a semaphore or a client, "
                "so it was loaded again. Make it inside apply, and the model stays in memory.",
            )
        return []

    def _once(self, key: str, note: str) -> list[str]:
        if (key, note) in self._noted:
            return []
        self._noted.add((key, note))
        return [note]


def _seconds_of(states: States) -> float:
    began = time.perf_counter()
    states.changed()
    return time.perf_counter() - began
