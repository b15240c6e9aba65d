"""
What the machine allows a search command in Python: each chunk goes back as it came, by the straightest way, with none of the
command's care. In the options of the search: `algorithm=copied`, from pipe to pipe; `algorithm=echoed`, to the bench's bridge and back
on the way, by one request a chunk. Arguments: the bridge's address.
"""

from __future__ import annotations

import json
import socket
import sys
from urllib.parse import urlsplit

_PIECE = 256 * 1024


class Floor:
    def __init__(self, source, sink, address: str) -> None:
        self._source = source
        self._sink = sink
        self._address = urlsplit(address)
        self._socket: socket.socket | None = None
        self._room = memoryview(bytearray(4 * 1024 * 1024))

    def run(self) -> None:
        is_echoed = False
        while True:
            line = b""
            while not line.endswith(b"\n"):
                byte = self._source.read(1)
                if not byte:
                    return
                line += byte
            _, text_size, size = line.split(b",")
            text, size = json.loads(self._source.read(int(text_size))), int(size)
            if len(self._room) < size:
                self._room = memoryview(bytearray(size))
            if text["action"] == "getinfo":
                is_echoed = "algorithm=echoed" in text["searchinfo"]["args"]
                self._reply({"type": "stateful"}, self._room[:0])
                continue
            body = self._room[:size]
            if is_echoed:
                self._send(body)
                self._receive(body)
            else:
                self._read(body)
            self._reply({"finished": text["finished"]}, self._room[: 0 if text["finished"] else size])

    def _read(self, view: memoryview) -> None:
        while len(view):
            count = self._source.readinto(view)
            if not count:
                raise EOFError
            view = view[count:]

    def _send(self, body: memoryview) -> None:
        """Each piece as soon as it is read."""
        if self._socket is None:
            self._socket = socket.create_connection((self._address.hostname, self._address.port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(b"POST /echo HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), _PIECE):
            self._read(body[at : at + _PIECE])
            self._socket.sendall(body[at : at + _PIECE])

    def _receive(self, body: memoryview) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)
        while len(body):
            count = self._socket.recv_into(body)
            if not count:
                raise EOFError
            body = body[count:]

    def _reply(self, metadata: dict, body: memoryview) -> None:
        text = json.dumps(metadata).encode()
        for piece in (b"chunked 1.0,%d,%d\n%s" % (len(text), len(body), text), body):
            view = memoryview(piece)
            while len(view):
                view = view[self._sink.write(view) :]


if __name__ == "__main__":
    Floor(sys.stdin.buffer.raw, sys.stdout.buffer.raw, sys.argv[1]).run()
