"""Row-wise applies: rows come, are computed and go in blocks, so that memory stays the same whatever their number.

A reader thread parses, the main thread computes (signals reach it alone), a writer thread formats and sends.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from .append import Original, ResultsOut
from .came_back import Came
from .columns import chosen_columns, plan_of, types_of
from .failures import Failed, phase
from .frames import Wire
from .interrupts import Cancelled
from .quotes import last_record_end
from .records import has_record
from .segments import refuse_repeated
from .tables_in import Input
from .tables_out import one_each, send_csv, table_of, to_csv
from .texts import is_blank, split_header
from .typed import TypedParser, wider

LONG_HEADER = 1 << 16
BLOCK_BYTES = 2 << 20
AHEAD = 2

Compute = Callable[[pd.DataFrame], Any]


@dataclass
class Block:
    """Some rows, and how they came if they are to come back."""

    frame: pd.DataFrame
    original: Original | None
    # Where the rows may come back as they came.
    came: Came | None = None


class RowBlocks(Protocol):
    """The rows of one call as parsed blocks."""

    source: Input

    def only(self) -> Block | None:
        """All rows, when they are few and have all come; else None, and nothing is taken."""

    def frames(self) -> Iterator[Block]:
        """The blocks, in order; at least one, which may be empty."""

    def returned(self, result: pd.DataFrame) -> None:
        """What a block became, for those to come."""


class Blocks:
    """The rows of one call as parsed blocks; or all bytes, when the types of some column are not known.

    A further segment is a table of its own but for this: columns that came before and that it lacks are there, empty. A column
    that came late cannot be given to blocks that were computed before.
    """

    def __init__(self, source: Input, asked: Mapping[str, Any], append: bool, output: str = "csv") -> None:
        self.source = source
        self._asked = asked
        self._append = append
        self._held = bytearray()
        # Whether rows may come back as they came: until a block became something else.
        self._keeps = not append and output == "csv"
        self._segment()
        plan = plan_of(self._held, asked)
        self.notes = [*plan.notes]
        self.unknown = plan.unknown
        self.is_typed = plan.is_typed
        if self.is_typed:
            self._names = self._written = plan.written
            self._keep = plan.keep
            self._types: Mapping[str, str] = plan.types
            del self._held[: plan.end]
            self.parser = TypedParser(plan.names, plan.types, plan.keep, bool(asked.get("fitted")), plan.shape)

    def _segment(self) -> bool:
        """Reads on to the next segment that holds anything, and its header. False when there is none."""
        while not self.source.is_over:
            self._pieces = self.source.pieces()
            if self._fill(self._has_header()) or not is_blank(self._held):
                return True
            self._held.clear()
        return False

    def _has_header(self) -> Callable[[], bool]:
        """Whether a header has come. A long one is looked for by halves, so that each byte is looked at a few times."""
        looked_at = 0

        def is_there() -> bool:
            nonlocal looked_at
            size = len(self._held)
            if LONG_HEADER < size < looked_at * 3 // 2:
                return False
            looked_at = size
            return has_record(self._held)

        return is_there

    def _begin(self) -> None:
        """Takes the header of a further segment."""
        written, end = split_header(bytes(self._held))
        refuse_repeated(written)
        refuse_repeated(self._names)
        names = list(dict.fromkeys((*self._names, *written)))
        if names != self._names or len(written) < len(names):
            self._say("The segments of the rows have different columns; each was applied with those that had come until then.")
        keep = chosen_columns(names, self._asked)
        before = self.parser
        types, said = types_of(keep, {**self._types, **before.widened()}, "text")
        for note in said:
            self._say(note)
        self._names, self._written, self._keep, self._types = names, written, keep, types
        del self._held[:end]
        # Something must be read to know how many rows there are.
        present = set(written)
        here = [name for name in keep if name in present] or written[:1]
        self.notes += before.notes()
        known = {**types, **{name: "object" for name in here if name not in types}}
        self.parser = TypedParser(written, known, here, bool(self._asked.get("fitted")))
        self.parser.rows = before.rows

    def _say(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _fill(self, is_enough: Callable[[], bool]) -> bool:
        while not is_enough():
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held += piece
        return True

    def told(self) -> list[str]:
        """What the receipt should say, once all is read."""
        return self.notes + self.parser.notes()

    def only(self) -> Block | None:
        """None: few rows of CSV are read before anybody thinks of blocks (`Input.few`)."""
        return None

    def all(self) -> list[bytes]:
        """Everything, by segments, for a whole-table call."""
        self._fill(lambda: False)
        return [bytes(self._held), *self.source.read()]

    def frames(self) -> Iterator[Block]:
        """Parsed blocks of about 2 MB, cut at record ends; at least one, which may be empty."""
        is_first = True
        while True:
            for records, is_cut in self._records():
                yield self._block(records, is_cut)
                is_first = False
            if not self._segment():
                break
            self._begin()
        if is_first:
            yield self._block(b"", True)

    def _records(self) -> Iterator[tuple[bytes, bool]]:
        """The segment's, cut at their ends, and whether it is known that one ends there: not of the last."""
        more = True
        while more:
            if (records := self._plain()) is not None:
                yield records, True
                continue
            more = self._fill(lambda: len(self._held) >= BLOCK_BYTES)
            end = len(self._held)
            while more and (end := last_record_end(self._held)) == 0:
                # A value may be of any length: by halves, so that each byte is looked at a few times.
                enough = len(self._held) * 3 // 2
                more, end = self._fill(lambda: len(self._held) >= enough), len(self._held)
            if end > 0:
                yield bytes(memoryview(self._held)[:end]), more
            del self._held[:end]

    def _plain(self) -> bytes | None:
        """The next block, copied once, if nothing of it is in quotes; None, and what came is held, where ends of records must be looked for."""
        pieces, size = [bytes(self._held)], len(self._held)
        while size < BLOCK_BYTES and (piece := next(self._pieces, None)) is not None:
            pieces.append(piece)
            size += len(piece)
        last = pieces.pop()
        end = last.rfind(b"\n") + 1
        self._held.clear()
        if size < BLOCK_BYTES or end == 0 or any(b'"' in piece for piece in (*pieces, last)):
            self._held += b"".join((*pieces, last))
            return None
        self._held += memoryview(last)[end:]
        return b"".join((*pieces, memoryview(last)[:end]))

    def _block(self, records: bytes, is_cut: bool) -> Block:
        frame = self.parser.parse(records, is_closed=is_cut)
        came = Came.of(frame, records) if self._keeps and self._names == self._written == self._keep else None
        if list(frame.columns) != self._keep:
            lacking = {name: pd.Series(np.nan, frame.index, _type_of_none(self._types[name])) for name in self._keep if name not in frame}
            frame = frame.assign(**lacking)[self._keep]
        return Block(frame, Original(self._names, self._written, records) if self._append else None, came)

    def returned(self, result: pd.DataFrame) -> None:
        """What a block became. If that may be what it came as, the next are kept for a comparison, as the first were."""
        self._keeps = not self._append and result.columns.tolist() == self._keep


