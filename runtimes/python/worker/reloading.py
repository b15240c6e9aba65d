"""Whether models may stay in memory: not where `load` changes an object of the top level in place, as all models share that."""

from __future__ import annotations

from contextlib import contextmanager
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .beginnings import Beginning


class Reloading:
    """What `load` was found to change. From then on no model is kept: one whose `load` seems to change nothing may have found its own state there."""

    def __init__(self) -> None:
        self._changed: str | None = None
        self._noted: set[str] = set()

    @property
    def is_needed(self) -> bool:
        """Whether `load` is to run in each call."""
        return self._changed is not None

    @contextmanager
    def watch(self, beginning: Beginning) -> Iterator[None]:
        """While `load` runs, which may fail half way."""
        states = beginning.states()
        try:
            yield
        finally:
            self._changed = states.changed()

    def notes(self, key: str | None) -> list[str]:
        """For the receipt of a call with the model of this key: once, why it was loaded again."""
        if self._changed is None or key is None or key in self._noted:
            return []
        self._noted.add(key)
        return [
            f"load changes {self._changed}, which the top level made and other models share, so this model is loaded at each call. Make it inside load."
        ]
