"""Settings of the interpreter and of Python's library that hold for the whole process, such as hooks and timeouts.

All are asked for in one go, and compared as one, which takes a third of a microsecond.
"""

from __future__ import annotations

import builtins
import gc
import logging
import sys
import threading
import warnings
from _csv import field_size_limit
from collections.abc import Callable
from functools import partial
from gc import get_threshold, isenabled
from logging import getLogRecordFactory
from socket import getdefaulttimeout, setdefaulttimeout
from sys import get_int_max_str_digits, getprofile, getswitchinterval, gettrace
from threading import getprofile as threads_profile
from threading import gettrace as threads_trace
from typing import Any

Put = Callable[[Any], object]

# Differs from all that may be found.
NONE = object()


class Interpreter:
    """These settings as they are now."""

    def __init__(self) -> None:
        self._settings = found()
        self._arguments = list(sys.argv) if self._settings else []

    def restore(self) -> None:
        """Put back what differs; nothing where one of them was deleted before."""
        settings = self._settings
        if settings is None:
            return
        now = found()
        if now != settings:
            for put, value, other in zip(PUT, settings, now or (NONE,) * len(settings), strict=True):
                if other != value:
                    put(value)
        if sys.argv != self._arguments:
            sys.argv[:] = self._arguments

    def is_like(self, other: Interpreter) -> bool:
        """Whether both would put back the same."""
        return self._settings == other._settings and self._arguments == other._arguments


def found() -> tuple[Any, ...] | None:
    """All of them, in the order of PUT; None when one was deleted."""
    try:
        return (
            gettrace(),
            getprofile(),
            threads_trace(),
            threads_profile(),
            getswitchinterval(),
            isenabled(),
            get_threshold(),
            getdefaulttimeout(),
            get_int_max_str_digits(),
            field_size_limit(),
            getLogRecordFactory(),
            warnings.showwarning,
            sys.excepthook,
            sys.unraisablehook,
            threading.excepthook,
            sys.argv,
            sys.stdin,
            builtins.print,
            builtins.open,
            builtins.input,
        )
    except AttributeError:
        return None


def _collect(is_enabled: bool) -> None:
    (gc.enable if is_enabled else gc.disable)()


def _show_warnings(show: Any) -> None:
    logging.captureWarnings(False)  # logging remembers whether it does; from now on it does not
    warnings.showwarning = show


# First those that are called with each step of the code, this one's included.
PUT: tuple[Put, ...] = (
    sys.settrace,
    sys.setprofile,
    threading.settrace,
    threading.setprofile,
    sys.setswitchinterval,
    _collect,
    lambda thresholds: gc.set_threshold(*thresholds),
    setdefaulttimeout,
    sys.set_int_max_str_digits,
    field_size_limit,
    logging.setLogRecordFactory,
    _show_warnings,
    partial(setattr, sys, "excepthook"),
    partial(setattr, sys, "unraisablehook"),
    partial(setattr, threading, "excepthook"),
    partial(setattr, sys, "argv"),
    partial(setattr, sys, "stdin"),
    partial(setattr, builtins, "print"),
    partial(setattr, builtins, "open"),
    partial(setattr, builtins, "input"),
)