def _type_of_none(kind: str) -> str:
    """What a column of this type is when all its values are missing."""
    return kind if kind in ("object", "datetime64[ns]") else wider(kind)


def apply_blocks(wire: Wire, blocks: RowBlocks, compute: Compute, output: str) -> int:
    """Compute and send every block. Returns the number of rows, received and returned."""
    out = ResultsOut(wire, output)

    def send(made: tuple[Block, pd.DataFrame]) -> None:
        block, result = made
        with phase("result"):
            text = block.came.text_of(result) if block.came is not None and output == "csv" else None
            if text is None:
                out.send(block.original, len(result), result)
            else:
                send_csv(wire, to_csv(result.iloc[:0]), text)
            if output == "csv":
                blocks.returned(result)

    with phase("parse"):
        only = blocks.only()
    if only is not None:
        rows = len(only.frame)
        result = _result(compute, only.frame)
        wire.answer_at_once()
        send((only, result))
    else:
        rows = 0
        with Ahead(blocks.frames(), blocks.source) as parsed, Behind(send) as sending:
            for block in parsed:
                rows += len(block.frame)
                sending.put((block, _result(compute, block.frame)))
    out.close()
    return rows


def _result(compute: Compute, frame: pd.DataFrame) -> pd.DataFrame:
    """What the block becomes: a table of as many rows."""
    rows = len(frame)
    result = compute(frame)
    with phase("result"):
        table = table_of(result)
        one_each(len(table), rows)
    return table


class Ahead:
    """Runs an iterator in a thread, a few items ahead.

    Leaving it early stops it at its next item, for which it is not waited: the answer need not wait for more rows.
    """

    def __init__(self, items: Iterator[Block], source: Input) -> None:
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

    def __enter__(self) -> Iterator[Block]:
        self._thread.start()
        return self._iterate()

    def _iterate(self) -> Iterator[Block]:
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

    def __init__(self, send: Callable[[Any], None]) -> None:
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

    def put(self, item: Any) -> None:
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
