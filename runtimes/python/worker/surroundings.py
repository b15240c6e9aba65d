"""What is the process's, not the module's: settings that a call changes are put back before the next.

Comparing costs two or three microseconds; only what differs is written.
"""

from __future__ import annotations

import contextlib
import copy
import decimal
import os
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from typing import Any

from .interpreter import Interpreter


class Surroundings:
    """The environment's variables, paths, streams, warnings, the interpreter's settings and the options of pandas and scikit-learn, as they are now."""

    def __init__(self) -> None:
        self._interpreter = Interpreter()
        self._environ = dict(os.environ._data)  # type: ignore[attr-defined]
        self._variables = dict(os.environ)
        self._depth = sys.getrecursionlimit()
        self._umask = _umask()
        self._path, self._paths = sys.path, list(sys.path)
        self._streams = getattr(sys, "stdout", None), getattr(sys, "stderr", None)
        self._warnings, self._filters = warnings.filters, list(warnings.filters)
        self._decimal = decimal.getcontext().copy()
        self._pandas = _pandas_options()
        self._options = copy.deepcopy(self._pandas)
        self._config = _sklearn_config()
        self._sklearn = copy.copy(self._config)

    def restore(self) -> None:
        """Put all of it back. For the main thread, in whose context calls run."""
        self._interpreter.restore()
        if os.environ._data != self._environ:  # type: ignore[attr-defined]
            self._restore_environ()
        if sys.getrecursionlimit() != self._depth:
            sys.setrecursionlimit(self._depth)
        os.umask(self._umask)
        if sys.path is not self._path or sys.path != self._paths:
            self._path[:] = self._paths
            sys.path = self._path
        sys.stdout, sys.stderr = self._streams
        if warnings.filters is not self._warnings or warnings.filters != self._filters:
            self._restore_warnings()
        decimal.setcontext(self._decimal.copy())
        if self._pandas != self._options:
            _restore_pandas(self._pandas, self._options, "")
        self._restore_sklearn()

    def is_like(self, other: Surroundings) -> bool:
        """Whether both would put back the same. scikit-learn that was imported between had its defaults."""
        return (
            self._settings() == other._settings()
            and self._interpreter.is_like(other._interpreter)
            and self._sklearn == (other._sklearn or (self._sklearn and _sklearn_defaults()))
        )

    def _settings(self) -> tuple[Any, ...]:
        return self._environ, self._depth, self._umask, self._paths, self._streams, self._filters, repr(self._decimal), self._options

    def _restore_environ(self) -> None:
        for name in os.environ.keys() - self._variables.keys():
            del os.environ[name]
        os.environ.update(self._variables)
        time.tzset()  # what the variable TZ says

    def _restore_warnings(self) -> None:
        warnings.filters = self._warnings
        warnings.resetwarnings()  # tells the places that remember what they have said
        warnings.filters[:] = self._filters  # type: ignore[index]

    def _restore_sklearn(self) -> None:
        if self._config is None:
            self._config = _sklearn_config()
            if self._config is None:
                return
            self._sklearn = _sklearn_defaults()
        if self._config != self._sklearn:
            changed = {name: value for name, value in (self._sklearn or {}).items() if self._config.get(name) != value}
            sys.modules["sklearn"].set_config(**changed)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _pandas_options() -> Any:
    """All of pandas' options, nested, always the same object; asking for them one by one would cost more than many a call."""
    with contextlib.suppress(ImportError, AttributeError):
        from pandas._config import config

        return config._global_config
    return {}


def _sklearn_config() -> dict[str, Any] | None:
    """scikit-learn's options, which are the thread's, always the same object; None when it is not imported, or keeps them elsewhere."""
    found = getattr(sys.modules.get("sklearn._config"), "_get_threadlocal_config", None)
    return found() if found else None


def _sklearn_defaults() -> dict[str, Any]:
    """What its options are in a thread that nobody changed them in."""
    made: dict[str, Any] = {}
    thread = threading.Thread(target=lambda: made.update(_sklearn_config() or {}))
    thread.start()
    thread.join()
    return made


def _restore_pandas(options: Mapping[str, Any], saved: Mapping[str, Any], prefix: str) -> None:
    import pandas as pd

    for name, value in saved.items():
        if isinstance(value, Mapping):
            _restore_pandas(options[name], value, f"{prefix}{name}.")
        elif options[name] != value:
            pd.set_option(prefix + name, value)
