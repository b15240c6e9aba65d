"""Cancelling: SIGINT stops the user's code, and only that.

While frames are read or written an exception could lose bytes, so a signal that comes then waits until the
user's code runs again. A signal outside of a call is late and means nothing.
"""

from __future__ import annotations

import signal
from _signal import getsignal as raw_handler  # signal.getsignal makes an enum of each, which takes 4 µs
from operator import is_
from types import FrameType
from typing import Any


SIGNALS = tuple(map(int, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)))


class Cancelled(BaseException):
    """The bridge stopped this call. No Exception, so that `except Exception` in a notebook does not swallow it."""


class Interrupts:
    """The state that the signal handler looks at. One a process, in the main thread."""

    def __init__(self) -> None:
        self._in_call = False
        self.in_code = False
        # Whether a signal came in this call.
        self.is_asked = False
        self._signals: list[int] = []
        self._before: list[Any] = []
        # For as long as the user's code runs.
        self.code = Code(self)

    def install(self) -> None:
        """Take over SIGINT."""
        self._handler = self._on_signal
        signal.signal(signal.SIGINT, self._handler)

    def keep(self) -> None:
        """Once the code's top level has run: its handlers of signals are those that each call begins with; SIGINT stays ours."""
        signal.signal(signal.SIGINT, self._handler)
        self._signals = [number for number in SIGNALS if raw_handler(number) is not None]
        self._before = list(map(raw_handler, self._signals))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._in_call:
            return
        self.is_asked = True
        if self.in_code:
            self.in_code = False
            raise Cancelled

    def begin_call(self) -> None:
        """From now on a signal means the call."""
        self.is_asked = False
        self._in_call = True

    def end_call(self) -> None:
        """No longer. Signals and the timer that the code set up must not come outside of its call, nor in the next."""
        self._in_call = False
        signal.alarm(0)  # the same timer as setitimer's, without its floats
        now = list(map(raw_handler, self._signals))
        if not all(map(is_, now, self._before)):
            for number, before in zip(self._signals, self._before, strict=True):
                signal.signal(number, before)


class Code:
    """The user's code, for `with`: meanwhile a signal stops what runs. Raises Cancelled at once if one came before."""

    __slots__ = ("_interrupts",)

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        if self._interrupts.is_asked:
            raise Cancelled
        self._interrupts.in_code = True

    def __exit__(self, *_: object) -> None:
        self._interrupts.in_code = False
