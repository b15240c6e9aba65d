"""Whether models may stay in memory: not where `load` changes an object of the top level in place, as all models share that."""

from __future__ import annotations

from contextlib import contextmanager
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .beginnings import Beginning
    from .changes import States

# Objects that are made ready at their first use change once or twice.
MOST_CHANGES = 3


class Reloading:
    """What loads were found to change. Each change forgets all models, and after MOST_CHANGES none is kept.

    A model that is kept changed nothing, so it agrees with what is there, until another load or a call changes that.
    """

    def __init__(self) -> None:
        self._changed: str | None = None
        self._times = 0
        # Whether the load that was watched last changed something.
        self.has_changed = False
        # What the models that are kept agree with, once a load changed something.
        self._settled: States | None = None
        self._noted: set[str] = set()

    @property
    def is_needed(self) -> bool:
        """Whether `load` is to run in each call."""
        return self._times >= MOST_CHANGES

    def is_stale(self) -> bool:
        """Whether a call changed what models that are kept agree with: `load` may put it right."""
        if self._settled is None or self._settled.changed() is None:
            return False
        self._settled = None
        return True

    @contextmanager
    def watch(self, beginning: Beginning) -> Iterator[None]:
        """While `load` runs, which may fail half way."""
        states = beginning.states()
        try:
            yield
        finally:
            changed = states.changed()
            self.has_changed = changed is not None
            if changed is not None:
                self._changed = changed
                self._times += 1
            self._settled = states if self._times and changed is None else None

    def notes(self, key: str | None) -> list[str]:
        """For the receipt of a call with the model of this key: once, why it was loaded again."""
        if not self.is_needed or key is None or key in self._noted:
            return []
        self._noted.add(key)
        return [
            f"load changes {self._changed}, which the top level made and other models share, so this model is loaded at each call. Make it inside load."
        ]
