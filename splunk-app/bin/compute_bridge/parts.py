"""A row-wise apply: each chunk is a request of its own, answered with its rows; together they are one run."""

from __future__ import annotations

import time

from .bridge import Bridge
from .chunks import Request, Splunkd
from .ends import Ends
from .failure import Failure
from .frames import MEDIA_TYPE
from .idle import Reply
from .incoming import Incoming
from .kept import Kept
from .log import Log
from .messages import Messages
from .replies import Replies

#: Seconds before a part is sent again, as often as there are of them.
PAUSES = (0.3, 1.0, 2.0)
LONGEST_PAUSE = 30.0
#: So long a search that ends waits for the bridge, at each step.
CANCEL_SECONDS = 2.0


class Parts:
    """
    :param run: the bridge's id of the run
    """

    def __init__(self, bridge: Bridge, run: str, folder: str, ends: Ends, messages: Messages, log: Log) -> None:
        self._bridge = bridge
        self._path = "/v1/runs/%s" % run
        self._ends = ends
        self._messages = messages
        self._log = log
        self._kept = Kept(folder)
        self._replies = Replies(folder)
        self._number = 0
        self._is_last = False
        self._has_ended = False

    def step(self, splunkd: Splunkd, request: Request) -> Reply:
        self._is_last = self._is_last or request.finished
        if request.left > len(splunkd.header()):
            self._kept.load(splunkd, request)
            self._number += 1
            self._send()
        else:
            splunkd.skip()
        size, body = self._replies.take(float("inf"))
        finished = self._is_last and self._replies.is_empty
        if finished and not self._has_ended:
            self._end()
        return Reply(finished, size, body)

    def cancel(self) -> None:
        """On a connection of its own: the other one may be in the middle of a part."""
        self._bridge.close()
        if not self._has_ended:
            self._bridge.ask(self._path + "/cancel", seconds=CANCEL_SECONDS)

    def _send(self) -> None:
        """The part, and again when the way to the bridge broke: the bridge counts it once."""
        is_renewed = False
        for pause in (*PAUSES, None):
            has_older = not self._replies.is_empty
            try:
                return self._exchange()
            except Failure as failure:
                is_refused = failure.code == "UNAUTHORIZED" and not is_renewed
                if pause is None or has_older or not (failure.can_retry or is_refused):
                    raise
                self._log.info("again", part=self._number, why=failure.sentence, code=failure.code)
                self._replies.clear()
                self._bridge.close()
                if is_refused:
                    is_renewed = True
                    self._bridge.forget_token()
                else:
                    self._ends.pause(min(LONGEST_PAUSE, failure.retry_after or pause))

    def _exchange(self) -> None:
        began = time.monotonic()
        headers = {"Content-Type": "text/csv", "Content-Length": str(self._kept.size), "Accept": MEDIA_TYPE}
        connection = self._bridge.post("%s/parts/%d" % (self._path, self._number), headers)
        incoming = Incoming(self._bridge, self._replies, self._messages)
        seconds = self._bridge.settings.answer_seconds
        for piece in self._kept.pieces():
            connection.send(memoryview(piece), seconds, incoming.early)
        receipt = incoming.wait(seconds)
        rows = receipt.get("rows") or {}
        self._log.info(
            "part",
            part=self._number,
            rows=rows.get("received"),
            rows_returned=rows.get("returned"),
            bytes=self._kept.size,
            seconds=time.monotonic() - began,
        )

    def _end(self) -> None:
        """All rows have been answered: when the end cannot be told, the receipt alone is missing."""
        is_renewed = False
        for is_again in (False, True):
            try:
                said = self._bridge.ask(self._path + "/end")
                break
            except Failure as failure:
                self._bridge.close()
                is_refused = failure.code == "UNAUTHORIZED" and not is_renewed
                if is_again or not (failure.can_retry or is_refused):
                    self._has_ended = True
                    self._log.error("end", code=failure.code, text=failure.sentence)
                    self._messages.add("WARN", "compute: all rows were answered, but the bridge's receipt did not come. %s" % failure.message)
                    return
                if is_refused:
                    is_renewed = True
                    self._bridge.forget_token()
        self._has_ended = True
        receipt = said.get("receipt")
        if isinstance(receipt, dict):
            self._messages.receipt(receipt)
