"""The bridge's frames (runtimes/PROTOCOL.md): kind (1 byte), length (u32, big-endian), payload."""

from __future__ import annotations

import struct

from .failure import Failure

MEDIA_TYPE = "application/vnd.compute-bridge.frames"
TABLE, SEGMENT, END, EVENT, DONE, FAILED = b"T", b"S", b"E", b"V", b"D", b"F"
HEADER = struct.Struct(">cI")
_MAX_BYTES = 64 * 1024 * 1024
_MAX_JSON_BYTES = 8 * 1024 * 1024


class FrameReader:
    """
    Cuts an answer into frames. A table's payload is handed on as it comes, so that none is ever held; others are whole.
    """

    def __init__(self) -> None:
        self._head = b""
        self._kind = b""
        self._left = 0
        self._parts: list[bytes] = []

    @property
    def is_at_boundary(self) -> bool:
        return not self._kind and not self._head

    def feed(self, data: bytes | memoryview):
        """
        Yields (kind, payload, is_last): of a table frame any pieces, views of what was fed, the last of them marked.

        :raises Failure: when the bytes cannot be frames
        """
        view = memoryview(data)
        while len(view):
            if not self._kind:
                missing = HEADER.size - len(self._head)
                self._head += view[:missing]
                view = view[missing:]
                if len(self._head) < HEADER.size:
                    return
                self._begin()
            piece, view = view[: self._left], view[self._left :]
            self._left -= len(piece)
            is_last = self._left == 0
            kind = self._kind
            if is_last:
                self._kind = b""
            if kind == TABLE:
                yield kind, piece, is_last
                continue
            self._parts.append(bytes(piece))
            if is_last:
                payload = b"".join(self._parts)
                self._parts = []
                yield kind, payload, True

    def _begin(self) -> None:
        self._kind, self._left = HEADER.unpack(self._head)
        self._head = b""
        limit = _MAX_BYTES if self._kind == TABLE else _MAX_JSON_BYTES
        if self._kind not in (TABLE, EVENT, DONE, FAILED) or self._left > limit:
            raise broken("a frame %r of %d bytes" % (self._kind, self._left))


def broken(why: str) -> Failure:
    return Failure(
        "The bridge's answer cannot be read: %s." % why,
        "See that the app and the bridge are of one version, and that its address leads to the bridge itself.",
        "BROKEN_ANSWER",
    )
