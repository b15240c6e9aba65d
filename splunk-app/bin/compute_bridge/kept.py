"""One chunk of splunkd's, given on while it is read, and kept so that it can be sent twice: the start in memory, what is beyond in a file."""

from __future__ import annotations

from .chunks import Request, Splunkd
from .spool import Spool

_MEMORY_BYTES = 4 * 1024 * 1024
_STEP_BYTES = 1024 * 1024
_PIECE_BYTES = 256 * 1024


class Kept:
    """
    One chunk at a time: its memory is used again for the next.

    :ivar size: bytes of the chunk
    """

    def __init__(self, folder: str) -> None:
        self._memory = bytearray()
        self._used = 0
        self._rest = Spool(folder, 0)
        self._rest_bytes = 0
        self._splunkd: Splunkd | None = None
        self.size = 0

    def begin(self, splunkd: Splunkd, request: Request) -> None:
        """The next chunk, of which nothing has been read yet."""
        self.size = request.size
        self._splunkd = splunkd
        if len(self._memory) < min(request.size, _MEMORY_BYTES):
            # In steps: chunks of as many rows are of about as many bytes, not of the same.
            self._memory = bytearray(min(request.size // _STEP_BYTES * _STEP_BYTES + _STEP_BYTES, _MEMORY_BYTES))
        self._used = self._rest_bytes = 0
        self._rest.clear()

    def pieces(self):
        """
        All bytes: first those that are kept, then those that splunkd still has. May be asked for again, also when it was left early.

        :raises Failure: when splunkd's input stops early, or the disk is full
        """
        assert self._splunkd is not None
        memory = memoryview(self._memory)[: min(self.size, _MEMORY_BYTES)]
        if self._used:
            yield memory[: self._used]
        yield from self._rest.peek(self._rest_bytes)
        while self._used < len(memory):
            start, self._used = self._used, self._used + self._splunkd.read(memory[self._used : self._used + _PIECE_BYTES])
            yield memory[start : self._used]
        piece = memoryview(bytearray(min(self.size - self._used - self._rest_bytes, _PIECE_BYTES)))
        while True:
            count = self._splunkd.read(piece)
            if not count:
                return
            self._rest.append(piece[:count])
            self._rest_bytes += count
            yield piece[:count]
