"""Failures of a call, and what is told of them."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Any

from .interrupts import Cancelled

OURS = os.path.dirname(os.path.abspath(__file__))
# Pairs (path that the code sees, path that its author wrote): messages show the author's.
SHOWN: list[tuple[str, str]] = []


# Of an exception's text and of its traceback, in characters.
LONGEST = 50_000


# The answer to a call that was sent ahead and may not begin any more.
TAKEN_BACK = {"phase": "apply", "type": "TakenBack", "message": "taken back", "file": None, "line": None, "traceback": ""}


class Failed(Exception):
    """Something went wrong in a phase of a call (contract/worker.ts, Phase)."""

    def __init__(self, phase: str, cause: BaseException) -> None:
        super().__init__(f"{phase}: {cause}")
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
    """Say which phase an exception belongs to, SystemExit and MemoryError included. Each call enters several: a generator would cost more."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: type[BaseException] | None, cause: BaseException | None, _at: TracebackType | None) -> None:
        if cause is not None and not isinstance(cause, (Cancelled, Failed)):
            raise Failed(self._name, cause) from cause


def describe(failed: Failed | Cancelled, folder: str | None, columns: list[str] | None = None) -> dict[str, Any]:
    """The JSON of an error frame. `folder` is the version's, to find the line that is the user's; `columns` those that its code got."""
    if isinstance(failed, Cancelled):
        return {"phase": "apply", "type": "Cancelled", "message": "cancelled", "file": None, "line": None, "traceback": ""}
    cause = failed.cause
    file, line = place(cause, folder)
    return {
        "phase": failed.phase,
        "type": type(cause).__name__,
        "message": bounded(text_of(cause)),
        "file": file,
        "line": line,
        "traceback": "" if isinstance(cause, BadRows) else bounded(trimmed(cause)),
        "columns": columns,
        "misfit": cause.misfit if isinstance(cause, BadRows) else None,
    }


def bounded(text: str) -> str:
    """Both ends of a text that is too long to be read: runs are kept, and listed."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … ({len(text)} characters) … {text[-LONGEST // 2 :]}"


def text_of(cause: BaseException) -> str:
    """`str(e)`, as DSDL prints it; never an exception of its own."""
    try:
        return shown(str(cause))
    except Exception:
        return f"{type(cause).__name__} that has no text"


def place(cause: BaseException, folder: str | None) -> tuple[str | None, int | None]:
    """File (relative to the version's folder) and line of the innermost frame that is the user's."""
    if folder is None:
        return None, None
    root = os.path.join(folder, "")
    if isinstance(cause, SyntaxError) and (cause.filename or "").startswith(root):
        return os.path.relpath(cause.filename or "", root), cause.lineno
    found: tuple[str | None, int | None] = (None, None)
    for frame, line in traceback.walk_tb(cause.__traceback__):
        if frame.f_code.co_filename.startswith(root):
            found = (os.path.relpath(frame.f_code.co_filename, root), line)
    return found


def trimmed(cause: BaseException) -> str:
    """The traceback without our own frames before the user's code."""
    tb = cause.__traceback__
    while tb is not None and os.path.dirname(tb.tb_frame.f_code.co_filename) == OURS:
        tb = tb.tb_next
    return shown("".join(traceback.format_exception(type(cause), cause, tb)))


def shown(text: str) -> str:
    """The text with the paths that the notebook's author wrote."""
    for seen, written in SHOWN:
        text = text.replace(seen, written)
    return text
