"""
splunkd's chunked protocol: `chunked 1.0,<metadata bytes>,<body bytes>\\n<metadata JSON><body CSV>`, both ways, in
strict lock step: one request, exactly one reply.
"""

from __future__ import annotations

import json

from .failure import Failure, Gone
from .header import record_end
from .pipes import widen

_READ_BYTES = 64 * 1024
_HEAD_BYTES = 64
_METADATA_BYTES = 16 * 1024 * 1024
_HEADER_BYTES = 4 * 1024 * 1024
_PREFIX = b"chunked 1.0,"
#: From a chunk of so many bytes on the pipes are made larger.
_LARGE_BYTES = 1024 * 1024


class Request:
    """One request; `left` bytes of its body are still to be read."""

    def __init__(self, metadata: dict, size: int) -> None:
        self.metadata = metadata
        self.size = size
        self.left = size

    @property
    def finished(self) -> bool:
        return bool(self.metadata.get("finished"))


class Splunkd:
    """
    The two pipes to splunkd.

    :param source: stdin, unbuffered: has `readinto`
    :param sink: stdout, unbuffered: has `write`
    """

    def __init__(self, source, sink) -> None:
        self._source = source
        self._sink = sink
        self._held = b""
        self._request: Request | None = None
        self._is_wide = False

    def next(self) -> Request | None:
        """
        The next request; what is left of the last one's body is read and dropped first. None at the end of the input.

        :raises Failure: when the input stops within a request, or is no request
        """
        self.skip()
        head = self._line()
        if head is None:
            return None
        sizes = head[len(_PREFIX) :].strip().split(b",")
        if not head.startswith(_PREFIX) or len(sizes) != 2 or not all(each.isdigit() for each in sizes):
            raise _broken("what came is no header of a chunk")
        metadata_size, size = int(sizes[0]), int(sizes[1])
        if metadata_size > _METADATA_BYTES:
            raise _broken("its metadata is %d bytes long" % metadata_size)
        raw = bytearray(metadata_size)
        self._fill(memoryview(raw))
        try:
            metadata = json.loads(raw) if raw else {}
        except ValueError:
            raise _broken("its metadata is no JSON") from None
        if not isinstance(metadata, dict):
            raise _broken("its metadata is no JSON object")
        if size >= _LARGE_BYTES and not self._is_wide:
            self._is_wide = True
            widen(self._source, self._sink)
        self._request = Request(metadata, size)
        return self._request

    def read(self, view: memoryview) -> int:
        """
        Fills the view from the body, as far as there is body left; returns how many bytes that were.

        :raises Failure: when the input stops before the body is whole
        """
        request = self._request
        size = min(len(view), request.left if request else 0)
        if request and size:
            self._fill(view[:size])
            request.left -= size
        return size

    def header(self) -> bytes:
        """
        The first record of the body, of which nothing has been read yet, without taking it away. All of the body, when
        it has no end of a record.

        :raises Failure: when the input stops before it is whole
        """
        left = self._request.left if self._request else 0
        while True:
            end = record_end(self._held[:left])
            if end >= 0 or len(self._held) >= left:
                return self._held[:end] if end >= 0 else self._held[:left]
            if len(self._held) > _HEADER_BYTES:
                raise _broken("its header is longer than %d bytes" % _HEADER_BYTES)
            view = memoryview(bytearray(min(_READ_BYTES, left - len(self._held))))
            count = self._source.readinto(view)
            if not count:
                raise _broken("it stops within its header")
            self._held += view[:count]

    def skip(self) -> None:
        """Reads what is left of the body and drops it: splunkd reads no reply before it has sent all."""
        if self._request is None or self._request.left == 0:
            return
        view = memoryview(bytearray(min(self._request.left, _READ_BYTES)))
        while self.read(view):
            pass

    @property
    def is_waiting(self) -> bool:
        """Whether splunkd has sent a whole request and waits for its reply."""
        return self._request is not None and self._request.left == 0

    def reply(self, metadata: dict, size: int = 0, body=()) -> None:
        """
        Sends the one reply.

        :param size: bytes of the body, known before it is sent
        :param body: its pieces
        :raises Gone: when nobody reads it
        """
        if not self.is_waiting:
            raise RuntimeError("a reply that nobody waits for")
        text = json.dumps(metadata, separators=(",", ":")).encode("ascii")
        self._request = None
        self._write(b"%s%d,%d\n%s" % (_PREFIX, len(text), size, text))
        for piece in body:
            self._write(piece)

    def _write(self, piece) -> None:
        view = memoryview(piece)
        try:
            while len(view):
                view = view[self._sink.write(view) or 0 :]
        except (OSError, ValueError) as error:
            raise Gone("its output is closed (%s)" % type(error).__name__) from None

    def _line(self) -> bytes | None:
        while b"\n" not in self._held:
            if len(self._held) > _HEAD_BYTES:
                raise _broken("its first line is too long")
            view = memoryview(bytearray(_READ_BYTES))
            count = self._source.readinto(view)
            if not count:
                if self._held:
                    raise _broken("it stops within its first line")
                return None
            self._held += view[:count]
        line, _, self._held = self._held.partition(b"\n")
        return line

    def _fill(self, view: memoryview) -> None:
        held = min(len(self._held), len(view))
        if held:
            view[:held] = self._held[:held]
            self._held = self._held[held:]
        while held < len(view):
            count = self._source.readinto(view[held:])
            if not count:
                raise _broken("%d bytes of it are missing" % (len(view) - held))
            held += count


def _broken(why: str) -> Failure:
    return Failure(
        "A chunk from Splunk is not whole: %s." % why, "Nothing of it counts. Run the search again.", code="BROKEN_INPUT"
    )
