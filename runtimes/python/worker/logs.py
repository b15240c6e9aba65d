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

Emit = Callable[[str, str], None]

LIMIT_LINES = 10_000
LIMIT_BYTES = 1 << 20
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


class Passed:
    """Stands for the log in a process that the code forked: lines go where those of any program go that the code starts, and the worker sends them."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def line(self, _level: str, text: str) -> None:
        """One line, without its end."""
        self.write(f"{text}\n")

    def write(self, text: str) -> None:
        """Text of any length, at once. Where nobody takes it, it is lost."""
        rest = memoryview(text.encode(errors="replace"))
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(self._fd, rest) :]


class Printed(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr: each whole line is a log line; of a progress bar, its last state."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, log: Log, level: str, fd: int) -> None:
        self._log: Log | Passed = log
        self._level = level
        self._fd = fd
        self._process = os.getpid()
        # What has no line end yet.
        self.rest = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Take text of any length."""
        self._begin_anew()
        with self._lock:
            *lines, self.rest = (self.rest + text).split("\n")
            for line in lines:
                self._log.line(self._level, line.rstrip("\r").rpartition("\r")[2])
            if len(self.rest) > LIMIT_BYTES:
                self.finish()
        return len(text)

    def flush(self) -> None:
        """In a process that the code forked what has no line end yet goes on, too; of the worker's own lines only whole ones do."""
        self._begin_anew()
        if isinstance(self._log, Passed):
            rest, self.rest = self.rest, ""
            self._log.write(rest)

    def _begin_anew(self) -> None:
        """In a forked process: what its parent began to print is the parent's, as is whoever holds the lock."""
        if os.getpid() != self._process:
            self._process, self._lock, self.rest = os.getpid(), threading.RLock(), ""
            self._log = Passed(self._fd)

    def finish(self) -> None:
        """A call ends: what has no line end is a line, too."""
        self._begin_anew()
        if not self.rest:
            return
        with self._lock:
            rest, self.rest = self.rest.rstrip("\r").rpartition("\r")[2], ""
            if rest:
                self._log.line(self._level, rest)

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The process's own stream, which is read as well."""
        return self._fd

    def isatty(self) -> bool:
        """Never: no colours, no cursor movements."""
        return False


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
        self._unread = select.poll()
        self._unread.register(self._read, select.POLLIN)
        threading.Thread(target=self._follow, name="output", daemon=True).start()

    def settle(self) -> None:
        """Wait until what was written so far has become lines. Costs one system call when there is nothing."""
        while (found := self._unread.poll(0)) and found[0][1] & select.POLLIN:
            with self._busy:
                pass
            threading.Event().wait(0.0005)
        with self._busy:
            pass

    def _follow(self) -> None:
        rest = b""
        while True:
            select.select([self._read], [], [])
            with self._busy:
                chunk = os.read(self._read, 65536)
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._log.line("info", line.rpartition(b"\r")[2].decode(errors="replace"))
                if len(rest) > LIMIT_BYTES:
                    self._log.line("info", rest.decode(errors="replace"))
                    rest = b""


OWN_OUTPUT = 2


def install(emit: Emit) -> tuple[Log, Callable[[], None]]:
    """Take over all ways to write. Returns the log, and what to call before a call's answer ends."""
    global OWN_OUTPUT
    OWN_OUTPUT = os.dup(2)
    log = Log(emit)
    descriptors = Descriptors(log)
    out, err = Printed(log, "info", 1), Printed(log, "info", 2)
    sys.stdout = sys.__stdout__ = out  # type: ignore[assignment,misc]
    sys.stderr = sys.__stderr__ = err  # type: ignore[assignment,misc]
    logging.basicConfig(handlers=[Logged(log)], level=logging.INFO, force=True)

    def settle() -> None:
        for printed in (out, err):
            if printed.rest:
                printed.finish()
        descriptors.settle()
        log.close()

    crashes.install(OWN_OUTPUT, settle)
    return log, settle
