"""How searches end: cancelled, finalized, killed, cut."""

from __future__ import annotations

import signal
import threading
import time
import unittest

from played_bridge import begin_frames, frame, read_body, send_piece
from played_search import chunk
from story import CLEAN, Story

APPLY = ("algorithm=iris", "method=apply")
FIT = ("algorithm=iris", "method=fit")


class Ends(Story):
    def setUp(self) -> None:
        super().setUp()
        self.computing = threading.Event()
        self.left = threading.Event()

    def endless(self, handler) -> None:
        """Computes until the caller goes away."""
        read_body(handler)
        begin_frames(handler)
        send_piece(handler, frame("T", b"a\n1\n"))
        self.computing.set()
        try:
            while handler.connection.recv(1):
                pass
        except OSError:
            pass
        self.left.set()
        handler.close_connection = True

    def computing_search(self, options: tuple, finished: bool):
        self.computing.clear()
        self.left.clear()
        self.bridge.on("/parts/|/v1/compute", self.endless)
        search = self.begun(*options)
        search.write(chunk({"action": "execute", "finished": finished}, b"a\n1\n"))
        self.assertTrue(self.computing.wait(20))
        return search

    def assert_cancelled(self, options: tuple) -> None:
        self.assertTrue(self.left.wait(20))
        self.assertEqual(len(self.bridge.to("/cancel")), 1 if options is APPLY else 0)

    def test_closed_input_while_the_bridge_computes(self) -> None:
        for options, finished in [(APPLY, False), (FIT, True)]:
            with self.subTest(options):
                search = self.computing_search(options, finished)
                code, _, errors = search.end()
                self.assertEqual((code, errors), (0, b""))
                self.assertIn("its input is closed", search.log)
                self.assert_cancelled(options)
                self.bridge.asked.clear()

    def test_a_signal_to_end(self) -> None:
        for options, finished in [(APPLY, False), (FIT, True)]:
            with self.subTest(options):
                search = self.computing_search(options, finished)
                search.process.send_signal(signal.SIGTERM)
                self.assertEqual(search.process.wait(20), 0)
                self.assert_cancelled(options)
                self.assertIn("SIGTERM", search.log)
                self.bridge.asked.clear()

    def test_finalized_while_the_bridge_computes(self) -> None:
        for options, finished in [(APPLY, False), (FIT, True)]:
            with self.subTest(options):
                search = self.computing_search(options, finished)
                search.status("FINALIZING")
                reply = search.reply()
                while finished and not reply.finished:  # It may have been waiting for rows.
                    reply = search.execute(b"", True)
                self.assertEqual((reply.finished, reply.error), (finished, None))
                self.assertIn("WARN", dict(reply.messages))
                self.assert_cancelled(options)
                if not finished:
                    self.assertEqual(search.execute(b"a\n1\n", True).metadata, {"finished": True})
                self.assert_clean_end(search)
                self.bridge.asked.clear()

    def test_the_last_state_of_a_search_that_nobody_stopped_ends_nothing(self) -> None:
        search = self.begun(*FIT)
        search.status("FINALIZING", finalized="0")
        self.assertEqual(search.drain(b"a\n1\n")[-1].body, b"a\n1\n")
        self.assert_clean_end(search)

    def test_closed_input_between_chunks_is_no_result(self) -> None:
        for options in (APPLY, FIT):
            with self.subTest(options):
                search = self.begun(*options)
                search.execute(b"a\n1\n")
                self.assertEqual(search.end(), CLEAN)
        self.assertEqual(len(self.bridge.to("/cancel")), 1)
        self.assertEqual([each for each in self.bridge.to("/v1/compute") if each.is_whole], [])

    def test_input_cut_within_a_chunk_is_never_a_result(self) -> None:
        request = chunk({"action": "execute", "finished": True}, b"a\n1\n2\n")
        for options in (APPLY, FIT):
            for size in (5, 25, len(request) - 1, len(request) - 5):
                with self.subTest(options=options, size=size):
                    search = self.begun(*options)
                    search.write(request[:size])
                    self.assertEqual(search.end(), CLEAN)
                    self.assertRegex(search.log, "level=ERROR .*is not whole")
        self.assertEqual(self.bridge.to("/parts/"), [])
        self.assertEqual([each for each in self.bridge.to("/v1/compute") if each.is_whole], [])

    def test_nobody_reads_the_replies(self) -> None:
        search = self.begun(*APPLY)
        search.process.stdout.close()
        search.process.stdin.write(chunk({"action": "execute", "finished": False}, b"a\n1\n"))
        self.assertEqual(search.process.wait(20), 0)
        self.assertEqual(search.process.stderr.read(), b"")
        self.assertEqual(len(self.bridge.to("/cancel")), 1)

    def test_a_bridge_that_does_not_take_the_cancelling_holds_nobody_up(self) -> None:
        wait = threading.Event()
        self.addCleanup(wait.set)
        self.bridge.on("/cancel", lambda handler: wait.wait(30))
        search = self.begun(*APPLY)
        search.execute(b"a\n1\n")
        began = time.monotonic()
        self.assertEqual(search.end(), CLEAN)
        self.assertLess(time.monotonic() - began, 20)  # It would be 30 s.

    def test_input_that_dribbles(self) -> None:
        search = self.begun(*APPLY)
        for byte in chunk({"action": "execute", "finished": True}, b"a\n1\n"):
            search.process.stdin.write(bytes([byte]))
        reply = search.reply()
        self.assertEqual((reply.body, reply.finished), (b"a\n1\n", True))
        self.assert_clean_end(search)

    def test_no_input_at_all(self) -> None:
        self.assertEqual(self.search(*APPLY).end(), CLEAN)


if __name__ == "__main__":
    unittest.main()
