"""Bytes that wait in memory, first in first out, in blocks that are used again: fresh memory costs more than the copy."""

from __future__ import annotations

from collections import deque

_BLOCK_BYTES = 256 * 1024


class Memory:
    def __init__(self, block_bytes: int = _BLOCK_BYTES) -> None:
        self._block_bytes = block_bytes
        self._blocks: deque[memoryview] = deque()
        self._free: list[memoryview] = []
        #: Where the bytes begin in the first block, and end in the last.
        self._begin = 0
        self._end = 0
        self.size = 0

    def append(self, piece) -> None:
        view = memoryview(piece)
        while len(view):
            if not self._blocks or self._end == self._block_bytes:
                self._blocks.append(self._free.pop() if self._free else memoryview(bytearray(self._block_bytes)))
                self._end = 0
            count = min(len(view), self._block_bytes - self._end)
            self._blocks[-1][self._end : self._end + count] = view[:count]
            view = view[count:]
            self._end += count
            self.size += count

    def take(self, limit: int) -> memoryview:
        """The next bytes, at most so many, and forgets them. They stay as they are until the next `append`."""
        block = self._blocks[0]
        end = self._end if len(self._blocks) == 1 else self._block_bytes
        piece = block[self._begin : min(end, self._begin + limit)]
        self._begin += len(piece)
        self.size -= len(piece)
        if self._begin == end:
            self._free.append(self._blocks.popleft())
            self._begin = 0
        return piece

    def clear(self) -> None:
        self._free.extend(self._blocks)
        self._blocks.clear()
        self._begin = self._end = self.size = 0
