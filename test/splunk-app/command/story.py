"""What the tests of the command share: a bridge, searches, and what must hold for every one of them."""

from __future__ import annotations

import unittest

from played_bridge import SECRET, PlayedBridge
from played_search import SESSION, PlayedSearch

CLEAN = (0, b"", b"")


class Story(unittest.TestCase):
    rows = "parts"

    def setUp(self) -> None:
        self.bridge = PlayedBridge(rows=self.rows)
        self.addCleanup(self.bridge.close)

    def search(self, *options: str, **more) -> PlayedSearch:
        more.setdefault("uri", self.bridge.address)
        search = PlayedSearch(*options, **more)
        self.addCleanup(search.close)
        return search

    def begun(self, *options: str, **more) -> PlayedSearch:
        """A search after its getinfo, which must have worked."""
        search = self.search(*options, **more)
        info = search.getinfo()
        self.assertIsNone(info.error)
        return search

    def assert_clean_end(self, search: PlayedSearch) -> None:
        self.assertEqual(search.end(), CLEAN)
        self.assertNotIn(SECRET, search.log)
        self.assertNotIn(SESSION, search.log)

    def assert_failed(self, search: PlayedSearch, reply, *words: str) -> None:
        """One sentence in the search bar, told as the protocol wants it, and a clean end."""
        self.assertIsNotNone(reply.error, reply.metadata)
        self.assertTrue(reply.finished)
        self.assertLess(reply.order.index("inspector"), reply.order.index("error"))
        self.assertIn(("ERROR", reply.error), reply.messages)
        self.assertNotIn("\n", reply.error)
        self.assertEqual(reply.body, b"")
        for word in words:
            self.assertIn(word, reply.error)
        self.assertNotIn(SECRET, str(reply.metadata))
        self.assertNotIn(SESSION, str(reply.metadata))
        self.assert_clean_end(search)
