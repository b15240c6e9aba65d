"""What the bytes go through: splunkd's chunks, the bridge's frames and answers, first records; and words made of them."""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
import unittest
from datetime import datetime, timezone
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "splunk-app", "bin"))

from compute_bridge.address import Address  # noqa: E402
from compute_bridge.answer import Answer  # noqa: E402
from compute_bridge.chunks import Splunkd  # noqa: E402
from compute_bridge.failure import Failure  # noqa: E402
from compute_bridge.frames import FrameReader  # noqa: E402
from compute_bridge.header import columns, record_end  # noqa: E402
from compute_bridge.log import Log  # noqa: E402
from compute_bridge.peer import Peer  # noqa: E402
from compute_bridge.pipes import widen  # noqa: E402
from compute_bridge.receipt import in_words  # noqa: E402
from compute_bridge.token import Grant  # noqa: E402
from cut_bytes import Dribble, some_bytes  # noqa: E402
from played_bridge import frame, receipt  # noqa: E402
from played_search import chunk  # noqa: E402


class Chunks(unittest.TestCase):
    def test_requests_come_back_however_they_are_cut(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            bodies = [some_bytes(draw, 600) for _ in range(draw.randrange(1, 5))]
            data = b"".join(chunk({"n": "ü%d" % each, "finished": bool(each)}, body) for each, body in enumerate(bodies))
            splunkd = Splunkd(Dribble(data, draw), io.BytesIO())
            for each, body in enumerate(bodies):
                request = splunkd.next()
                self.assertEqual((request.metadata["n"], request.finished, request.size), ("ü%d" % each, bool(each), len(body)))
                if draw.random() < 0.3:
                    continue  # not read: dropped by what comes next
                header = splunkd.header()
                end = record_end(body)
                self.assertEqual(header, body if end < 0 else body[:end])
                view = memoryview(bytearray(len(body) + 5))
                self.assertEqual((splunkd.read(view), bytes(view[: len(body)])), (len(body), body))
            self.assertIsNone(splunkd.next())

    def test_input_cut_anywhere_is_a_failure(self) -> None:
        data = chunk({"action": "execute"}, b"a,b\n1,2\n")
        for size in range(1, len(data)):
            splunkd = Splunkd(io.BytesIO(data[:size]), io.BytesIO())
            with self.assertRaises(Failure):
                splunkd.next()
                splunkd.skip()

    def test_what_is_no_chunk(self) -> None:
        for data in (b"GET / HTTP/1.1\n", b"chunked 1.0,x,0\n", b"chunked 1.0,2\n{}", b"chunked 1.0,-2,0\n", b"chunked 1.0,3,0\n[1]", b"chunked 1.0,2,0\n{x", b"x" * 999):
            with self.subTest(data), self.assertRaises(Failure):
                Splunkd(io.BytesIO(data), io.BytesIO()).next()

    @unittest.skipUnless(sys.platform.startswith("linux"), "pipes have a size that can be asked for on Linux alone")
    def test_a_large_chunk_makes_the_pipes_larger(self) -> None:
        import fcntl

        def sizes_after(size: int, before: int) -> list:
            ends = [io.FileIO(end, mode) for pair in (os.pipe(), os.pipe()) for end, mode in zip(pair, "rw")]
            with ends[0], ends[1], ends[2], ends[3]:
                source, sink = ends[0], ends[3]
                for each in (source, sink):
                    fcntl.fcntl(each.fileno(), 1031, before)
                ends[1].write(b"chunked 1.0,2,%d\n{}" % size)
                self.assertEqual(Splunkd(source, sink).next().size, size)
                return [fcntl.fcntl(each.fileno(), 1032) for each in (source, sink)]

        self.assertEqual(sizes_after(3_000_000, 65536), [262144] * 2)
        self.assertEqual(sizes_after(3_000_000, 524288), [524288] * 2)
        self.assertEqual(sizes_after(300_000, 65536), [65536] * 2)
        with tempfile.TemporaryFile() as file:
            widen(file, io.BytesIO(), object())  # Neither is a pipe.

    def test_one_reply_to_one_request(self) -> None:
        sink = io.BytesIO()
        splunkd = Splunkd(io.BytesIO(chunk({}, b"rest")), sink)
        with self.assertRaises(RuntimeError):
            splunkd.reply({})
        splunkd.next()
        with self.assertRaises(RuntimeError):
            splunkd.reply({})  # before the request was read
        splunkd.skip()
        splunkd.reply({"x": "ü"}, 4, [b"a\n", b"1\n"])
        with self.assertRaises(RuntimeError):
            splunkd.reply({})
        self.assertEqual(sink.getvalue(), b'chunked 1.0,14,4\n{"x":"\\u00fc"}a\n1\n')


class Frames(unittest.TestCase):
    def test_frames_come_back_however_they_are_cut(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            sent = [(draw.choice("TVDF"), some_bytes(draw, 300)) for _ in range(draw.randrange(1, 6))]
            data = b"".join(frame(kind, payload) for kind, payload in sent)
            reader, found, open_table = FrameReader(), [], b""
            while data:
                size = draw.randrange(1, 100)
                for kind, payload, is_last in reader.feed(data[:size]):
                    open_table += payload
                    if is_last:
                        found.append((kind.decode(), open_table))
                        open_table = b""
                data = data[size:]
            self.assertEqual(found, sent)
            self.assertTrue(reader.is_at_boundary)

    def test_bytes_that_are_no_frames(self) -> None:
        for data in (b"<html>", frame("C", b"{}"), b"T\xff\xff\xff\xff"):
            with self.subTest(data), self.assertRaises(Failure):
                list(FrameReader().feed(data))


class Scripted:
    """A connection that has these pieces to give."""

    def __init__(self, *pieces, room: int = 4096) -> None:
        self.pieces = list(pieces)
        self.room = bytearray(room)
        self.peer = Peer("The bridge", Address("https://bridge.example"))

    def receive(self, view, seconds):
        if not self.pieces:
            return None
        piece, rest = self.pieces[0][: len(view)], self.pieces[0][len(view) :]
        self.pieces[:1] = [rest] if rest else []
        view[: len(piece)] = piece
        return len(piece)


class Answers(unittest.TestCase):
    def test_bodies_of_every_kind_however_they_are_cut(self) -> None:
        heads = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n"
        for data in (
            heads + b"Content-Length: 10\r\n\r\n0123456789",
            heads + b"Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\nTrailer: x\r\n\r\n",
            heads + b"\r\n0123456789",
        ):
            for size in (1, 2, 3, 7, 1000):
                pieces = [data[at : at + size] for at in range(0, len(data), size)]
                answer = Answer(Scripted(*pieces, b""))
                self.assertEqual((answer.whole(1), answer.status, answer.headers["x"]), (b"0123456789", 200, "y"))
                self.assertTrue(answer.ended)

    def test_bodies_larger_than_the_room_come_back_from_the_same_room(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            chunks = [some_bytes(draw, 300) + b"." for _ in range(draw.randrange(1, 9))]
            body = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
            data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body
            cuts = sorted(draw.sample(range(1, len(data)), min(len(data) - 1, draw.randrange(30))))
            pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)])]
            answer, came = Answer(Scripted(*pieces, b"", room=draw.randrange(64, 200))), b""
            self.assertTrue(answer.head(1))
            while not answer.ended:
                came += answer.read(1)
            self.assertEqual(came, b"".join(chunks))

    def test_a_line_longer_than_the_room_is_no_http(self) -> None:
        for data in (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 999, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 999):
            with self.subTest(data[:60]), self.assertRaises(Failure) as raised:
                Answer(Scripted(data, room=100)).whole(1)
            self.assertIn("no HTTP", raised.exception.message)

    def test_bodies_that_stop(self) -> None:
        for data in (b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n"):
            with self.subTest(data), self.assertRaises(Failure):
                Answer(Scripted(data, b"")).whole(1)

    def test_no_body_and_kept_connections(self) -> None:
        for head, keeps in [(b"204 No Content\r\n\r\n", True), (b"200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", False)]:
            answer = Answer(Scripted(b"HTTP/1.1 " + head))
            self.assertEqual((answer.whole(1), answer.keeps_connection), (b"", keeps))


class Records(unittest.TestCase):
    def test_the_first_record(self) -> None:
        for data, end in [(b"a,b\n1", 4), (b'"a\n""b\n",c\n1', 11), (b"a", -1), (b"", -1), (b'"a\n', -1), (b"a\r\nb", 3)]:
            self.assertEqual(record_end(data), end, data)

    def test_columns(self) -> None:
        self.assertEqual(columns(b'"a b",__mv_a,"x\n""y""",\xc3\xbc\r\n'), ["a b", 'x\n"y"', "ü"])
        self.assertEqual(columns(b""), [])


class Words(unittest.TestCase):
    def test_when_a_token_ends(self) -> None:
        draw = random.Random(1)
        for _ in range(300):
            ends = draw.randrange(2_000_000_000)
            now = ends - 60 + draw.choice([-86400, -1, 0, 1, 86400, draw.randrange(-(10**8), 10**8)])
            text = datetime.fromtimestamp(ends, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.123Z")
            with mock.patch("compute_bridge.token.time.time", return_value=max(0, now)):
                grant = Grant({"address": "", "token": "", "expires_at": text})
                self.assertEqual(grant.is_ending, ends - max(0, now) < 60, (text, now))
        for text in ("2026-11-21", "", None):
            self.assertFalse(Grant({"address": "", "token": "", "expires_at": text}).is_ending, text)

    def test_a_receipt(self) -> None:
        self.assertEqual(
            in_words(receipt(150, model={"name": "m", "version": 3}, notes=["Column a came as text."])),
            "apply of iris with model m, version 3: 150 rows received, 150 used, 150 returned, computed on cpu in 0.25 s; "
            "run r1, code v1. Column a came as text.",
        )
        self.assertEqual(in_words({}), "call.")

    def test_a_log_is_lines_of_pairs_and_rotates(self) -> None:
        with tempfile.TemporaryDirectory() as home:
            folder = os.path.join(home, "var", "log", "splunk")
            os.makedirs(folder)
            log = Log(home)
            log.facts["sid"] = "1.2"
            log.error("x", text='a "b"\n\\c', gone=None)
            path = os.path.join(folder, "compute_bridge.log")
            with open(path) as file:
                line = file.read()
            self.assertRegex(line, r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=ERROR part=command event="x" sid="1\.2" pid="\d+" text="a \\"b\\" \\\\c"\n$')
            with open(path, "ab") as file:
                file.truncate(11 * 1024 * 1024)
            log.info("full")
            log.info("fresh")
            self.assertEqual(sorted(os.listdir(folder)), ["compute_bridge.log", "compute_bridge.log.1"])
            self.assertLess(os.path.getsize(path), 1000)
        log.info("nowhere")  # A log that cannot be written ends nothing.


if __name__ == "__main__":
    unittest.main()
