"""Rows on their way to splunkd: cut only where the bridge's frames end, and always with a header."""

from __future__ import annotations

from collections import deque

from .header import record_end
from .spool import Spool

#: So much of the rows is held in memory.
MEMORY_BYTES = 8 * 1024 * 1024
#: A reply of several frames grows to about so much.
REPLY_BYTES = 4 * 1024 * 1024
#: So much of a frame is searched for the end of its header at first.
_HEADER_BYTES = 4 * 1024


class Replies:
    """Takes table frames (a header and whole records each), gives replies."""

    def __init__(self, folder: str) -> None:
        self._spool = Spool(folder, MEMORY_BYTES)
        #: Header, and bytes of rows: of each frame that is whole.
        self._tables: deque[tuple[bytes, int]] = deque()
        self._head = b""
        self._header: bytes | None = None
        self._rows = 0
        self._ends_in_newline = True
        #: Bytes of rows in whole frames.
        self.size = 0

    def add(self, piece: bytes | memoryview, is_last: bool) -> None:
        """
        A piece of a frame, which is copied; the last one marked.

        :raises Failure: when it cannot be kept
        """
        piece = memoryview(piece)
        while self._header is None and len(piece):
            count = max(_HEADER_BYTES, len(self._head))
            self._head += piece[:count]
            piece = piece[count:]
            end = record_end(self._head)
            if end >= 0:
                self._header, rows, self._head = self._head[:end], self._head[end:], b""
                self._append(rows)
        self._append(piece)
        if is_last:
            if self._header is None:
                self._header, self._head = self._head if self._head.endswith(b"\n") else self._head + b"\n", b""
            if self._rows and not self._ends_in_newline:
                self._append(b"\n")
            self._tables.append((self._header, self._rows))
            self.size += self._rows
            self._header, self._rows = None, 0

    def take(self, limit: int) -> tuple[int, object]:
        """
        The next reply: its size and its pieces. Frames of one header are joined up to about `limit` bytes; one frame is
        taken whole. Nothing, when no frame is whole.
        """
        if not self._tables:
            return 0, ()
        header, rows = self._tables.popleft()
        # A frame of no rows tells nothing when others follow.
        while self._tables and (rows == 0 or self._tables[0][0] == header) and rows + self._tables[0][1] <= max(limit, rows):
            header, more = self._tables.popleft()
            rows += more
        self.size -= rows
        if not rows and not header.strip():
            return 0, ()  # A result without columns.
        return len(header) + rows, self._pieces(header, rows)

    @property
    def is_empty(self) -> bool:
        return not self._tables

    def clear(self) -> None:
        """Forgets everything, half a frame included."""
        self._spool.clear()
        self._tables.clear()
        self._head, self._header, self._rows, self.size = b"", None, 0, 0

    def close(self) -> None:
        self._spool.close()

    def _append(self, piece: bytes | memoryview) -> None:
        if len(piece):
            self._spool.append(piece)
            self._rows += len(piece)
            self._ends_in_newline = piece[-1] == 10

    def _pieces(self, header: bytes, rows: int):
        yield header
        yield from self._spool.take(rows)
