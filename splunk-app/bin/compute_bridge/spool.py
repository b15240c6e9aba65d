"""Bytes that wait, first in first out: in memory up to a limit, beyond it in a nameless file of the dispatch folder."""

from __future__ import annotations

import os

from .failure import Failure
from .memory import Memory

_READ_BYTES = 256 * 1024


class Spool:
    """
    :param folder: where the file may lie; empty: where this process runs
    :param limit: bytes that are kept in memory
    """

    def __init__(self, folder: str, limit: int) -> None:
        self._folder = folder or "."
        self._limit = limit
        self._memory = Memory()
        self._file: int | None = None
        self._read_at = 0
        self._write_at = 0

    def append(self, piece: bytes | memoryview) -> None:
        """:raises Failure: when the disk is full, or the folder takes no file"""
        if self._write_at == 0 and self._memory.size + len(piece) <= self._limit:
            self._memory.append(piece)
            return
        try:
            if self._file is None:
                self._file = _open(self._folder)
            view = memoryview(piece)
            while len(view):
                os.lseek(self._file, self._write_at, os.SEEK_SET)
                count = os.write(self._file, view)
                self._write_at += count
                view = view[count:]
        except OSError as error:
            raise cannot_keep(self._folder, error) from None

    def take(self, size: int):
        """Yields the first `size` bytes, which must be there, and forgets them: they hold until the next `append`."""
        while size > 0:
            piece = self._memory.take(size) if self._memory.size else self._from_file(min(size, _READ_BYTES))
            size -= len(piece)
            yield piece

    def peek(self, size: int):
        """Yields the first `size` bytes of the file and forgets none: for what keeps nothing in memory."""
        at = 0
        while at < size and self._file is not None:
            os.lseek(self._file, at, os.SEEK_SET)
            piece = os.read(self._file, min(size - at, _READ_BYTES))
            at += len(piece)
            yield piece

    def clear(self) -> None:
        self._memory.clear()
        self._read_at = self._write_at = 0
        self.close()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _from_file(self, size: int) -> bytes:
        if self._file is None:
            raise RuntimeError("more was taken than was kept")
        os.lseek(self._file, self._read_at, os.SEEK_SET)
        piece = os.read(self._file, min(size, self._write_at - self._read_at))
        if not piece:
            raise RuntimeError("more was taken than was kept")
        self._read_at += len(piece)
        if self._read_at == self._write_at:
            # Memory serves again; the disk's room is given back.
            self._read_at = self._write_at = 0
            os.ftruncate(self._file, 0)
        return piece


def _open(folder: str) -> int:
    """A file that is gone when this process is, however it ends."""
    path = os.path.join(folder, "compute_bridge_%d_%d.spool" % (os.getpid(), len(os.listdir(folder))))
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_TEMPORARY", 0)
    file = os.open(path, flags, 0o600)
    if not hasattr(os, "O_TEMPORARY"):
        os.unlink(path)
    return file


def cannot_keep(folder: str, error: OSError) -> Failure:
    return Failure(
        "Rows could not be kept in Splunk's dispatch folder %s: %s." % (folder, error.strerror or error),
        "Make room on that disk, then run the search again.",
        "DISK_FULL",
    )
