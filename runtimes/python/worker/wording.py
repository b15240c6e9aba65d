"""What is told of an exception, whatever its class does: methods of the code's classes may raise anything, and return it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from typing import TypeVar

OURS = os.path.dirname(os.path.abspath(__file__))
# Pairs (path that the code sees, path that its author wrote): messages show the author's.
SHOWN: list[tuple[str, str]] = []
# Of an exception's text and of its traceback, in characters.
LONGEST = 50_000
# A metaclass may have a `__name__` of its own.
NAME = type.__dict__["__name__"]

Told = TypeVar("Told")


def attempt(make: Callable[[], Told], otherwise: Told) -> Told:
    """What `make` returns; `otherwise` if it raises, SystemExit included."""
    try:
        return make()
    except BaseException:
        return otherwise


def name_of(cause: BaseException) -> str:
    """The name of its type."""
    return str.__str__(NAME.__get__(type(cause)))


def text_of(cause: BaseException) -> str:
    """`str(e)`, as DSDL prints it; never an exception of its own."""
    # Of a text's subclass, the text.
    return attempt(lambda: shown(str.__str__(str(cause))), f"{name_of(cause)} that has no text")


def trimmed(cause: BaseException) -> str:
    """The traceback without our own frames before the user's code; of what cannot be printed, its stack and the type's name."""
    return attempt(lambda: _traceback(cause), f"{name_of(cause)}\n")


def _traceback(cause: BaseException) -> str:
    tb = cause.__traceback__
    while tb is not None and os.path.dirname(tb.tb_frame.f_code.co_filename) == OURS:
        tb = tb.tb_next
    lines = attempt(lambda: traceback.format_exception(type(cause), cause, tb), [])
    return shown("".join(lines or [*traceback.format_tb(tb), f"{name_of(cause)}\n"]))


def bounded(text: str, most: int) -> str:
    """Both ends of a text that is too long to be read: runs are kept, and listed."""
    return text if len(text) <= most else f"{text[: most // 2]} … ({len(text)} characters) … {text[-most // 2 :]}"


def shown(text: str) -> str:
    """The text with the paths that the notebook's author wrote."""
    for seen, written in SHOWN:
        text = text.replace(seen, written)
    return text
