"""
A bridge that computes nothing: it gives rows back as they came, so that what is measured is the command. Bytes are read to
where they stay and sent from there. Prints its address; ends with its stdin.
"""

from __future__ import annotations

import json
import mmap
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_FRAMES = "application/vnd.compute-bridge.frames"
_HEADER = struct.Struct(">cI")
#: The largest request; its memory is there once it is written.
_ROOM = 1024 * 1024 * 1024
#: A chunk of HTTP of an answer, and a frame of an answer to a whole table.
_PIECE = 256 * 1024
_FRAME = 2 * 1024 * 1024


def _receipt(method: str) -> dict:
    return {
        "run": "bench", "algorithm": "bench", "version": "0", "method": method, "model": None, "dataset": None,
        "environment": "default", "device": "cpu", "rows": {"sent": None, "received": 0, "used": 0, "returned": 0},
        "bytes": {"received": 0, "returned": 0}, "seconds": {"queued": 0, "loading": 0, "computing": 0, "total": 0}, "notes": [],
    }  # fmt: skip


class Caller(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 64 * 1024
    room = memoryview(mmap.mmap(-1, _ROOM))

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self._body()
        if url.path == "/v1/tokens":
            asked = json.loads(bytes(body))
            return self._json(201, {"token": "bench-token", "user": asked["user"], "verbs": asked["verbs"], "expiresAt": "2100-01-01T00:00:00.000Z"})
        if url.path == "/v1/runs":
            algorithm = parse_qs(url.query)["algorithm"][0]
            known = {"algorithm": "bench", "version": "0", "notes": []}
            if algorithm == "whole":
                return self._json(200, {"run": None, "rows": "whole", **known})
            return self._json(201, {"run": algorithm, "rows": "parts", **known})
        if url.path.endswith("/end"):
            return self._json(200, {"receipt": _receipt("apply")})
        if url.path == "/echo":
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            return self.connection.sendall(body)
        self.send_response(200)
        self.send_header("Content-Type", _FRAMES)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if url.path.startswith("/v1/runs/drop/"):
            self._table(b"a\n1\n")
        elif "/parts/" in url.path:
            self._table(body)
        else:
            self._cut(_unframed(body))
        done = json.dumps({"receipt": _receipt("apply")}).encode()
        self._chunk(_HEADER.pack(b"D", len(done)) + done)
        self.connection.sendall(b"0\r\n\r\n")

    def _body(self) -> memoryview:
        at = 0
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self._into(0, int(self.headers.get("Content-Length") or 0))
        while True:
            size = int(self.rfile.readline(), 16)
            at += len(self._into(at, size))
            self.rfile.readline()
            if size == 0:
                return self.room[:at]

    def _into(self, at: int, size: int) -> memoryview:
        view = self.room[at : at + size]
        if len(view) < size:
            raise MemoryError("requests of more than %d bytes have no room here" % _ROOM)
        while len(view):
            # What the reader holds first; then past it, without a copy.
            count = self.rfile.readinto1(view)
            if not count:
                raise ConnectionError("a request is cut")
            view = view[count:]
        return self.room[at : at + size]

    def _table(self, *payload) -> None:
        """A table's frame."""
        self._chunk(_HEADER.pack(b"T", sum(map(len, payload))))
        for each in payload:
            for at in range(0, len(each), _PIECE):
                self._chunk(each[at : at + _PIECE])

    def _cut(self, table: memoryview) -> None:
        """Frames of about 2 MB, each with the header and whole records. The rows of the bench have no line ends in quotes."""
        first = bytes(table[:4096]).index(b"\n") + 1
        at = first
        while at < len(table):
            end = min(len(table), at + _FRAME)
            if end < len(table):
                end = end - 4096 + bytes(table[end - 4096 : end]).rindex(b"\n") + 1
            self._table(bytes(table[:first]), table[at:end])
            at = end

    def _chunk(self, piece) -> None:
        """One chunk of HTTP."""
        views = [b"%x\r\n" % len(piece), piece, b"\r\n"]
        sent = self.connection.sendmsg(views)
        for view in views:
            self.connection.sendall(view[sent:])
            sent = max(0, sent - len(view))

    def _json(self, status: int, value: dict) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


def _unframed(body: memoryview) -> memoryview:
    """What the T frames of a body hold, moved together where they lie."""
    at = end = 0
    while at < len(body):
        kind, size = _HEADER.unpack_from(body, at)
        at += _HEADER.size
        if kind == b"T":
            body[end : end + size] = body[at : at + size]
            end += size
        at += size
    return body[:end]


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Caller)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("http://127.0.0.1:%d" % server.server_address[1], flush=True)
    sys.stdin.read()
