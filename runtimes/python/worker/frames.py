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


class Wire:
    """One connection to the bridge. Frames are read by one thread at a time; any thread may send."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._lock = threading.Lock()

    def frame(self) -> tuple[int, bytes]:
        """The next frame; EOFError when the bridge is gone."""
        buffer = self._buffer
        while True:
            if len(buffer) >= HEADER.size:
                kind, length = HEADER.unpack_from(buffer)
                end = HEADER.size + length
                if len(buffer) >= end:
                    with memoryview(buffer) as view:
                        payload = bytes(view[HEADER.size : end])
                    del buffer[:end]
                    return kind, payload
            chunk = self._connection.recv(RECEIVE_BYTES)
            if not chunk:
                raise EOFError
            buffer += chunk

    def send(self, kind: int, payload: bytes | memoryview) -> None:
        """Send one frame, whole; waits while the bridge takes nothing."""
        header = HEADER.pack(kind, len(payload))
        with self._lock:
            if len(payload) < RECEIVE_BYTES:
                self._connection.sendall(header + payload)
            else:
                self._connection.sendall(header)
                self._connection.sendall(payload)

    def send_together(self, *frames: tuple[int, bytes]) -> None:
        """Send several small frames in one write."""
        with self._lock:
            self._connection.sendall(b"".join(HEADER.pack(kind, len(payload)) + payload for kind, payload in frames))

    def send_json(self, kind: int, value: dict[str, Any]) -> None:
        """Send one frame of JSON."""
        self.send(kind, to_json(value))


def to_json(value: dict[str, Any]) -> bytes:
    """JSON as every language reads it: no NaN, UTF-8."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
