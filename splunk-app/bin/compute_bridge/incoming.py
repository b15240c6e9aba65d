"""An answer in frames, as it comes: rows to the replies, lines to the inspector, at last the receipt or the error."""

from __future__ import annotations

import json
import time

from .advice import from_record
from .bridge import Bridge
from .frames import DONE, FAILED, TABLE, FrameReader, broken
from .messages import Messages
from .replies import Replies

#: For the end of the body behind the last frame, so that the connection can be used again.
_TAIL_SECONDS = 0.2


class Incoming:
    """
    The answer to the bridge's last request.

    :ivar receipt: once the call has succeeded
    """

    def __init__(self, bridge: Bridge, replies: Replies, messages: Messages) -> None:
        self._bridge = bridge
        self._answer = bridge.answer
        self._replies = replies
        self._messages = messages
        self._frames = FrameReader()
        self._came_at = time.monotonic()
        self.receipt: dict | None = None

    def early(self) -> None:
        """Takes what came while the request was being sent: an error ends the sending. :raises Failure: that error"""
        self.read(0)

    def read(self, seconds: float, enough: float = float("inf")) -> bool:
        """
        Reads until the answer is whole, `enough` bytes of rows wait, or the time is over.

        :returns: whether the answer is whole
        :raises Failure: what the bridge says; an answer that is cut or cannot be read
        """
        until = time.monotonic() + seconds
        if self.receipt is not None or not self._answer.head(seconds):
            return self.receipt is not None
        if self._answer.is_refusal:
            raise self._bridge.refusal()
        while self.receipt is None and self._replies.size < enough:
            piece = self._answer.read(until - time.monotonic())
            if piece is None:
                return False
            if not len(piece):
                raise self._answer.peer.cut("its last frame is missing")
            self._came_at = time.monotonic()
            for kind, payload, is_last in self._frames.feed(piece):
                self._take(kind, payload, is_last)
        if self.receipt is not None:
            self._answer.read(_TAIL_SECONDS)
        return self.receipt is not None

    def wait(self, seconds: float) -> dict:
        """The receipt. :param seconds: without any sign of life"""
        while not self.read(min(seconds, 1.0)):
            self.check_late(seconds)
        return self.receipt or {}

    def check_late(self, seconds: float) -> None:
        """:raises Failure: when nothing has come for so long"""
        if time.monotonic() - self._came_at > seconds:
            raise self._answer.peer.late(seconds)

    def _take(self, kind: bytes, payload: bytes | memoryview, is_last: bool) -> None:
        if kind == TABLE:
            self._replies.add(payload, is_last)
            return
        if kind not in (DONE, FAILED):
            self._messages.event(payload)
            return
        try:
            said = json.loads(payload)
        except ValueError:
            raise broken("its last frame is no JSON") from None
        if not isinstance(said, dict):
            raise broken("its last frame is no JSON object")
        if kind == FAILED:
            raise from_record(said)
        receipt = said.get("receipt")
        self.receipt = receipt if isinstance(receipt, dict) else {}
