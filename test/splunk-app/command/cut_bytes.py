"""Bytes that come in pieces of any size."""

from __future__ import annotations

import io
import random


class Dribble(io.RawIOBase):
    """Gives its bytes in pieces of any size."""

    def __init__(self, data: bytes, draw: random.Random) -> None:
        self.data, self.draw = data, draw

    def readinto(self, view) -> int:
        size = min(len(view), len(self.data), self.draw.randrange(1, 200))
        view[:size], self.data = self.data[:size], self.data[size:]
        return size


def some_bytes(draw: random.Random, limit: int) -> bytes:
    return bytes(draw.choices(b'a,"\n\r1', k=draw.randrange(limit)))
