"""Cancelling: SIGINT stops the user's code, and only that.

While frames are read or written an exception could lose bytes, so a signal that comes then waits until the
user's code runs again. A signal outside of a call is late and means nothing.
"""

from __future__ import annotations

import contextlib
import signal
from _signal import getsignal as raw_handler  # signal.getsignal makes an enum of each, which takes 4 µs
from collections.abc import Iterator
from types import FrameType
from typing import Any


SIGNALS = tuple(map(int, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)))


class Cancelled(BaseException):
    """The bridge stopped this call. No Exception, so that `except Exception` in a notebook does not swallow it."""


class Interrupts:
    """The state that the signal handler looks at. One a process, in the main thread."""

    def __init__(self) -> None:
        self._in_call = False
        self._in_code = False
        self._asked = False
        self._before: dict[int, Any] = {}
        self._code = Code(self)

    def install(self) -> None:
        """Take over SIGINT."""
        self._handler = self._on_signal
        signal.signal(signal.SIGINT, self._handler)

    def keep(self) -> None:
        """Once the code's top level has run: its handlers of signals are those that each call begins with; SIGINT stays ours."""
        signal.signal(signal.SIGINT, self._handler)
        self._before = {number: raw_handler(number) for number in SIGNALS if raw_handler(number) is not None}

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
            self._take_back()

    def _take_back(self) -> None:
        """Signals and the timer that the code set up: they must not come outside of its call, nor in the next."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, before in self._before.items():
            if raw_handler(number) is not before:
                signal.signal(number, before)

    def code(self) -> Code:
        """For as long as the user's code runs. Raises Cancelled at once if a signal came before."""
        return self._code

    def enter_code(self) -> None:
        """From now on a signal stops what runs. Raises Cancelled at once if one came before."""
        if self._asked:
            raise Cancelled
        self._in_code = True

    def leave_code(self) -> None:
        """From now on a signal waits."""
        self._in_code = False


class Code:
    """The user's code, for `with`."""

    __slots__ = ("_interrupts",)

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts.enter_code()

    def __exit__(self, *_: object) -> None:
        self._interrupts.leave_code()
