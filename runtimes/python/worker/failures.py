"""Failures of a call, and what is told of them."""

from __future__ import annotations

import os
import traceback
from os import getpid
from types import TracebackType
from typing import Any

from . import forked
from .interrupts import Cancelled
from .wording import LONGEST, attempt, bounded, name_of, text_of, trimmed

# The answer to a call that was sent ahead and may not begin any more.
TAKEN_BACK = {"phase": "apply", "type": "TakenBack", "message": "taken back", "file": None, "line": None, "traceback": ""}

# What is told of rows that cannot be read, in characters: no code speaks there, and what is longer is a value of theirs.
OF_ROWS = 2000


class Failed(Exception):
    """Something went wrong in a phase of a call (contract/worker.ts, Phase)."""

    def __init__(self, phase: str, cause: BaseException) -> None:
        super().__init__(f"{phase}: {text_of(cause)}")
        self.phase = phase
        self.cause = cause


class BadRows(Exception):
    """The rows cannot be what the types or options say. Its text is for the caller; `misfit` the column whose type is not met."""

    def __init__(self, text: str, misfit: str | None = None) -> None:
        super().__init__(text)
        self.misfit = misfit


class NoTable(Exception):
    """A result that cannot become a table."""


class UnequalRows(Exception):
    """A result that cannot stand beside the rows that it was made of."""


class phase:
    """Say which phase an exception belongs to, SystemExit and MemoryError included. What runs in it may fork: it ends for the worker alone.

    Each call enters several: a generator would cost more.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, cause: BaseException | None, _at: TracebackType | None) -> None:
        if getpid() != forked.WORKER:  # without a call, which would double what it takes
            forked.end_if_forked(cause)
        # An instance may say that it is of another class.
        if kind is not None and cause is not None and not issubclass(kind, (Cancelled, Failed)):
            raise Failed(self._name, cause) from cause


def describe(failed: Failed | Cancelled, folder: str | None, columns: list[str] | None = None) -> dict[str, Any]:
    """The JSON of an error frame. `folder` is the version's, to find the line that is the user's; `columns` those that its code got."""
    if isinstance(failed, Cancelled):
        return {"phase": "apply", "type": "Cancelled", "message": "cancelled", "file": None, "line": None, "traceback": ""}
    cause = failed.cause
    bad_rows = cause if issubclass(type(cause), BadRows) else None
    file, line = place(cause, folder)
    most = OF_ROWS if failed.phase == "parse" else LONGEST
    return {
        "phase": failed.phase,
        "type": name_of(cause),
        "message": bounded(text_of(cause), most),
        "file": file,
        "line": line,
        "traceback": "" if bad_rows else bounded(trimmed(cause), most),
        "columns": columns,
        "misfit": bad_rows and bad_rows.misfit,
    }


def place(cause: BaseException, folder: str | None) -> tuple[str | None, int | None]:
    """File (relative to the version's folder) and line of the innermost frame that is the user's."""
    if folder is None:
        return None, None
    root = os.path.join(folder, "")
    return attempt(lambda: _misspelt(cause, root), None) or attempt(lambda: _innermost(cause, root), (None, None))


def _misspelt(cause: BaseException, root: str) -> tuple[str, int | None] | None:
    """Where a SyntaxError says that it is: the code may have put anything there."""
    if not isinstance(cause, SyntaxError) or type(cause.filename) is not str or not cause.filename.startswith(root):
        return None
    return os.path.relpath(cause.filename, root), cause.lineno if type(cause.lineno) is int else None


def _innermost(cause: BaseException, root: str) -> tuple[str | None, int | None]:
    found: tuple[str | None, int | None] = (None, None)
    for frame, line in traceback.walk_tb(cause.__traceback__):
        if frame.f_code.co_filename.startswith(root):
            found = (os.path.relpath(frame.f_code.co_filename, root), line)
    return found
