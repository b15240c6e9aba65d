"""A row-wise apply: parts of one run, in lock step."""

from __future__ import annotations

import os
import time
import unittest

from played_bridge import begin_frames, done, frame, read_body, send_frames, send_json, send_piece
from story import Story

APPLY = ("algorithm=iris", "method=apply")
ROWS = b"a,b\n1,2\n3,4\n"


class Parts(Story):
    def test_each_chunk_is_answered_with_its_rows(self) -> None:
        search = self.begun(*APPLY)
        replies = [search.execute(b"a,b\n%d,2\n" % each) for each in range(3)]
        self.assertEqual([each.body for each in replies], [b"a,b\n%d,2\n" % each for each in range(3)])
        self.assertFalse(any(each.finished for each in replies))
        last = search.execute(b"a,b\n", True)
        self.assertTrue(last.finished)
        self.assertEqual(last.body, b"")
        self.assertIn("7 rows received, 7 used, 7 returned, computed on cpu in 0.25 s", last.messages[-1][1])
        self.assert_clean_end(search)
        self.assertEqual(
            self.bridge.paths(),
            ["/services/compute_bridge/token", "/v1/runs", "/v1/runs/r1/parts/1", "/v1/runs/r1/parts/2", "/v1/runs/r1/parts/3", "/v1/runs/r1/end"],
        )  # fmt: skip

    def test_says_who_asks(self) -> None:
        search = self.begun(*APPLY, "environment=Docker", 'k="v w"', sid="scheduler__alice__x_at_1_2")
        search.execute(ROWS)
        search.drain()
        asked, part = self.bridge.to("/v1/runs$")[0], self.bridge.to("/parts/")[0]
        self.assertEqual(asked.query, {"algorithm": "iris", "method": "apply", "environment": "default", "k": "v w"})
        self.assertEqual(asked.body, b'{"columns": ["a", "b"]}')
        for each in (asked, part):
            self.assertEqual(each.headers["Authorization"], "Bearer s3cret-of-this-search")
            self.assertEqual(each.headers["Compute-Search"], "scheduler__alice__x_at_1_2")
            self.assertEqual((each.headers["Compute-App"], each.headers["Compute-Scheduled"]), ("search", "true"))
            self.assertNotIn("Compute-Timeout", each.headers)
        self.assertEqual((part.query, part.headers["Content-Type"], part.body), ({}, "text/csv", ROWS))
        token = self.bridge.to("token")[0]
        self.assertEqual((token.headers["Authorization"], token.body), ("Splunk session-key-of-alice", b"verb=apply"))

    def test_says_until_when_where_the_search_may_not_take_longer(self) -> None:
        search = self.begun(*APPLY)
        with open(os.path.join(search.folder, "status.csv"), "w") as file:
            file.write("state,start,max_time\nRUNNING,%.3f,600\n" % time.time())
        search.execute(ROWS)
        for asked in self.bridge.to("/v1/runs"):
            self.assertGreater(int(asked.headers["Compute-Timeout"]), 300)
            self.assertLessEqual(int(asked.headers["Compute-Timeout"]), 600)

    def test_header_only_chunks_are_answered_without_the_bridge(self) -> None:
        search = self.begun(*APPLY)
        self.assertEqual(search.execute(b"a,b\n").metadata, {"finished": False})
        self.assertEqual(search.execute().metadata, {"finished": False})
        self.assertEqual(self.bridge.asked, [])
        search.execute(ROWS)
        self.assertEqual(search.execute(b"a,b\n").body, b"")
        search.drain(b"a,b\n")
        self.assert_clean_end(search)
        self.assertEqual(len(self.bridge.to("/parts/")), 1)

    def test_no_rows_at_all_call_nothing(self) -> None:
        search = self.begun(*APPLY)
        self.assertEqual(search.execute(b"a,b\n", True).metadata, {"finished": True})
        self.assert_clean_end(search)
        self.assertEqual(self.bridge.asked, [])

    def test_columns_may_change_and_frames_of_one_header_are_joined(self) -> None:
        self.bridge.on("/parts/1$", lambda handler: (read_body(handler), send_frames(handler, [frame("T", b"x\n1\n"), frame("T", b"x\n2\n"), done(2)])))
        self.bridge.on("/parts/2$", lambda handler: (read_body(handler), send_frames(handler, [frame("T", b'"y\ny",z\n"1\n",2\n'), done(1)])))
        search = self.begun(*APPLY)
        self.assertEqual(search.execute(ROWS).body, b"x\n1\n2\n")
        self.assertEqual(search.execute(b'c,__mv_c\n"1\n2",$1$;$2$\n').body, b'"y\ny",z\n"1\n",2\n')

    def test_a_part_with_two_headers_is_answered_in_two_replies(self) -> None:
        self.bridge.on("/parts/1$", lambda handler: (read_body(handler), send_frames(handler, [frame("T", b"x\n1\n"), frame("T", b"y\n2\n"), done(2)])))
        search = self.begun(*APPLY)
        self.assertEqual([each.body for each in search.drain(ROWS)], [b"x\n1\n", b"y\n2\n"])
        self.assert_clean_end(search)

    def test_lines_progress_and_notes_reach_the_inspector_and_the_log(self) -> None:
        def play(handler) -> None:
            read_body(handler)
            events = [
                {"event": "log", "level": "warning", "text": 'odd "{rows}"'},
                {"event": "progress", "done": 1, "total": 4},
                {"event": "progress", "done": 3, "total": 4, "text": "nearly"},
                {"event": "metric", "name": "loss", "value": 0.5, "step": 1},
                {"event": "later"},
            ]
            send_frames(handler, [frame("V", each) for each in events] + [frame("T", b"x\n1\n"), done(1)])

        self.bridge.on("/parts/", play)
        search = self.begun(*APPLY)
        reply = search.execute(ROWS)
        self.assertEqual(reply.messages, [("WARN", 'odd "{rows}"'), ("INFO", "compute: 3 of 4 nearly")])
        self.assertIn('name="loss" value="0.500"', search.log)
        self.assertIn('text="odd \\"{rows}\\""', search.log)

    def test_a_lost_connection_and_503_send_the_part_again(self) -> None:
        def cut(handler) -> None:
            self.bridge.note(handler, read_body(handler))
            begin_frames(handler)
            send_piece(handler, frame("T", b"x\nhalf\n"))
            handler.close_connection = True

        def busy(handler) -> None:
            self.bridge.note(handler, read_body(handler))
            send_json(handler, 503, {"detail": "busy", "hint": "", "code": "STOPPING"}, "application/problem+json")

        self.bridge.on("/parts/1$", busy, 1)
        self.bridge.on("/parts/1$", cut, 1)
        search = self.begun(*APPLY)
        self.assertEqual(search.execute(ROWS).body, ROWS)
        self.assertEqual([each.path for each in self.bridge.to("/parts/")], ["/v1/runs/r1/parts/1"] * 3)
        self.assertEqual({each.body for each in self.bridge.to("/parts/")}, {ROWS})
        search.drain()
        self.assert_clean_end(search)

    def test_a_failing_notebook_is_told_with_its_cell_and_ends_the_run(self) -> None:
        record = {
            "code": "CODE_FAILED", "message": "apply() of iris ended with KeyError: '{b}' \"x\"\nsecond line",
            "hint": "Look in cell 3, line 2 of its notebook, mend it and save.", "details": {"cell": 3, "line": 2},
        }  # fmt: skip
        self.bridge.on("/parts/", lambda handler: (read_body(handler), send_frames(handler, [frame("F", record)])))
        search = self.begun(*APPLY)
        self.assert_failed(search, search.execute(ROWS), "KeyError: '{b}' \"x\" second line", "cell 3, line 2", "mend it")
        self.assertEqual(len(self.bridge.to("/cancel")), 1)

    def test_a_token_that_the_bridge_no_longer_takes_is_renewed_once(self) -> None:
        def refuse(handler) -> None:
            read_body(handler)
            send_json(handler, 401, {"detail": "This token is not known here.", "code": "UNAUTHORIZED"}, "application/problem+json")

        self.bridge.on("/parts/2$", refuse, 1)
        search = self.begun(*APPLY)
        search.execute(ROWS)
        self.assertEqual(search.execute(ROWS).body, ROWS)
        self.assertEqual(len(self.bridge.to("token")), 2)

    def test_a_token_that_ends_soon_is_renewed_before_it_is_used(self) -> None:
        self.bridge.grant = {"expires_at": "2020-01-01T00:00:00.000Z"}
        search = self.begun(*APPLY)
        search.execute(ROWS)
        asked = len(self.bridge.to("token"))
        self.bridge.grant = {"expires_at": "2100-01-01T00:00:00.000Z"}
        search.execute(ROWS)
        search.execute(ROWS)
        self.assertGreater(asked, 0)
        self.assertEqual(len(self.bridge.to("token")), asked + 1)

    def test_a_chunk_beyond_the_memory_goes_through_whole_and_again(self) -> None:
        body = b"a,b\n" + b"".join(b"%07d,%s\n" % (each, b"x" * 90) for each in range(90_000))
        self.bridge.on("/parts/1$", lambda handler: (self.bridge.note(handler, read_body(handler)), send_json(handler, 502, {})), 1)
        search = self.begun(*APPLY)
        reply = search.execute(body)
        self.assertTrue(reply.body == body)
        self.assertTrue(all(each.body == body for each in self.bridge.to("/parts/")))
        self.assertEqual(len(self.bridge.to("/parts/")), 2)

    def test_a_bridge_that_is_busy_meanwhile_gets_the_part_again_from_its_start(self) -> None:
        def busy(handler) -> None:
            handler.rfile.read(1000)
            send_json(handler, 503, {"detail": "busy", "hint": "", "code": "QUEUE_FULL"}, "application/problem+json")
            handler.close_connection = True

        self.bridge.on("/parts/1$", busy, 1)
        search = self.begun(*APPLY)
        body = b"a,b\n" + b"".join(b"%d,2\n" % each for each in range(700_000))
        self.assertTrue(search.execute(body).body == body)
        search.drain()
        self.assert_clean_end(search)


if __name__ == "__main__":
    unittest.main()
