"""Processes that the code forks are copies of the worker, in which nothing of ours may go on (runtimes/PROTOCOL.md, Start and end).

They are told by their ids: libraries written in C fork, too, and no hook of Python's hears of it.
"""

from __future__ import annotations

import os
import sys
from os import _exit as leave  # before the code's own is another (crashes.py)
from os import getpid
from typing import NoReturn

from .interrupts import Cancelled
from .wording import attempt, trimmed

# The worker's process id; 0 in a process that is none, and may fork workers.
WORKER = 0
INTERRUPTED = 130


def mark_worker() -> None:
    """From now on this process is the worker, and all that come of it are forked by its code."""
    global WORKER
    WORKER = os.getpid()


def is_forked() -> bool:
    """Whether the worker's code forked this process."""
    return getpid() != WORKER and WORKER != 0


def end_if_forked(cause: BaseException | None = None) -> None:
    """End a process that the code forked as a script ends; `cause` is what the code raised. In the worker nothing happens."""
    if getpid() != WORKER and WORKER != 0:
        _end(cause)


def _end(cause: BaseException | None) -> NoReturn:
    status = 1
    try:
        _finish("stdout")
        status, words = attempt(lambda: _last(cause), (1, ""))
        attempt(lambda: sys.stderr.write(words), 0)
        _finish("stderr")
    finally:
        leave(status)


def _finish(name: str) -> None:
    """Say what has no line end yet: ours end the line, too, which others' would go on with."""
    stream = getattr(sys, name)
    attempt(lambda: getattr(stream, "finish", stream.flush)(), None)


def _last(cause: BaseException | None) -> tuple[int, str]:
    """The status, and what is said on standard error, as Python does it."""
    if cause is None:
        return 0, ""
    if isinstance(cause, Cancelled):
        return INTERRUPTED, ""
    if not isinstance(cause, SystemExit):
        return 1, trimmed(cause)
    if cause.code is None or isinstance(cause.code, int):
        return (cause.code or 0) & 0xFF, ""
    return 1, f"{cause.code}\n"
