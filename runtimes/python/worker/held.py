"""Rows as they came, for whoever must read all of them again."""

from __future__ import annotations

import tempfile
from typing import IO

# What is more waits in a file: the table is being built in memory meanwhile.
IN_MEMORY = 1 << 20


class Held:
    """Pieces of one table: a little in memory, what is more in a file without a name, which ends with the worker whatever happens.

    Where the disk takes no more, all of it stays in memory.
    """

    def __init__(self, in_memory: float = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._pieces: list[bytes] = []
        self._size = 0
        self._file: IO[bytes] | None = None

    def add(self, piece: bytes) -> None:
        """The next bytes."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self._in_memory:
            self._write()

    def whole(self) -> bytes:
        """All of it, which stays."""
        rest = b"".join(self._pieces)
        if self._file is None:
            return rest
        self._file.seek(0)
        return self._file.read() + rest

    def drop(self) -> None:
        """Nobody needs it any more."""
        self._pieces, self._size = [], 0
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        written = 0
        try:
            if self._file is None:
                self._file = _nameless()
            written = self._file.tell()
            for piece in self._pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[self._file.write(rest) :]
        except OSError:
            self._in_memory = float("inf")
            if self._file is not None:
                self._file.truncate(written)
                self._file.seek(0)
                self._pieces.insert(0, self._file.read())  # to the end: with a size it is one system call, of 2 GiB at most
                self._file.close()
                self._file = None
            return
        self._pieces, self._size = [], 0


def _nameless() -> IO[bytes]:
    """A file that ends with us. What the code finds in `tempfile` stays as it was: it may choose the folder later."""
    chosen = tempfile.tempdir
    try:
        return tempfile.TemporaryFile(buffering=0)
    finally:
        tempfile.tempdir = chosen
