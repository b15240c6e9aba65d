"""A method of which only the bridge knows whether it works row by row: it is asked once, with the first rows."""

from __future__ import annotations

from .bridge import Bridge
from .call import Call
from .chunks import Request, Splunkd
from .ends import Ends
from .failure import Failure
from .header import columns
from .idle import Idle, Reply
from .log import Log
from .messages import Messages
from .parts import CANCEL_SECONDS, LONGEST_PAUSE, PAUSES, Parts
from .whole import Whole


class Stateful:
    def __init__(self, bridge: Bridge, call: Call, folder: str, ends: Ends, messages: Messages, log: Log) -> None:
        self._bridge = bridge
        self._call = call
        self._folder = folder
        self._ends = ends
        self._messages = messages
        self._log = log
        self._way: Idle | Parts | Whole = Idle()
        self._is_asked = False
        self._is_asking = False

    def step(self, splunkd: Splunkd, request: Request) -> Reply:
        if not self._is_asked:
            header = splunkd.header()
            if request.left > len(header):
                self._is_asked = True
                self._way = self._ask(header)
                self._is_asking = False
        return self._way.step(splunkd, request)

    def cancel(self) -> None:
        """A run that is just being opened has no name yet: the answer is waited for."""
        if self._is_asking and isinstance(self._way, Idle):
            self._way = self._way_of(self._bridge.said(CANCEL_SECONDS))
        self._way.cancel()

    def _ask(self, header: bytes) -> Parts | Whole:
        return self._way_of(self._open({"columns": columns(header)}))

    def _way_of(self, said: dict) -> Parts | Whole:
        run, way = said.get("run"), said.get("rows")
        self._log.info("asked", run=run, way=way, algorithm=said.get("algorithm"), version=said.get("version"))
        for note in said.get("notes") or []:
            self._messages.add("INFO", "compute: %s" % note)
        if run and way == "parts":
            self._log.facts["run"] = run
            return Parts(self._bridge, str(run), self._folder, self._ends, self._messages, self._log)
        return Whole(self._bridge, self._call, self._folder, self._messages)

    def _open(self, value: dict) -> dict:
        """Sent again as parts are: a run that was opened twice ends by itself, and nothing was computed."""
        for pause in (*PAUSES, None):
            try:
                path = "/v1/runs?" + self._bridge.query
                self._is_asking = True
                return self._bridge.ask(path, value)
            except Failure as failure:
                self._is_asking = False
                if pause is None or not failure.can_retry:
                    raise
                self._log.info("again", why=failure.sentence, code=failure.code)
                self._bridge.close()
                self._ends.pause(min(LONGEST_PAUSE, failure.retry_after or pause))
        raise AssertionError
