"""One chunk of splunkd's, kept so that it can be sent twice: the start in memory, what is beyond in a file."""

from __future__ import annotations

from .chunks import Request, Splunkd
from .spool import Spool

_MEMORY_BYTES = 4 * 1024 * 1024
_PIECE_BYTES = 256 * 1024


class Kept:
    """One chunk at a time: its memory is used again for the next."""

    def __init__(self, folder: str) -> None:
        self._memory = bytearray()
        self._used = 0
        self._rest = Spool(folder, 0)
        self._rest_bytes = 0
        self.size = 0

    def load(self, splunkd: Splunkd, request: Request) -> None:
        """Reads a whole body. :raises Failure: when it stops early, or the disk is full"""
        self.size = request.size
        self._used = min(request.size, _MEMORY_BYTES)
        if len(self._memory) < self._used:
            # To whole pieces: chunks of one search differ by some bytes, and fresh memory costs more than what it takes in.
            self._memory = bytearray(-(-self._used // _PIECE_BYTES) * _PIECE_BYTES)
        splunkd.read(memoryview(self._memory)[: self._used])
        self._rest.clear()
        self._rest_bytes = request.left
        piece = memoryview(bytearray(min(request.left, _PIECE_BYTES)))
        while True:
            count = splunkd.read(piece)
            if not count:
                break
            self._rest.append(piece[:count])

    def pieces(self):
        """All bytes; may be asked for again."""
        yield memoryview(self._memory)[: self._used]
        yield from self._rest.peek(self._rest_bytes)
