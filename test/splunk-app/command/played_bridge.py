"""A bridge for the tests: a real HTTP server that speaks its frames, and the app's handler behind the same address."""

from __future__ import annotations

import json
import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

FRAMES = "application/vnd.compute-bridge.frames"
#: Looked for wherever it must not be.
SECRET = "s3cret-of-this-search"


def frame(kind: str, payload=b"") -> bytes:
    if isinstance(payload, dict):
        payload = json.dumps(payload).encode()
    return struct.pack(">cI", kind.encode(), len(payload)) + payload


def done(rows: int = 0, **more) -> bytes:
    return frame("D", {"receipt": receipt(rows, **more)})


def receipt(rows: int = 0, **more) -> dict:
    return {
        "run": "r1", "algorithm": "iris", "version": "v1", "method": "apply", "model": None, "dataset": None,
        "environment": "local", "device": "cpu", "rows": {"sent": None, "received": rows, "used": rows, "returned": rows},
        "bytes": {"received": 0, "returned": 0}, "seconds": {"queued": 0.0, "loading": 0.0, "computing": 0.25, "total": 0.5},
        "notes": [], **more,
    }  # fmt: skip


class Asked:
    """One request as it came."""

    def __init__(self, path: str, headers: dict, body: bytes, is_chunked: bool) -> None:
        parts = urlsplit(path)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = headers
        self.body = body
        self.is_chunked = is_chunked

    @property
    def frames(self) -> list:
        found, at = [], 0
        while at < len(self.body):
            kind, size = struct.unpack_from(">cI", self.body, at)
            found.append((kind.decode(), self.body[at + 5 : at + 5 + size]))
            at += 5 + size
        return found

    @property
    def segments(self) -> list:
        """The tables of a whole-table upload, and whether its end frame came."""
        tables = [b""]
        for kind, payload in self.frames:
            if kind == "S":
                tables.append(b"")
            elif kind == "T":
                tables[-1] += payload
        return tables

    @property
    def is_whole(self) -> bool:
        return bool(self.frames) and self.frames[-1] == ("E", b"")


class PlayedBridge:
    """
    Answers as the real one does: a part and a whole table with their own rows. `on` plays anything else.

    :ivar rows: `parts` or `whole`
    :ivar asked: every request, in order
    """

    def __init__(self, tls=None, rows: str = "parts") -> None:
        self.rows = rows
        self.asked: list[Asked] = []
        self.grant: dict = {}
        self._plays: list = []
        self._lock = threading.Lock()
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                bridge._answer(self)

            def log_message(self, *_) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address) -> None:
                pass  # The command may go away at any time.

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.address = "%s://127.0.0.1:%d" % ("https" if tls else "http", self.port)
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def on(self, path: str, play, times: int = 10**9) -> None:
        """:param play: called with the server's handler instead of reading and answering; `read_body` reads"""
        self._plays.insert(0, [re.compile(path), play, times])

    def paths(self) -> list:
        return [each.path for each in self.asked]

    def to(self, path: str) -> list:
        return [each for each in self.asked if re.search(path, each.path)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def note(self, handler, body: bytes = b"") -> Asked:
        asked = Asked(handler.path, dict(handler.headers.items()), body, "Transfer-Encoding" in handler.headers)
        with self._lock:
            self.asked.append(asked)
        return asked

    def _answer(self, handler) -> None:
        for play in self._plays:
            if play[0].search(handler.path) and play[2] > 0:
                play[2] -= 1
                return play[1](handler)
        asked = self.note(handler, read_body(handler))
        if asked.path == "/services/compute_bridge/token":
            return send_json(handler, 200, {**self._default_grant(), **self.grant})
        if asked.path == "/v1/runs":
            run = "r1" if self.rows == "parts" else None
            return send_json(handler, 201 if run else 200, {"run": run, "rows": self.rows, "algorithm": "iris", "version": "v1", "notes": []})
        if "/parts/" in asked.path:
            return send_frames(handler, [frame("T", asked.body), done(asked.body.count(b"\n") - 1)])
        if asked.path == "/v1/compute":
            table = b"".join(asked.segments) if asked.is_chunked else b"summary\nfine\n"
            return send_frames(handler, [frame("T", table), done(max(0, table.count(b"\n") - 1))])
        if asked.path.endswith("/cancel"):
            handler.send_response(204)
            return handler.end_headers()
        send_json(handler, 200, {"receipt": receipt(7)})

    def _default_grant(self) -> dict:
        return {
            "address": self.address, "ca": "", "token": SECRET, "expires_at": "2100-01-01T00:00:00Z", "connect_seconds": 5,
            "answer_seconds": 20, "append": False, "environments": {"docker": "default"},
        }  # fmt: skip


def read_body(handler) -> bytes:
    if handler.headers.get("Transfer-Encoding") != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    pieces = []
    while True:
        size = int(handler.rfile.readline(), 16)
        pieces.append(handler.rfile.read(size))
        handler.rfile.readline()
        if size == 0:
            return b"".join(pieces)


def send_json(handler, status: int, value: dict, kind: str = "application/json", **headers) -> None:
    body = json.dumps(value).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    for name, text in headers.items():
        handler.send_header(name.replace("_", "-"), str(text))
    handler.end_headers()
    handler.wfile.write(body)


def begin_frames(handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", FRAMES)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()


def send_piece(handler, piece: bytes) -> None:
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))


def send_frames(handler, frames) -> None:
    begin_frames(handler)
    for each in frames:
        send_piece(handler, each)
    handler.wfile.write(b"0\r\n\r\n")
