"""Cancelling: SIGINT stops the user's code, and only that.

While frames are read or written an exception could lose bytes, so a signal that comes then waits until the
user's code runs again. A signal outside of a call is late and means nothing.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class Cancelled(BaseException):
    """The bridge stopped this call. No Exception, so that `except Exception` in a notebook does not swallow it."""


class Interrupts:
    """The state that the signal handler looks at. One a process, in the main thread."""

    def __init__(self) -> None:
        self._in_call = False
        self._in_code = False
        self._asked = False

    def install(self) -> None:
        """Take over SIGINT."""
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._in_call:
            return
        self._asked = True
        if self._in_code:
            self._in_code = False
            raise Cancelled

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """For the whole of a call."""
        self._asked = False
        self._in_call = True
        try:
            yield
        finally:
            self._in_call = False

    @contextlib.contextmanager
    def code(self) -> Iterator[None]:
        """For as long as the user's code runs. Raises Cancelled at once if a signal came before."""
        if self._asked:
            raise Cancelled
        self._in_code = True
        try:
            yield
        finally:
            self._in_code = False
