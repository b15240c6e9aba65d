"""
What needs all rows at once: the chunks stream up in one request while splunkd gets empty replies; the answer comes in
the drain, when splunkd asks with empty chunks for what is left. Nothing here is ever sent twice.
"""

from __future__ import annotations

from .bridge import Bridge
from .call import Call
from .chunks import Request, Splunkd
from .connection import Connection
from .failure import Failure
from .frames import END, HEADER, MEDIA_TYPE, SEGMENT, TABLE
from .idle import Reply
from .incoming import Incoming
from .messages import Messages
from .replies import REPLY_BYTES, Replies

#: What these made is kept by the bridge.
_KEEPING = ("fit", "stage")
_NO_ROWS = "Widen its time range, or look at what stands before compute."
#: splunkd sees life at least so often.
_REPLY_SECONDS = 1.0
_PIECE_BYTES = 256 * 1024
#: Before a piece: the size of a chunk of HTTP (`%08x\r\n`), and a frame's header. Behind it `\r\n`.
_BEFORE = 10 + HEADER.size


class Whole:
    def __init__(self, bridge: Bridge, call: Call, folder: str, messages: Messages) -> None:
        self._bridge = bridge
        self._call = call
        self._messages = messages
        self._replies = Replies(folder)
        self._buffer = bytearray(_BEFORE + _PIECE_BYTES + 2)
        self._connection: Connection | None = None
        self._incoming: Incoming | None = None
        #: Of the segment that is being sent.
        self._header: bytes | None = None
        #: Of chunks without rows: sent when no others come.
        self._header_alone = b""
        self._ends_in_newline = True
        self._is_sent = False
        self._is_told = False

    def step(self, splunkd: Splunkd, request: Request) -> Reply:
        if self._call.verb == "summary":
            splunkd.skip()  # A summary takes no rows.
        if not self._is_sent:
            self._send_chunk(splunkd, request)
            if not request.finished:
                return Reply(False)
            self._finish()
        splunkd.skip()
        return self._drain()

    def cancel(self) -> None:
        """The bridge stops what it does for a caller that went away."""
        self._bridge.close()
        self._replies.close()

    def _send_chunk(self, splunkd: Splunkd, request: Request) -> None:
        header = splunkd.header()
        if request.left <= len(header):
            self._header_alone = self._header_alone or header
            splunkd.skip()
            return
        if self._connection is None:
            self._begin()
        if header == self._header:
            splunkd.read(memoryview(bytearray(len(header))))
            if not self._ends_in_newline:
                self._frame(TABLE, b"\n")
        elif self._header is not None:
            self._frame(SEGMENT, b"")
        self._header = header
        data = memoryview(self._buffer)[_BEFORE : _BEFORE + _PIECE_BYTES]
        while True:
            size = splunkd.read(data)
            if not size:
                return
            self._ends_in_newline = data[size - 1] == 10
            self._send_buffer(size)

    def _begin(self) -> None:
        headers = {"Accept": MEDIA_TYPE}
        if self._call.verb == "summary":
            headers["Content-Length"] = "0"
        else:
            headers.update({"Content-Type": MEDIA_TYPE, "Transfer-Encoding": "chunked"})
        self._connection = self._bridge.post("/v1/compute?" + self._bridge.query, headers)
        self._incoming = Incoming(self._bridge, self._replies, self._messages)

    def _finish(self) -> None:
        # What was fitted or staged from a part of the rows would be kept.
        self._bridge.check_ends()
        if self._connection is None:
            if not self._header_alone and self._call.verb in _KEEPING:
                raise Failure("The search found no rows, so that there is nothing to %s." % self._call.verb, _NO_ROWS, "NO_ROWS")
            self._begin()
            if self._header_alone and self._call.verb != "summary":
                self._frame(TABLE, self._header_alone)
        if self._call.verb != "summary":
            self._frame(END, b"")
            self._send(memoryview(b"0\r\n\r\n"))
        self._is_sent = True

    def _frame(self, kind: bytes, payload: bytes) -> None:
        self._send(memoryview(b"%x\r\n%s%s\r\n" % (HEADER.size + len(payload), HEADER.pack(kind, len(payload)), payload)))

    def _send_buffer(self, size: int) -> None:
        """One piece, from where it was read to: a table frame in a chunk of HTTP."""
        self._buffer[:10] = b"%08x\r\n" % (HEADER.size + size)
        HEADER.pack_into(self._buffer, 10, TABLE, size)
        self._buffer[_BEFORE + size : _BEFORE + size + 2] = b"\r\n"
        self._send(memoryview(self._buffer)[: _BEFORE + size + 2])

    def _send(self, view: memoryview) -> None:
        assert self._connection is not None and self._incoming is not None
        self._connection.send(view, self._bridge.settings.answer_seconds, self._incoming.early)

    def _drain(self) -> Reply:
        assert self._incoming is not None
        try:
            is_whole = self._incoming.read(_REPLY_SECONDS, REPLY_BYTES)
        except Failure as failure:
            if failure.code == "LOST" and self._call.verb in _KEEPING:
                what = "its models" if self._call.verb == "fit" else "its data sets"
                hint = "The bridge may have kept what it made all the same: look at %s, then run the search again." % what
                raise Failure(failure.message, hint, failure.code) from None
            raise
        if not is_whole:
            self._incoming.check_late(self._bridge.settings.answer_seconds)
        elif not self._is_told:
            self._is_told = True
            self._tell(self._incoming.receipt or {})
        size, body = self._replies.take(REPLY_BYTES)
        return Reply(is_whole and self._replies.is_empty, size, body)

    def _tell(self, receipt: dict) -> None:
        self._messages.receipt(receipt)
        if self._call.verb != "stage":
            return
        dataset, rows = receipt.get("dataset") or {}, receipt.get("rows") or {}
        name = str(dataset.get("name", "")).replace('"', '""')
        row = 'staged,"%s",%s,%s\n' % (name, dataset.get("version", ""), rows.get("received", ""))
        self._replies.add(("status,dataset,version,rows\n" + row).encode(), True)
