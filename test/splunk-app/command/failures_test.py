"""What can be wrong between the command and the bridge: one sentence each, and a clean end."""

from __future__ import annotations

import resource
import socket
import threading
import unittest

from played_bridge import begin_frames, done, frame, read_body, send_frames, send_json, send_piece
from played_search import PlayedSearch
from story import Story

APPLY = ("algorithm=iris", "method=apply")
FIT = ("algorithm=iris", "method=fit")
ROWS = b"a\n1\n"


class Failures(Story):
    def refused(self, options: tuple, *words: str, **more) -> PlayedSearch:
        search = self.begun(*options, **more)
        reply = search.execute(ROWS, True)
        while reply.error is None and not reply.finished:
            reply = search.execute(b"", True)
        self.assert_failed(search, reply, *words)
        return search

    def closed_port(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.getsockname()[1]

    def test_a_bridge_that_is_not_there(self) -> None:
        port = self.closed_port()
        self.bridge.grant = {"address": "http://127.0.0.1:%d" % port}
        for options in (APPLY, FIT):
            self.refused(options, "127.0.0.1:%d cannot be reached: connection refused" % port, "set-up")

    def test_a_bridge_that_says_nothing(self) -> None:
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.bridge.grant = {"address": "http://127.0.0.1:%d" % silent.getsockname()[1], "answer_seconds": 1}
        for options in (APPLY, FIT):
            self.refused(options, "did not answer within 1 s")

    def test_a_bridge_that_dies_half_way(self) -> None:
        def die(handler) -> None:
            read_body(handler)
            begin_frames(handler)
            send_piece(handler, frame("T", b"a\n1\n") + frame("T", b"a\n2\n")[:6])
            handler.close_connection = True

        self.bridge.on("/parts/|/v1/compute", die)
        for options, hint in ((APPLY, "Nothing of it counts"), (FIT, "may have kept")):
            self.refused(options, "before its answer was whole", hint)
        self.assertEqual(len(self.bridge.to("/v1/compute")), 0)

    def test_an_answer_that_ends_without_its_last_frame(self) -> None:
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_frames(handler, [frame("T", b"a\n1\n")])))
        self.refused(FIT, "its last frame is missing")

    def test_answers_that_are_none(self) -> None:
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_frames(handler, [b"<html>proxy</html>"])))
        self.refused(FIT, "cannot be read")
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_json(handler, 404, {"html": "proxy"})))
        self.refused(FIT, "answered 404 Not Found", "leads to the bridge itself")
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_json(handler, 302, {}, Location="/login")))
        self.refused(FIT, "answered 302 Found")
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), handler.wfile.write(b"220 mail.example ESMTP\r\n\r\n")))
        self.refused(FIT, "no HTTP")
        self.bridge.on("/v1/runs", lambda handler: (read_body(handler), send_json(handler, 200, [])))  # type: ignore[arg-type]
        self.refused(APPLY, "cannot be read")

    def test_what_the_bridge_refuses(self) -> None:
        problem = {
            "type": "urn:x", "title": "CodeFailed", "status": 422, "code": "CODE_FAILED", "detail": "fit() of iris ended with {ValueError}",
            "hint": "Mend it.", "cell": 4, "line": 7,
        }  # fmt: skip
        for path, options in [("/v1/compute", FIT), ("/v1/runs", APPLY)]:
            self.bridge.on(path, lambda handler: (read_body(handler), send_json(handler, 422, problem, "application/problem+json")))
            self.refused(options, "fit() of iris ended with {ValueError} (cell 4, line 7). Mend it.")

    def test_a_token_that_the_bridge_does_not_take(self) -> None:
        problem = {"detail": "This token is not known here.", "hint": "Send the header Authorization", "code": "UNAUTHORIZED"}
        self.bridge.on("/v1/", lambda handler: (read_body(handler), send_json(handler, 401, problem, "application/problem+json")))
        for options in (APPLY, FIT):
            self.refused(options, "does not take the token", "set-up of the app")

    def test_what_the_app_refuses(self) -> None:
        said = {"error": "alice may not fit: {role}", "hint": "Ask for the role bridge_engineer."}
        self.bridge.on("token", lambda handler: (read_body(handler), send_json(handler, 403, said)))
        self.refused(FIT, "alice may not fit: {role}. Ask for the role bridge_engineer.")
        self.bridge.on("token", lambda handler: (read_body(handler), send_json(handler, 404, {})))
        self.refused(FIT, "Splunk has no app", "Restart Splunk")
        self.bridge.on("token", lambda handler: (read_body(handler), send_json(handler, 401, {"messages": []})))
        self.refused(FIT, "no longer knows the session", "Sign in")
        self.assertEqual(self.bridge.to("/v1/"), [])

    def test_no_session(self) -> None:
        self.refused(FIT, "no session", session_key=None)

    def test_splunkd_that_is_away(self) -> None:
        self.refused(FIT, "Splunk's management port", "connection refused", uri="http://127.0.0.1:%d" % self.closed_port())

    def test_addresses_that_would_show_the_token(self) -> None:
        for address, word in [("http://bridge.example:5000", "plain HTTP"), ("ftp://127.0.0.1", "is none"), ("https://u:pw@h", "is none")]:
            self.bridge.grant = {"address": address}
            search = self.refused(FIT, word)
            self.assertNotIn("pw@", search.log)

    def test_a_full_disk(self) -> None:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

        rows = frame("T", b"a\n" + b"x" * 12_000_000 + b"\n")
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_frames(handler, [rows, done(1)])))
        self.refused(FIT, "could not be kept", "dispatch", "Make room", preexec=limit)
        search = self.begun(*APPLY, preexec=limit)
        self.assert_failed(search, search.execute(b"a\n" + b"1\n" * 4_000_000), "could not be kept", "Make room")
        self.assertEqual(self.bridge.to("/parts/"), [])

    def test_a_part_is_sent_four_times_at_most_and_a_table_once(self) -> None:
        count = {"parts": 0, "compute": 0}

        def busy(handler) -> None:
            count["parts" if "/parts/" in handler.path else "compute"] += 1
            read_body(handler)
            send_json(handler, 503, {"detail": "The bridge is being stopped.", "hint": "Later.", "code": "STOPPING"})

        self.bridge.on("/parts/|/v1/compute", busy)
        self.refused(APPLY, "The bridge is being stopped. Later.")
        self.refused(FIT, "The bridge is being stopped. Later.")
        self.assertEqual(count, {"parts": 4, "compute": 1})

    def test_a_bridge_that_closes_the_kept_connection_is_asked_on_another(self) -> None:
        closed = threading.Event()

        def close(handler) -> None:
            asked = self.bridge.note(handler, read_body(handler))
            send_frames(handler, [frame("T", asked.body), done(1)])
            handler.close_connection = True
            closed.set()

        self.bridge.on("/parts/1$", close)
        search = self.begun(*APPLY)
        search.execute(ROWS)
        closed.wait(20)
        self.assertEqual(search.execute(ROWS, True).body, ROWS)
        self.assert_clean_end(search)


if __name__ == "__main__":
    unittest.main()
