"""What the bytes go through: splunkd's chunks, the bridge's frames and answers, waiting rows, first records."""

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

from compute_bridge import kept as kept_module  # noqa: E402
from compute_bridge import replies as replies_module  # noqa: E402
from compute_bridge.address import Address  # noqa: E402
from compute_bridge.answer import Answer  # noqa: E402
from compute_bridge.chunks import Request, Splunkd  # noqa: E402
from compute_bridge.failure import Failure  # noqa: E402
from compute_bridge.frames import FrameReader  # noqa: E402
from compute_bridge.header import columns, record_end  # noqa: E402
from compute_bridge.kept import Kept  # noqa: E402
from compute_bridge.log import Log  # noqa: E402
from compute_bridge.memory import Memory  # noqa: E402
from compute_bridge.peer import Peer  # noqa: E402
from compute_bridge.pipes import widen  # noqa: E402
from compute_bridge.receipt import in_words  # noqa: E402
from compute_bridge.replies import Replies  # noqa: E402
from compute_bridge.spool import Spool  # noqa: E402
from compute_bridge.token import Grant  # noqa: E402
from played_bridge import frame, receipt  # noqa: E402
from played_search import chunk  # noqa: E402


class Dribble(io.RawIOBase):
    """Gives its bytes in pieces of any size."""

    def __init__(self, data: bytes, draw: random.Random) -> None:
        self.data, self.draw = data, draw

    def readinto(self, view) -> int:
        size = min(len(view), len(self.data), self.draw.randrange(1, 200))
        view[:size], self.data = self.data[:size], self.data[size:]
        return size


def some_bytes(draw: random.Random, limit: int) -> bytes:
    return bytes(draw.choices(b'a,"\n\r1', k=draw.randrange(limit)))


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


class Waiting(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_bytes_come_back_in_order_from_memory_and_file(self) -> None:
        for seed in range(100):
            draw = random.Random(seed)
            spool, put, got, kept = Spool(self.folder, draw.randrange(50)), b"", b"", 0
            for _ in range(60):
                if draw.random() < 0.6:
                    piece = bytes(draw.randrange(256) for _ in range(draw.randrange(1, 30)))
                    spool.append(piece)
                    put, kept = put + piece, kept + len(piece)
                else:
                    size = draw.randrange(kept + 1)
                    got, kept = got + b"".join(spool.take(size)), kept - size
            got += b"".join(spool.take(kept))
            self.assertEqual(got, put)
            spool.close()
        self.assertEqual(os.listdir(self.folder), [])

    def test_memory_gives_back_what_it_took_from_few_blocks(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            memory, put, got = Memory(draw.randrange(1, 40)), b"", b""
            for _ in range(80):
                if draw.random() < 0.5:
                    piece = some_bytes(draw, 60)
                    memory.append(memoryview(piece))
                    put += piece
                elif memory.size:
                    taken = []  # All of a reply's pieces hold until more is added.
                    for _ in range(draw.randrange(1, 4)):
                        if memory.size:
                            taken.append(memory.take(draw.randrange(1, 50)))
                    got += b"".join(taken)
                self.assertEqual(memory.size, len(put) - len(got))
            while memory.size:
                got += memory.take(10**9)
            self.assertEqual(got, put)

    def test_memory_is_used_again(self) -> None:
        memory = Memory(10)
        memory.append(b"x" * 25)
        blocks = [memory.take(10).obj for _ in range(3)]
        memory.append(b"y" * 35)
        again = [memory.take(10).obj for _ in range(3)]
        self.assertEqual({id(each) for each in again}, {id(each) for each in blocks})
        memory.clear()
        self.assertEqual(memory.size, 0)
        memory.append(b"z")
        self.assertEqual(bytes(memory.take(5)), b"z")

    def test_a_kept_chunk_comes_whole_each_time_also_when_it_was_left_early(self) -> None:
        for seed in range(60):
            draw = random.Random(seed)
            body = draw.choice([some_bytes(draw, 900), b"x" * 700])
            with mock.patch.multiple(kept_module, _MEMORY_BYTES=draw.randrange(1, 400), _PIECE_BYTES=draw.randrange(1, 90)):
                splunkd, kept = Splunkd(Dribble(chunk({}, body) + chunk({}, body[::-1]), draw), io.BytesIO()), Kept(self.folder)
                for expected in (body, body[::-1]):
                    request = splunkd.next()
                    splunkd.header()
                    kept.load(splunkd, request)
                    for _ in range(draw.randrange(4)):
                        begun = b""
                        for piece in kept.pieces():
                            begun += piece
                            if draw.random() < 0.3:
                                break
                        self.assertEqual(begun, expected[: len(begun)])
                    self.assertEqual(b"".join(bytes(each) for each in kept.pieces()), expected)
                    self.assertEqual((kept.size, request.left), (len(expected), 0))
                kept.load(splunkd, Request({}, 0))  # Its file is closed.

    def test_chunks_of_about_one_size_are_kept_in_the_same_memory(self) -> None:
        sizes = (900_000, 900_100, 899_000, 917_504)
        splunkd, kept = Splunkd(io.BytesIO(b"".join(chunk({}, b"x" * size) for size in sizes)), io.BytesIO()), Kept(self.folder)
        rooms = set()
        for size in sizes:
            kept.load(splunkd, splunkd.next())
            self.assertEqual(len(b"".join(kept.pieces())), size)
            rooms.update(id(piece.obj) for piece in kept.pieces())
        self.assertEqual(len(rooms), 1)

    def test_a_folder_that_is_not_there(self) -> None:
        with self.assertRaises(Failure):
            Spool(os.path.join(self.folder, "none"), 0).append(b"x")

    def test_replies_hold_whole_frames_with_a_header(self) -> None:
        for seed in range(200):
            draw = random.Random(seed)
            tables = [(b'h%d,"x\n%s"\n' % (draw.randrange(3), b"w" * draw.choice([0, 0, 5000, 20_000])), b"".join(b"%d\n" % row for row in range(draw.randrange(6)))) for _ in range(9)]
            replies = Replies(self.folder)
            for header, rows in tables:
                data = header + rows
                while len(data) > 3 and draw.random() < 0.7:
                    size = draw.randrange(1, len(data))
                    replies.add(data[:size], False)
                    data = data[size:]
                replies.add(data, True)
            rows = {}
            limit = draw.choice([1, 5, float("inf")])
            while not replies.is_empty:
                size, body = replies.take(limit)
                data = b"".join(body)
                self.assertEqual(len(data), size)
                end = record_end(data)
                rows[data[:end]] = rows.get(data[:end], b"") + data[end:]
            self.assertEqual(replies.size, 0)
            for header in {each for each, _ in tables}:
                self.assertEqual(rows.get(header, b""), b"".join(part for each, part in tables if each == header))

    def test_rows_without_a_newline_at_their_end_do_not_run_together(self) -> None:
        replies = Replies(self.folder)
        replies.add(b"a\n1", True)
        replies.add(b"a\n2", True)
        self.assertEqual(b"".join(replies.take(replies_module.REPLY_BYTES)[1]), b"a\n1\n2\n")


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
