"""What stands for sys.stdout and sys.stderr, as text and as bytes."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from os import getpid
from typing import Any, Protocol

from .lines import Lines, seen


class Takes(Protocol):
    """Whoever lines are told."""

    def line(self, level: str, text: str) -> None:
        """One line, without its end."""


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


class Lasting(io.IOBase):
    """What text and bytes have in common. They outlive each call: closing them (which a wrapper does when it goes) is no more than a flush."""

    closed = False
    _fd: int

    def close(self) -> None:
        """Only flushes."""
        self.flush()

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The process's own stream, which is read as well."""
        return self._fd

    def isatty(self) -> bool:
        """Never: no colours, no cursor movements."""
        return False


class Printed(Lasting, io.TextIOBase):
    """Stands for sys.stdout or sys.stderr: each whole line is a log line; of a progress bar, its last state."""

    encoding = "utf-8"
    errors = "replace"
    mode = "w"
    line_buffering = True
    write_through = False

    def __init__(self, log: Takes, level: str, fd: int, name: str) -> None:
        self._log = log
        self._level = level
        self._fd = fd
        self._process = getpid()
        self.lines = Lines()
        self._lock = threading.RLock()
        self.name = name
        self.buffer = PrintedBytes(self)

    def write(self, text: str) -> int:
        """Take text of any length."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if getpid() != self._process:
            self._begin_anew()
        with self._lock:
            for line in self.lines.add(text):
                self._log.line(self._level, line)
        return len(text)

    def write_bytes(self, data: bytes) -> None:
        """Take UTF-8 of any length, in its place among the text."""
        self._begin_anew()
        with self._lock:
            for line in self.lines.add_bytes(data):
                self._log.line(self._level, line)

    def flush(self) -> None:
        """In a process that the code forked what has no line end yet goes on, too; of the worker's own lines only whole ones do."""
        self._begin_anew()
        if isinstance(self._log, Passed):
            self._log.write(self.lines.take())

    def _begin_anew(self) -> None:
        """In a forked process: what its parent began to print is the parent's, as is whoever holds the lock."""
        if getpid() != self._process:
            self._process, self._lock, self.lines = getpid(), threading.RLock(), Lines()
            self._log = Passed(self._fd)

    def finish(self) -> None:
        """A call ends: what has no line end is a line, too."""
        self._begin_anew()
        if not self.lines.length:
            return
        with self._lock:
            rest = seen(self.lines.take())
            if rest:
                self._log.line(self._level, rest)

    def reconfigure(
        self, *, encoding: Any = None, errors: Any = None, newline: Any = None, line_buffering: Any = None, write_through: Any = None
    ) -> None:
        """Changes nothing: lines are Unicode, and go when they end."""
        self.flush()

    def detach(self) -> io.BufferedIOBase:
        """Never: later calls print here, too."""
        raise io.UnsupportedOperation(f"{self.name} cannot be detached, as later calls print to it; use its buffer")


class PrintedBytes(Lasting, io.BufferedIOBase):
    """Its buffer: bytes become lines like text."""

    mode = "wb"

    def __init__(self, text: Printed) -> None:
        self._text = text
        self._fd = text.fileno()
        self.name = text.name

    def write(self, data: Any) -> int:
        """Take bytes, or what holds them; says how many there were."""
        with memoryview(data) as given:
            self._text.write_bytes(given.tobytes())
            return given.nbytes

    def flush(self) -> None:
        """As of the text."""
        self._text.flush()
