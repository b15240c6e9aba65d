"""Where rows wait: memory first, then a file; kept chunks, and replies."""

from __future__ import annotations

import io
import os
import random
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "splunk-app", "bin"))

from compute_bridge import kept as kept_module  # noqa: E402
from compute_bridge import replies as replies_module  # noqa: E402
from compute_bridge.chunks import Request, Splunkd  # noqa: E402
from compute_bridge.failure import Failure  # noqa: E402
from compute_bridge.header import record_end  # noqa: E402
from compute_bridge.kept import Kept  # noqa: E402
from compute_bridge.memory import Memory  # noqa: E402
from compute_bridge.replies import Replies  # noqa: E402
from compute_bridge.spool import Spool  # noqa: E402
from cut_bytes import Dribble, some_bytes  # noqa: E402
from played_search import chunk  # noqa: E402


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


if __name__ == "__main__":
    unittest.main()
