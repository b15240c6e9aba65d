"""Answers that call nothing: previews of what must happen once, parsing, and what comes after the user stopped the search."""

from __future__ import annotations

from .chunks import Request, Splunkd


class Reply:
    """
    What splunkd is answered.

    :ivar finished: only ever true when splunkd has sent its last chunk: it would drop what is left of its rows
    """

    def __init__(self, finished: bool, size: int = 0, body: object = ()) -> None:
        self.finished = finished
        self.size = size
        self.body = body


class Idle:
    def step(self, splunkd: Splunkd, request: Request) -> Reply:
        splunkd.skip()
        return Reply(request.finished)

    def cancel(self) -> None:
        pass
