"""What user code prints or logs becomes log events, while it runs."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import select
import sys
import threading
from collections.abc import Callable

from . import crashes
from .forked import is_forked
from .lines import LIMIT_BYTES, Lines, seen
from .printed import Passed, Printed, PrintedBytes

Emit = Callable[[str, str], None]

LIMIT_LINES = 10_000
LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))


class Log:
    """The lines of the call under way. Between calls lines go to the worker's own log file."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.RLock()
        self._is_open = False
        self._is_full = False
        self._lines = 0
        self._bytes = 0

    def open(self) -> None:
        """A call begins."""
        with self._lock:
            self._is_open, self._is_full, self._lines, self._bytes = True, False, 0, 0

    def close(self) -> None:
        """The call's answer is about to end: no line may follow it."""
        with self._lock:
            self._is_open = False

    def line(self, level: str, text: str) -> None:
        """One line, without its end. Beyond the limit of a call lines are dropped, which one line says."""
        if is_forked():  # before the lock, which another thread may have held
            Passed(2).line(level, text)
            return
        with self._lock:
            if not self._is_open:
                os.write(OWN_OUTPUT, f"{text}\n".encode(errors="replace"))
                return
            self._lines += 1
            self._bytes += len(text)
            if self._lines <= LIMIT_LINES and self._bytes <= LIMIT_BYTES:
                self._emit(level, text)
            elif not self._is_full:
                self._is_full = True
                self._emit("warning", "More lines were printed than are kept; the rest of this call's are dropped.")


class Logged(logging.Handler):
    """Python's logging, by its levels."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.NOTSET)
        self._log = log
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """One record, which may have several lines."""
        level = next((name for least, name in LEVELS if record.levelno >= least), "debug")
        for line in self.format(record).splitlines() or [""]:
            self._log.line(level, line)


class Descriptors:
    """File descriptors 1 and 2, where programs that the code starts and C libraries write."""

    def __init__(self, log: Log) -> None:
        self._log = log
        # An end to write stays here: the thread never ends, whatever the code closes.
        self._read, self._write = os.pipe()
        os.dup2(self._write, 1)
        os.dup2(self._write, 2)
        self._busy = threading.Lock()
        self._lines = Lines()
        self._unread = select.poll()
        self._unread.register(self._read, select.POLLIN)
        threading.Thread(target=self._follow, name="output", daemon=True).start()

    def settle(self) -> None:
        """Wait until what was written so far has become lines, the last without an end as well. Costs one system call when there is nothing."""
        while (found := self._unread.poll(0)) and found[0][1] & select.POLLIN:
            with self._busy:
                pass
            threading.Event().wait(0.0005)
        with self._busy:
            if self._lines.length and (rest := seen(self._lines.take())):
                self._log.line("info", rest)

    def _follow(self) -> None:
        while True:
            select.select([self._read], [], [])
            with self._busy:
                for line in self._lines.add_bytes(os.read(self._read, 65536)):
                    self._log.line("info", line)


OWN_OUTPUT = 2


def install(emit: Emit) -> tuple[Log, Callable[[], None]]:
    """Take over all ways to write. Returns the log, and what to call before a call's answer ends."""
    global OWN_OUTPUT
    OWN_OUTPUT = os.dup(2)
    log = Log(emit)
    descriptors = Descriptors(log)
    out, err = Printed(log, "info", 1, "<stdout>"), Printed(log, "info", 2, "<stderr>")
    sys.stdout = sys.__stdout__ = out  # type: ignore[assignment,misc]
    sys.stderr = sys.__stderr__ = err  # type: ignore[assignment,misc]
    logging.basicConfig(handlers=[Logged(log)], level=logging.INFO, force=True)

    def settle() -> None:
        try:
            are_ours = sys.stdout is out and sys.stderr is err
        except AttributeError:  # the code took them away
            are_ours = False
        if not are_ours:
            for name in ("stdout", "stderr"):
                send_wrapped(getattr(sys, name, None), (out.buffer, err.buffer))
        if out.lines.length:
            out.finish()
        if err.lines.length:
            err.finish()
        descriptors.settle()
        log.close()

    crashes.install(OWN_OUTPUT, settle)
    return log, settle


def send_wrapped(stream: object, ours: tuple[PrintedBytes, ...]) -> None:
    """What a wrapper of the code's around one of ours still holds; of any other stream nothing is asked."""
    if type(stream) is io.TextIOWrapper:
        with contextlib.suppress(ValueError):  # it was detached
            if any(stream.buffer is each for each in ours):
                stream.flush()
