"""Whether code of a notebook may run while no call does: what was put back then may be changed again before the next call."""

from __future__ import annotations

import signal
from _signal import getsignal as raw_handler  # signal.getsignal makes an enum of each
from _thread import _count as threads  # those that Python started, without the main one: threading.active_count makes a list


class Unattended:
    """Threads that the code left behind, and handlers of signals that its top level made. To be made before the code is imported."""

    def __init__(self) -> None:
        self._ours = threads()
        self._handled = handled()
        self._is_called = False

    def imported(self) -> None:
        """The top level has run."""
        self._is_called = bool(handled() - self._handled)

    def may_run(self) -> bool:
        """Whether some of it may run now, or at any time before the next call begins."""
        return self._is_called or threads() != self._ours


def handled() -> set[int]:
    """Signals that have a handler in Python."""
    return {int(number) for number in signal.valid_signals() if callable(raw_handler(number))}
