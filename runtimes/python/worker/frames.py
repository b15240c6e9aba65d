"""Frames on a byte stream: kind (1 byte), length (u32, big-endian), payload (runtimes/PROTOCOL.md)."""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import Any

CALL, TABLE, SEGMENT, PARAM, END, CANCEL, EVENT, DONE, ERROR = b"CTSPEXVDF"
HEADER = struct.Struct(">BI")
RECEIVE_BYTES = 1 << 18
SMALL_BYTES = 1 << 12
# What of an answer's tables waits for the frame that ends it, to go out in one write.
HELD_BYTES = 1 << 16
# json.dumps would make one each time.
ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class Wire:
    """One connection to the bridge. Frames are read by one thread at a time; any thread may send."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        # Where in it the next frame begins.
        self._at = 0
        self._chunk = memoryview(bytearray(RECEIVE_BYTES))
        self._lock = threading.Lock()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._may_hold = False

    def frame(self) -> tuple[int, bytes]:
        """The next frame; EOFError when the bridge is gone."""
        buffer = self._buffer
        while True:
            begin = self._at + HEADER.size
            if len(buffer) >= begin:
                kind, length = HEADER.unpack_from(buffer, self._at)
                if len(buffer) >= begin + length:
                    if length < SMALL_BYTES:
                        payload = bytes(buffer[begin : begin + length])  # twice, which takes less time than a view
                    else:
                        with memoryview(buffer) as view:
                            payload = bytes(view[begin : begin + length])
                    self._at = begin + length
                    if self._at > RECEIVE_BYTES:
                        self._drop()  # a great frame's bytes are not kept while code computes
                    self._may_hold = False
                    return kind, payload
            if self._at > 0:
                self._drop()
            received = self._connection.recv_into(self._chunk)
            if received == 0:
                raise EOFError
            buffer += self._chunk[:received]

    def _drop(self) -> None:
        """What was taken goes from the buffer."""
        del self._buffer[: self._at]
        self._at = 0

    def answer_at_once(self) -> None:
        """All rows have come, and all that is sent from now on is their answer: until then whoever sends them may wait for results."""
        self._may_hold = True

    def send(self, kind: int, *payload: bytes | memoryview) -> None:
        """Send one frame, whole; waits while the bridge takes nothing. A small table of an answer may go out with the next frame."""
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
        held, self._held, self._held_bytes = self._held, [], 0
        parts = (*held, *parts)
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
