"""Frames on a byte stream: kind (1 byte), length (u32, big-endian), payload (runtimes/PROTOCOL.md)."""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import Any

from .forked import end_if_forked

BECOME, CALL, AHEAD, TABLE, SEGMENT, PARAM, END, CANCEL, EVENT, DONE, ERROR = b"BCATSPEXVDF"
HEADER = struct.Struct(">BI")
HEADER_BYTES = HEADER.size
header_at = HEADER.unpack_from
RECEIVE_BYTES = 1 << 18
SMALL_BYTES = 1 << 12
# What of an answer's tables waits for the frame that ends it, to go out in one write.
HELD_BYTES = 1 << 16
# json.dumps would make one each time.
ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class Wire:
    """One connection to the bridge. Frames are read by one thread at a time; any thread may send. A process that the code forked ends where it would do either."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        # What was received and not taken yet lies in it from `_at` to `_end`.
        self._chunk = bytearray(RECEIVE_BYTES)
        self._view = memoryview(self._chunk)
        self._at = self._end = 0
        # The payload of a frame that is longer, as far as it has come.
        self._great: bytearray | None = None
        self._great_bytes = 0
        self._lock = threading.Lock()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._may_hold = False

    def fileno(self) -> int:
        """The connection's."""
        return self._connection.fileno()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was received that has not been taken."""
        return self._at == self._end

    def frame(self) -> tuple[int, bytes]:
        """The next frame; EOFError when the bridge is gone."""
        while True:
            at = self._at
            begin = at + HEADER_BYTES
            if self._end >= begin:
                kind, length = header_at(self._chunk, at)
                end = begin + length
                if length > RECEIVE_BYTES - HEADER_BYTES:
                    payload = self._long(begin, length)
                elif self._end < end:
                    payload = None
                else:
                    # A slice that is copied takes less time than a view, as long as it is short.
                    payload = bytes(self._chunk[begin:end]) if length < SMALL_BYTES else bytes(self._view[begin:end])
                    self._at = end
                if payload is not None:
                    self._may_hold = False
                    return kind, payload
            if at > 0:
                # What begins here needs room behind it.
                left = self._end - at
                if left > 0:
                    self._view[:left] = self._view[at : self._end]
                self._at, self._end = 0, left
            self._end += self._received(self._view[self._end :] if self._end > 0 else self._view)

    def _long(self, begin: int, length: int) -> bytes:
        """The payload of a frame that is longer than what is received at once. What of it has come is kept where an interrupt ends the wait for the rest."""
        if self._great is None:
            self._great, self._great_bytes = bytearray(length), self._end - begin
            self._great[: self._end - begin] = self._view[begin : self._end]
        with memoryview(self._great) as view:
            while self._great_bytes < length:
                self._great_bytes += self._received(view[self._great_bytes :])
            payload = bytes(view)
        self._great, self._at, self._end = None, 0, 0
        return payload

    def _received(self, into: memoryview) -> int:
        end_if_forked()
        received = self._connection.recv_into(into)
        if received == 0:
            raise EOFError
        return received

    def answer_at_once(self) -> None:
        """All rows have come, and all that is sent from now on is their answer: until then whoever sends them may wait for results."""
        self._may_hold = True

    def send(self, kind: int, *payload: bytes | memoryview) -> None:
        """Send one frame, whole; waits while the bridge takes nothing. A small table of an answer may go out with the next frame."""
        end_if_forked()  # before the lock, which another thread may have held
        length = sum(map(len, payload))
        header = HEADER.pack(kind, length)
        with self._lock:
            if kind == TABLE and self._may_hold and self._held_bytes + length < HELD_BYTES:
                self._held += (header, *map(bytes, payload))
                self._held_bytes += length
            elif length < HELD_BYTES:
                self._write(header, *map(bytes, payload))
            else:
                self._write_great(header, *payload)

    def send_together(self, *frames: tuple[int, bytes]) -> None:
        """Send several small frames in one write."""
        end_if_forked()
        with self._lock:
            parts: list[bytes] = []
            for kind, payload in frames:
                parts += (HEADER.pack(kind, len(payload)), payload)
            self._write(*parts)

    def _write(self, *parts: bytes) -> None:
        # Before it is sent: an interrupt must not leave it there to be sent again.
        held, self._held, self._held_bytes = self._held, [], 0
        self._connection.sendall(b"".join((*held, *parts)))

    def _write_great(self, *parts: bytes | memoryview) -> None:
        """The same without a copy: the system takes them from where they are."""
        held, self._held, self._held_bytes = b"".join(self._held), [], 0
        parts = (held, *parts)  # few: the system takes a thousand at most
        sent = self._connection.sendmsg(parts)
        for part in parts:
            # All has gone at once, unless a signal came between.
            if sent < len(part):
                self._connection.sendall(memoryview(part)[sent:])
            sent = max(sent - len(part), 0)

    def send_json(self, kind: int, value: dict[str, Any]) -> None:
        """Send one frame of JSON."""
        self.send(kind, to_json(value))


def to_json(value: dict[str, Any]) -> bytes:
    """JSON as every language reads it: no NaN, UTF-8."""
    return ENCODER.encode(value).encode()
