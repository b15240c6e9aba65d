"""Row-wise applies: rows come, are computed and go in blocks, so that memory stays the same whatever their number.

A reader thread parses, the main thread computes (signals reach it alone), a writer thread formats and sends.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from .failures import Failed, NoTable, phase
from .frames import TABLE, Wire
from .interrupts import Cancelled
from .records import has_record, header_of, last_record_end
from .tables_in import Input, chosen_columns
from .tables_out import ArrowOut, to_csv, to_frame
from .typed import TypedParser

BLOCK_BYTES = 2 << 20
# Threads cost more than the work on so few rows.
FEW_BYTES = 1 << 16
AHEAD = 2

Compute = Callable[[pd.DataFrame], Any]


class Blocks:
    """The rows of one call as parsed blocks; or all bytes, when the types of some column are not known."""

    def __init__(self, source: Input, asked: Mapping[str, Any]) -> None:
        self.source = source
        self._pieces = source.pieces()
        self._held = bytearray()
        # So far no record ends, and so many quotes are there.
        self._searched = 0
        self._quotes = 0
        self._fill(lambda: has_record(self._held))
        names, end, self.notes = header_of(self._held)
        types = asked["types"] or {}
        keep = chosen_columns(names, asked)
        self.unknown = [name for name in keep if name not in types]
        self.is_typed = bool(keep) and not self.unknown
        if self.is_typed:
            del self._held[:end]
            self.parser = TypedParser(names, types, keep, bool(asked.get("fitted")))

    def _fill(self, is_enough: Callable[[], bool]) -> bool:
        while not is_enough():
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held += piece
        return True

    def only(self) -> pd.DataFrame | None:
        """All rows, when they are few and have all come; else None, and nothing is taken."""
        if self._fill(lambda: len(self._held) >= FEW_BYTES):
            return None
        return self.parser.parse(bytes(self._held))

    def all(self) -> bytes:
        """Everything, for a whole-table call."""
        self._fill(lambda: False)
        return bytes(self._held)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Parsed blocks of about 2 MB, cut at record ends; at least one, which may be empty."""
        is_first = True
        while True:
            more = self._fill(lambda: len(self._held) >= BLOCK_BYTES)
            end = len(self._held)
            if more and (end := self._last_end()) == 0:
                self._fill(lambda: self._last_end() > 0)
                end = self._last_end() or len(self._held)
            if end > 0 or is_first:
                yield self.parser.parse(bytes(memoryview(self._held)[:end]))
            del self._held[:end]
            self._searched, self._quotes = 0, 0
            is_first = False
            if not more:
                return

    def _last_end(self) -> int:
        """Where the last whole record ends. What was searched in vain is not searched again: a value may be of any length."""
        end = last_record_end(self._held, self._searched, self._quotes)
        if end == 0:
            self._quotes += self._held.count(b'"', self._searched)
            self._searched = len(self._held)
        return end


def apply_blocks(wire: Wire, blocks: Blocks, compute: Compute, output: str) -> int:
    """Compute and send every block. Returns the number of rows, received and returned."""
    arrow = ArrowOut(wire) if output == "arrow" else None

    def send(frame: pd.DataFrame) -> None:
        if arrow is not None:
            arrow.write(frame)
        else:
            wire.send(TABLE, to_csv(frame))

    with phase("parse"):
        only = blocks.only()
    if only is not None:
        rows = len(only)
        send(_result(compute, only))
    else:
        rows = 0
        with Ahead(blocks.frames(), blocks.source) as parsed, Behind(send) as sending:
            for frame in parsed:
                rows += len(frame)
                sending.put(_result(compute, frame))
    if arrow is not None:
        arrow.close()
    return rows


def _result(compute: Compute, frame: pd.DataFrame) -> pd.DataFrame:
    """What the block becomes: a table of as many rows."""
    rows = len(frame)
    result = compute(frame)
    with phase("result"):
        table = to_frame(result)
        if len(table) != rows:
            raise NoTable(f"a row-wise apply returned {len(table)} rows for a block of {rows}; declare options.apply whole-table if rows depend on each other")
    return table


class Ahead:
    """Runs an iterator in a thread, a few items ahead.

    Leaving it early stops it at its next item, for which it is not waited: the answer need not wait for more rows.
    """

    def __init__(self, items: Iterator[pd.DataFrame], source: Input) -> None:
        self._source = items
        self._items: queue.Queue[Any] = queue.Queue(AHEAD)
        self._stop = threading.Event()
        self._thread = source.reader = threading.Thread(target=self._run, name="rows in", daemon=True)

    def _run(self) -> None:
        try:
            for item in self._source:
                self._put(item)
                if self._stop.is_set():
                    return
            self._put(None)
        except BaseException as error:  # told to whoever iterates
            self._put(error)

    def _put(self, item: Any) -> None:
        while not self._stop.is_set():
            try:
                return self._items.put(item, timeout=0.1)
            except queue.Full:
                continue

    def __enter__(self) -> Iterator[pd.DataFrame]:
        self._thread.start()
        return self._iterate()

    def _iterate(self) -> Iterator[pd.DataFrame]:
        while (item := self._items.get()) is not None:
            if isinstance(item, (Cancelled, EOFError)):
                raise item
            if isinstance(item, BaseException):
                raise Failed("parse", item) from item
            yield item

    def __exit__(self, *_: object) -> None:
        self._stop.set()


class Behind:
    """Sends items in a thread, so that the next block is computed meanwhile."""

    def __init__(self, send: Callable[[pd.DataFrame], None]) -> None:
        self._send = send
        self._items: queue.Queue[Any] = queue.Queue(AHEAD)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="rows out", daemon=True)

    def _run(self) -> None:
        while (item := self._items.get()) is not None:
            if self._error is None:
                try:
                    self._send(item)
                except BaseException as error:  # told by `put` and at the end
                    self._error = error

    def put(self, item: pd.DataFrame) -> None:
        """Waits while two items are unsent."""
        if self._error is not None:
            raise self._error
        self._items.put(item)

    def __enter__(self) -> Behind:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._items.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error
