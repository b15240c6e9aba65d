"""A server of DLTK 4's behaviour, for comparison: `server.py PORT`, with the stand-in of DSDL on PYTHONPATH.

It has no token, and every request is a thread of its own. All threads share one state: whose module and whose model a call
computes with is decided by who came last, so that callers who come together get each other's answers.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import notebook_calls as calls
from answers import answer

NO_JSON = "415 Unsupported Media Type: Did not attempt to load JSON data because the request Content-Type was not 'application/json'."


class Calls(BaseHTTPRequestHandler):
    """`/fit`, `/apply` and `/summary`."""

    # DLTK 4 closes the connection after each answer; here it is kept, as at the other sides.
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802  # the name is the library's
        """Fit or apply."""
        body = self.rfile.read(int(self.headers["content-length"]))
        method = self.path.strip("/")
        if method not in ("fit", "apply"):
            self.send_error(404)
        elif self.headers.get_content_type() != "application/json":
            self._say({"status": "error", "message": f"/{method}: ERROR: {NO_JSON}"})
        else:
            self._say(answer(method, body))

    def do_GET(self) -> None:  # noqa: N802  # the name is the library's
        """The last model's summary."""
        self._say({"app": "DLTK stand-in", "version": "4", "model": str(calls.STATE.get("model")), "model_summary": calls.STATE.get("summary")})

    def _say(self, value: object) -> None:
        text = json.dumps(value).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(text)}\r\n\r\n"
        self.wfile.write(head.encode() + text)


class Server(ThreadingHTTPServer):
    """Enough room for all who come at once."""

    request_queue_size = 128


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Calls).serve_forever()
