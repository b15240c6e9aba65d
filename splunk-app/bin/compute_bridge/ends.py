"""
Waiting for the bridge without missing the end of the search. While splunkd waits for a reply it sends nothing, so that
a closed input means that it is gone; the pipe is only asked for its state, never read.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import time

from .failure import Finalized, Gone, InputClosed
from .status import is_finalized

_HANG_UP = getattr(select, "POLLHUP", 0) | getattr(select, "POLLERR", 0) | getattr(select, "POLLRDHUP", 0)
_SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")
#: How often status.csv is read.
_STATUS_SECONDS = 0.5


def heed_signals() -> None:
    """From now on a signal to end raises Gone in the main thread, once: what follows is cleaning up."""

    def end(number, frame) -> None:
        ignore_signals()
        raise Gone("it got %s" % signal.Signals(number).name)

    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def ignore_signals() -> None:
    for name in _SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


class Ends:
    """
    :param source: file descriptor of stdin
    :param folder: the search's dispatch folder
    """

    def __init__(self, source: int, folder: str) -> None:
        self._folder = folder
        self._next_status = 0.0
        self._is_cleaning_up = False
        # A file (a recorded exchange) has no other end that could go away; Windows cannot ask a pipe.
        self._source = source if hasattr(select, "poll") and not stat.S_ISREG(os.fstat(source).st_mode) else None

    def clean_up(self) -> None:
        """From now on the end of the search ends no wait."""
        self._is_cleaning_up = True

    def check(self) -> None:
        """Now, not when it is time: before what cannot be taken back. :raises Finalized:"""
        self._next_status = 0.0
        self._check_status()

    def wait(self, socket: int, for_read: bool, for_write: bool, seconds: float) -> tuple[bool, bool]:
        """
        Waits until the socket can be read or written, at most so long.

        :returns: whether it can be read, and written
        :raises InputClosed: when splunkd closed its end
        :raises Finalized: when the user wants what there is
        """
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            readable, writable = self._look(socket, for_read, for_write, max(0.0, min(left, _STATUS_SECONDS)))
            if readable or writable or left <= 0:
                return readable, writable

    def pause(self, seconds: float) -> None:
        """As wait, for no socket."""
        self.wait(-1, False, False, seconds)

    def _look(self, socket: int, for_read: bool, for_write: bool, seconds: float) -> tuple[bool, bool]:
        self._check_status()
        if not hasattr(select, "poll"):
            if socket < 0:
                time.sleep(seconds)
                return False, False
            found = select.select([socket] if for_read else [], [socket] if for_write else [], [], seconds)
            return bool(found[0]), bool(found[1])
        poll = select.poll()
        if socket >= 0:
            poll.register(socket, (select.POLLIN if for_read else 0) | (select.POLLOUT if for_write else 0))
        if self._source is not None and not self._is_cleaning_up:
            poll.register(self._source, _HANG_UP)
        events = dict(poll.poll(seconds * 1000))
        if events.get(self._source, 0) & _HANG_UP and not self._is_cleaning_up:
            raise InputClosed("its input is closed")
        found = events.get(socket, 0)
        # An error or a hang-up shows in the next read or write.
        broken = bool(found & (select.POLLHUP | select.POLLERR | select.POLLNVAL))
        return for_read and (bool(found & select.POLLIN) or broken), for_write and (bool(found & select.POLLOUT) or broken)

    def _check_status(self) -> None:
        now = time.monotonic()
        if self._is_cleaning_up or now < self._next_status:
            return
        self._next_status = now + _STATUS_SECONDS
        if self._folder and is_finalized(self._folder):
            raise Finalized()
