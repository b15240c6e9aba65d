"""One HTTP/1.1 answer, read as it comes: nothing here waits longer than it is told to."""

from __future__ import annotations

import time

from .connection import Connection

_HEAD_BYTES = 64 * 1024
#: No JSON answer comes near it.
_WHOLE_BYTES = 4 * 1024 * 1024


class Answer:
    """
    :ivar status: 0 until the head has come
    :ivar headers: names in lower case
    :ivar ended: whether the body is whole
    """

    def __init__(self, connection: Connection) -> None:
        self.status = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.ended = False
        self.peer = connection.peer
        self._connection = connection
        #: What has come and was not read yet stands there, from `_start` to `_end`.
        self._room = connection.room
        self._start = self._end = 0
        #: Of the body, as far as it was read whole: a wait for the rest may be ended, and begun again.
        self._pieces: list[bytes] = []
        self._is_closed = False
        self._is_chunked = False
        #: Bytes of the body (of its chunk) still to come; None: until the connection closes.
        self._left: int | None = 0
        self._is_in_chunk = False

    @property
    def keeps_connection(self) -> bool:
        return self.ended and self._left is not None and self.headers.get("connection", "").lower() != "close"

    @property
    def is_refusal(self) -> bool:
        """Redirects, too: they would take the token elsewhere."""
        return self.status >= 300

    def head(self, seconds: float) -> bool:
        """Whether status and headers have come within so long."""
        until = time.monotonic() + seconds
        while not self._parse_head():
            if not self._fill(until - time.monotonic()):
                return False
        return True

    def read(self, seconds: float) -> memoryview | None:
        """
        The next bytes of the body, which hold until more is read; None: nothing came in time; empty: the body has ended.
        The head must have come.

        :raises Failure: when the body stops before its end
        """
        until = time.monotonic() + seconds
        while True:
            piece = self._take()
            if len(piece) or self.ended:
                return piece
            if not self._fill(until - time.monotonic()):
                return None

    def whole(self, seconds: float) -> bytes:
        """:raises Failure: when the answer is not whole within so long"""
        until = time.monotonic() + seconds
        pieces = self._pieces
        while self.head(until - time.monotonic()):
            piece = self.read(until - time.monotonic())
            if piece is None:
                break
            if not len(piece):
                return b"".join(pieces)
            pieces.append(bytes(piece))
            if sum(map(len, pieces)) > _WHOLE_BYTES:
                raise self.peer.cut("it is too long")
        raise self.peer.late(seconds)

    def _fill(self, seconds: float) -> bool:
        """Whether anything came, the end included."""
        if self._is_closed:
            raise self.peer.cut("it stops in the middle")
        # Held is at most a head that goes on, or the line of a chunk's size.
        held = self._room[self._start : self._end]
        self._start, self._end = 0, len(held)
        self._room[: self._end] = held
        if self._end == len(self._room):
            raise self.peer.cut("what came is no HTTP")
        count = self._connection.receive(memoryview(self._room)[self._end :], max(0.0, seconds))
        if count is None:
            return False
        self._is_closed = count == 0
        self._end += count
        return True

    def _find(self, what: bytes, start: int) -> int:
        """Where that stands in what has come, or -1."""
        return self._room.find(what, start, self._end)

    def _held(self, end: int) -> bytes:
        """What has come, up to there."""
        return bytes(self._room[self._start : end])

    def _parse_head(self) -> bool:
        while self.status < 200:
            end = self._find(b"\r\n\r\n", self._start)
            if end < 0:
                if self._end - self._start > _HEAD_BYTES or not b"HTTP/1.".startswith(self._held(self._end)[:7]):
                    raise self.peer.cut("what came is no HTTP")
                return False
            lines = self._held(end).decode("latin-1").split("\r\n")
            self._start = end + 4
            version, _, rest = lines[0].partition(" ")
            if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
                raise self.peer.cut("what came is no HTTP")
            self.status, self.reason = int(rest[:3]), rest[4:].strip()
            self.headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines[1:])}
            if self.status >= 200:
                self._begin_body()
        return True

    def _begin_body(self) -> None:
        length = self.headers.get("content-length", "")
        self._is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        if self.status in (204, 304) or length == "0" and not self._is_chunked:
            self.ended = True
        elif self._is_chunked:
            self._left = 0
        else:
            self._left = int(length) if length.isdigit() else None

    def _take(self) -> memoryview:
        """What has come of the body; empty: more must come first, or it has ended."""
        if self.ended or self.status < 200 or (self._is_chunked and self._left == 0 and not self._next_chunk()):
            return memoryview(b"")
        end = self._end if self._left is None else min(self._end, self._start + self._left)
        piece = memoryview(self._room)[self._start : end]
        self._start = end
        if self._left is None:
            self.ended = self._is_closed and not len(piece)
        else:
            self._left -= len(piece)
            self.ended = self._left == 0 and not self._is_chunked
        return piece

    def _next_chunk(self) -> bool:
        """Steps over the line with the next chunk's size; false while that has not come, and at the last chunk."""
        start = self._start + (2 if self._is_in_chunk else 0)
        end = self._find(b"\r\n", start)
        if end < 0:
            return False
        try:
            size = int(self._room[start:end].partition(b";")[0], 16)
        except ValueError:
            raise self.peer.cut("its chunks are broken") from None
        if size == 0:
            trailers = self._find(b"\r\n\r\n", end)
            if trailers < 0:
                return False
            self._start, self.ended = trailers + 4, True
            return False
        self._start, self._left, self._is_in_chunk = end + 2, size, True
        return True
