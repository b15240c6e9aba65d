"""What needs all rows at once: one upload, then the answer in the drain."""

from __future__ import annotations

import threading
import unittest

from played_bridge import begin_frames, done, frame, read_body, send_frames, send_json, send_piece
from story import Story

FIT = ("algorithm=iris", "method=fit", "model_name=m")


class Whole(Story):
    rows = "whole"

    def test_a_fit_streams_up_and_answers_in_the_drain(self) -> None:
        search = self.search(*FIT)
        self.assertEqual(search.getinfo().metadata["type"], "events")
        for each in range(3):
            reply = search.execute(b"a,b\n%d,x\n" % each)
            self.assertEqual((reply.metadata, reply.body), ({"finished": False}, b""))
        replies = search.drain(b"a,b\n9,x\n")
        self.assertEqual(b"".join(each.body for each in replies), b"a,b\n0,x\n1,x\n2,x\n9,x\n")
        self.assertIn("4 rows received", str(replies[-1].messages + replies[0].messages))
        self.assert_clean_end(search)
        compute = self.bridge.to("/v1/compute")[0]
        self.assertEqual(compute.query, {"algorithm": "iris", "method": "fit", "model_name": "m"})
        self.assertTrue(compute.is_whole)
        self.assertEqual(len(compute.segments), 1)
        self.assertEqual(self.bridge.to("token")[0].body, b"verb=fit")
        self.assertEqual(self.bridge.to("/v1/runs"), [])

    def test_an_apply_that_is_not_row_wise_is_asked_for_once_and_says_why(self) -> None:
        note = {"run": None, "rows": "whole", "notes": ["its code wants all rows"]}
        self.bridge.on("/v1/runs", lambda handler: (self.bridge.note(handler, read_body(handler)), send_json(handler, 200, note)))
        search = self.search("algorithm=iris")
        self.assertEqual(search.getinfo().metadata["type"], "stateful")
        reply = search.execute(b"a\n1\n")
        self.assertEqual((reply.body, reply.messages), (b"", [("INFO", "compute: its code wants all rows")]))
        self.assertEqual(b"".join(each.body for each in search.drain(b"a\n")), b"a\n1\n")
        self.assert_clean_end(search)
        self.assertEqual(len(self.bridge.to("/v1/runs")), 1)

    def test_other_columns_begin_a_segment(self) -> None:
        search = self.begun(*FIT)
        search.execute(b"a,b\n1,2")  # without a newline at its end
        search.execute(b"a,b\n3,4\n")
        search.execute(b"c\n")
        search.execute(b"c\n5\n")
        search.drain(b"a,b\n6,7\n")
        compute = self.bridge.to("/v1/compute")[0]
        self.assertEqual(compute.segments, [b"a,b\n1,2\n3,4\n", b"c\n5\n", b"a,b\n6,7\n"])

    def test_no_rows_call_with_the_header_alone(self) -> None:
        for options in (FIT, ("mode=stage", "model_name=d"), ("algorithm=iris", "type=events")):
            with self.subTest(options):
                search = self.begun(*options)
                search.execute(b"a,b\n")
                search.drain(b"a,b\n")
                self.assertEqual(self.bridge.to("/v1/compute")[-1].frames, [("T", b"a,b\n"), ("E", b"")])
                self.assert_clean_end(search)

    def test_a_fit_of_nothing_at_all_says_so_and_calls_nothing(self) -> None:
        search = self.begun(*FIT)
        self.assert_failed(search, search.execute(b"", finished=True), "found no rows")
        self.assertEqual(self.bridge.to("/v1/compute"), [])

    def test_a_summary_sends_no_rows(self) -> None:
        search = self.begun("algorithm=iris", "method=summary")
        self.assertEqual(search.execute(b"a\n1\n").metadata, {"finished": False})
        self.assertEqual(search.drain(b"a\n2\n")[-1].body, b"summary\nfine\n")
        self.assert_clean_end(search)
        compute = self.bridge.to("/v1/compute")[0]
        self.assertEqual((compute.body, compute.headers["Content-Length"], compute.query["method"]), (b"", "0", "summary"))

    def test_a_staging_answers_one_row(self) -> None:
        answer = [done(2, method="stage", dataset={"name": 'd "1"', "version": 4})]
        self.bridge.on("/v1/compute", lambda handler: (self.bridge.note(handler, read_body(handler)), send_frames(handler, answer)))
        search = self.begun("mode=stage", "model_name=d")
        replies = search.drain(b"a\n1\n2\n")
        self.assertEqual(replies[-1].body, b'status,dataset,version,rows\nstaged,"d ""1""",4,2\n')
        self.assertEqual(self.bridge.to("/v1/compute")[0].query, {"mode": "stage", "model_name": "d"})

    def test_splunkd_sees_life_while_the_bridge_computes(self) -> None:
        may_answer = threading.Event()

        def play(handler) -> None:
            read_body(handler)
            begin_frames(handler)
            send_piece(handler, frame("V", {"event": "log", "level": "info", "text": "epoch 1"}))
            may_answer.wait(20)
            send_piece(handler, frame("T", b"a\n1\n")[:6])
            send_piece(handler, frame("T", b"a\n1\n")[6:] + done(1))
            handler.wfile.write(b"0\r\n\r\n")

        self.bridge.on("/v1/compute", play)
        search = self.begun(*FIT)
        first = search.execute(b"a\n1\n", True)
        self.assertEqual((first.finished, first.body, first.messages), (False, b"", [("INFO", "epoch 1")]))
        may_answer.set()
        self.assertEqual(search.drain()[-1].body, b"a\n1\n")
        self.assert_clean_end(search)

    def test_a_large_answer_comes_in_replies_cut_at_records(self) -> None:
        rows = b"".join(b'%07d,"%s\n"\n' % (each, b"x" * 90) for each in range(10_000))
        frames = [frame("T", b"a,b\n" + rows) for _ in range(30)]
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_frames(handler, [*frames, done(300_000)])))
        search = self.begun(*FIT)
        replies = search.drain(b"a\n1\n")
        bodies = [each.body for each in replies if each.body]
        self.assertGreater(len(bodies), 5)
        self.assertTrue(all(body.startswith(b"a,b\n0000000") and body.endswith(b'"\n') for body in bodies))
        self.assertTrue(b"".join(body[4:] for body in bodies) == rows * 30)
        self.assertLess(max(map(len, bodies)), 6_000_000)
        self.assert_clean_end(search)

    def test_an_empty_result_is_an_answer(self) -> None:
        self.bridge.on("/v1/compute", lambda handler: (read_body(handler), send_frames(handler, [frame("T", b"\n"), done(0)])))
        search = self.begun(*FIT)
        self.assertEqual([each.body for each in search.drain(b"a\n1\n")], [b""])
        self.assert_clean_end(search)

    def test_an_error_while_uploading_ends_it_at_once(self) -> None:
        def refuse(handler) -> None:
            problem = {"detail": "The call names no algorithm.", "hint": "Add one.", "code": "BAD_CALL"}
            handler.rfile.readline()  # not the body
            send_json(handler, 400, problem, "application/problem+json")
            enough.wait(20)

        enough = threading.Event()
        self.addCleanup(enough.set)
        self.bridge.on("/v1/compute", refuse)
        search = self.begun(*FIT)
        body = b"a\n" + b"0123456789\n" * 3_000_000  # more than the sockets' buffers take
        reply = search.execute(body)
        while reply.error is None:
            reply = search.execute(body)
        self.assert_failed(search, reply, "The call names no algorithm. Add one.")

    def test_rows_that_come_while_uploading_block_nothing(self) -> None:
        """A bridge that answers before it has read: neither side may wait for the other."""

        def eager(handler) -> None:
            begin_frames(handler)
            for _ in range(40):
                send_piece(handler, frame("T", b"a\n" + b"y" * 1_000_000 + b"\n"))
            read_body(handler)
            send_piece(handler, done(1))
            handler.wfile.write(b"0\r\n\r\n")

        self.bridge.on("/v1/compute", eager)
        search = self.begun(*FIT)
        for _ in range(3):
            search.execute(b"a\n" + b"0123456789\n" * 1_000_000)
        self.assertEqual(sum(each.body.count(b"\n") - 1 for each in search.drain() if each.body), 40)
        self.assert_clean_end(search)


if __name__ == "__main__":
    unittest.main()
