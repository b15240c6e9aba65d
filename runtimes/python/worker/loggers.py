"""Loggers, which are the process's: the top level's are put back as they were, those that calls made are let go."""

from __future__ import annotations

import gc
import logging
import operator
import weakref

SETTINGS = operator.attrgetter("level", "handlers", "filters", "propagate", "disabled")
#: So many that calls made are taken for held before it is asked again whether they are.
FEW = 100


class Loggers:
    """All loggers there are now, and how they are set."""

    def __init__(self) -> None:
        manager = logging.root.manager
        self._disabled = manager.disable
        self._loggers = [logging.root, *(each for each in manager.loggerDict.values() if isinstance(each, logging.Logger))]
        self._settings = [(each.level, each.handlers.copy(), each.filters.copy(), each.propagate, each.disabled) for each in self._loggers]
        self._known = len(self._loggers)  # behind them come those that calls made and something holds
        self._most = FEW
        self._registered = list(manager.loggerDict.values())

    def restore(self) -> None:
        """For a moment when nothing of the call is left but what stays."""
        manager = logging.root.manager
        if manager.disable != self._disabled:
            manager.disable = self._disabled
        if list(manager.loggerDict.values()) != self._registered:
            with logging._lock:  # type: ignore[attr-defined]
                self._let_go(manager)
        if list(map(SETTINGS, self._loggers)) == self._settings:
            return
        for logger, (level, handlers, filters, propagate, disabled) in zip(self._loggers, self._settings, strict=True):
            if logger.level != level:
                logger.setLevel(level)
            if logger.handlers != handlers:
                logger.handlers[:] = handlers
            if logger.filters != filters:
                logger.filters[:] = filters
            logger.propagate, logger.disabled = propagate, disabled

    def _let_go(self, manager: logging.Manager) -> None:
        """
        logging itself keeps each logger for ever, and a call may make one of a new name. Here those stay that something
        else holds, such as a module that was imported meanwhile; they are as new ones are: were their handlers left,
        each call might give them one more.
        """
        is_full = len(self._loggers) - self._known >= self._most
        if is_full:
            del self._loggers[self._known :]
        self._registered.clear()
        held = _held(manager, set(self._loggers), is_full)
        if is_full:
            self._most = max(FEW, 2 * len(held))
        self._loggers += held
        self._settings[self._known :] = [(logging.NOTSET, [], [], True, False) for _ in self._loggers[self._known :]]
        self._registered += manager.loggerDict.values()


def _held(manager: logging.Manager, known: set[logging.Logger], with_cycles: bool) -> list[logging.Logger]:
    """Those beside the known ones that something other than logging refers to. The others are no more."""
    table = manager.loggerDict
    names = [name for name, each in table.items() if isinstance(each, logging.Logger) and each not in known]
    found = [(name, weakref.ref(_unregister(table, name))) for name in names]
    if with_cycles:
        gc.collect()
    held = []
    for name, reference in sorted(found):
        logger = reference()
        if logger is not None:
            table[name] = logger
            manager._fixupParents(logger)  # type: ignore[attr-defined]
            held.append(logger)
    return held


def _unregister(table: dict[str, logging.Logger | logging.PlaceHolder], name: str) -> logging.Logger:
    logger = table.pop(name)
    above = name.rpartition(".")[0]
    while above:
        holder = table.get(above)
        if isinstance(holder, logging.PlaceHolder):
            holder.loggerMap.pop(logger, None)
            if not holder.loggerMap:
                del table[above]
        above = above.rpartition(".")[0]
    return logger
