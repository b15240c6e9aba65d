"""What goes to the job inspector with the next reply, and to the log: the receipt, the run's own lines, its progress."""

from __future__ import annotations

import json

from . import receipt as receipts
from .log import Log

_LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "WARN"}
#: Lines of one search that the inspector gets, and the log.
_SHOWN = 100
_LOGGED = 1000
_LINE_CHARACTERS = 2000


class Messages:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._waiting: list[list[str]] = []
        self._progress = ""
        self._lines = 0

    def add(self, level: str, text: str) -> None:
        self._waiting.append([level, " ".join(text.split())])

    def event(self, payload: bytes) -> None:
        """A line, a step or a metric of the run. An event of a kind that is not known is none of ours."""
        event = _object(payload)
        kind = event.get("event")
        if kind == "log":
            self._line(_LEVELS.get(str(event.get("level")), "INFO"), str(event.get("text")))
        elif kind == "progress":
            total = "" if event.get("total") is None else " of %s" % event["total"]
            self._progress = ("%s%s %s" % (event.get("done"), total, event.get("text") or "")).strip()
        elif kind == "metric":
            self._log.info("metric", name=event.get("name"), value=event.get("value"), step=event.get("step"))

    def receipt(self, receipt: dict) -> None:
        self.add("INFO", "compute: " + receipts.in_words(receipt))
        rows, seconds = receipt.get("rows") or {}, receipt.get("seconds") or {}
        self._log.info(
            "receipt",
            run=receipt.get("run"),
            method=receipt.get("method"),
            algorithm=receipt.get("algorithm"),
            version=receipt.get("version"),
            rows=rows.get("received"),
            rows_returned=rows.get("returned"),
            seconds=seconds.get("total"),
            seconds_queued=seconds.get("queued"),
            seconds_computing=seconds.get("computing"),
            device=receipt.get("device"),
            receipt=json.dumps(receipt, separators=(",", ":")),
        )

    def take(self) -> dict:
        """For a reply's metadata; each message once."""
        if self._progress:
            self._log.info("progress", text=self._progress)
            self.add("INFO", "compute: " + self._progress)
            self._progress = ""
        if not self._waiting:
            return {}
        messages, self._waiting = self._waiting, []
        return {"inspector": {"messages": messages}}

    def _line(self, level: str, text: str) -> None:
        self._lines += 1
        text = text[:_LINE_CHARACTERS]
        if self._lines <= _LOGGED:
            self._log.info("line", line_level=level, text=text)
        if self._lines <= _SHOWN:
            self.add(level, text)
        elif self._lines == _SHOWN + 1:
            self.add("INFO", "compute: the run prints more; its record at the bridge has the last lines.")


def _object(payload: bytes) -> dict:
    try:
        value = json.loads(payload)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
