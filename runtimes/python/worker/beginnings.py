"""How calls begin: as the top level ended, or as the loading of their model did after it.

DSDL imports a notebook and loads its model anew for each call. Here both stay, so what `load` leaves outside of what it
returns (globals, variables of the environment, seeds) is there again in each call with that model, and in no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .changes import States
from .entering import Entering
from .event_loops import EventLoop
from .globals import Snapshots
from .loggers import Loggers
from .randomness import Seeds, seeded_state, undo_shared
from .restoring import Restoring
from .rewriting import RewritingLoader
from .surroundings import Surroundings

Loaded = TypeVar("Loaded")


class Beginning:
    """All that is put back before a call, as it is now."""

    def __init__(self, seeds: Seeds, before: Beginning | None = None) -> None:
        """`seeds`: what was seeded until now; `before`: an earlier beginning, which knows of modules that are imported later."""
        self._seeds = seeds
        self._surroundings = Surroundings()
        self._event_loop = EventLoop()
        # As the top level left them, always: what each knows it holds, and those that loads made are to go with their models.
        self._loggers = before._loggers if before else Loggers()
        self._snapshots = Snapshots(seeds.undo, before and before._snapshots)
        self._seeded = seeded_state(seeds)
        # Loggers and event loops after globals, which may hold some of them.
        steps = (self._surroundings.restore, self._snapshots.restore, self._event_loop.restore, self._loggers.restore, undo_shared(seeds))
        self._restoring = Restoring(steps, self._snapshots)
        self._entering: Entering | None = None

    def run(self) -> None:
        """Put all of it back. Failed: what classes of the code raised."""
        self._restoring.run()

    def enter(self) -> None:
        """In a call's own context and working folder: what else the load of its model left."""
        if self._entering is not None:
            self._entering.run()

    def notes(self) -> list[str]:
        """For the receipt of the call that begins so: that it took long."""
        return self._restoring.notes()

    def states(self) -> States:
        """What the code's objects hold now that nothing puts back."""
        return States(RewritingLoader.imported[::-1], self._snapshots.restored())

    def after(self, load: Callable[[], Loaded]) -> tuple[Loaded, Beginning]:
        """Load a model, from here. Gives it, and how calls with it begin: as this, unless something else was left behind."""
        entering = Entering()
        with self._seeds.besides():
            with self._seeds.watch():
                loaded = load()
            then = Beginning(self._seeds, self)
        if entering.loaded():
            then._entering = entering
        return loaded, self if then._is_like(self) else then

    def _is_like(self, other: Beginning) -> bool:
        return (
            self._entering is other._entering
            and self._seeded == other._seeded
            and self._surroundings.is_like(other._surroundings)
            and self._event_loop.is_like(other._event_loop)
            and self._snapshots.is_like(other._snapshots)
        )
