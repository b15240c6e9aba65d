"""Rows in: from frames or a file to a DataFrame, by pandas' rules or by known types."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from . import few
from .arriving import Arriving
from .arrow_in import ArrowParser
from .arrow_stream import whole_stream
from .columns import chosen_columns, plan_of
from .failures import BadRows
from .frames import CANCEL, END, PARAM, SEGMENT, TABLE, Wire
from .held import Held
from .interrupts import Cancelled
from .typed import TypedParser

# Threads cost more than the work on so few rows.
FEW_BYTES = 1 << 16
# What types stand for those that Arrow brings: of other widths, or pandas' own.
ALIKE: dict[str, Callable[[Any], bool]] = {
    "float64": pd.api.types.is_float_dtype,
    "uint64": pd.api.types.is_unsigned_integer_dtype,
    "int64": pd.api.types.is_integer_dtype,
    "bool": pd.api.types.is_bool_dtype,
    "datetime64[ns]": lambda dtype: isinstance(dtype, np.dtype) and dtype.kind == "M",
    "object": pd.api.types.is_string_dtype,
}
# Objects that come by Arrow alone, as pandas calls them: no type of ours is theirs.
ARROW_OWN = frozenset(("bytes", "date", "datetime", "decimal", "time", "timedelta"))


class Input:
    """The table frames of one call."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.is_over = False
        # Of a call that began without: it comes after the rows.
        self.param: str | None = None
        # A thread that reads the frames, if there is one: it may be waiting for the next.
        self.reader: threading.Thread | None = None
        # Pieces that `few` read in vain; None where the segment ended.
        self._read_on: deque[bytes | None] = deque()

    def few(self) -> bytes | None:
        """All rows, when they are few and one segment; else None, and nothing is taken. Waits until either is known."""
        pieces: list[bytes] = []
        size = 0
        while size < FEW_BYTES and (piece := self._next()) is not None:
            pieces.append(piece)
            size += len(piece)
        if self.is_over:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._read_on.extend(pieces if size >= FEW_BYTES else [*pieces, None])
        return None

    def pieces(self) -> Iterator[bytes]:
        """Payloads of table frames until the segment's end, which may be the input's (`is_over`). Cancelled when the sender gave up."""
        while (piece := self._next()) is not None:
            yield piece

    def _next(self) -> bytes | None:
        """The payload of the next table frame; None at the segment's end."""
        if self._read_on:
            return self._read_on.popleft()
        while not self.is_over:
            kind, payload = self._wire.frame()
            if kind == TABLE:
                return payload
            if kind == SEGMENT:
                return None
            if kind == PARAM:
                self.param = payload.decode()
                continue
            self.is_over = True
            if kind == CANCEL:
                raise Cancelled
            if kind != END:
                raise EOFError("a frame came that has no place in an input")
        return None

    def read(self) -> list[bytes]:
        """All of it, by segments."""
        segments: list[bytes] = []
        while not self.is_over:
            segments.append(b"".join(self.pieces()))
        return segments

    def hold(self, arriving: Arriving) -> list[Held]:
        """All of it, by segments, held until it is known who reads it. `arriving` gets the first segment's pieces while they come."""
        segments: list[Held] = []
        while not self.is_over:
            held = Held()
            for piece in self.pieces():
                held.add(piece)
                if not segments:
                    arriving.take(piece)
            segments.append(held)
        return segments

    def drain(self) -> None:
        """Read what is left, so that the next frame is the next call."""
        if self.reader is not None:
            self.reader.join()
        while not self.is_over:
            kind, _ = self._wire.frame()
            self.is_over = kind in (END, CANCEL)


@dataclass
class Table:
    """What was read: the frame, how many rows came, and notes for the receipt."""

    frame: pd.DataFrame
    received: int
    notes: list[str] = field(default_factory=list)
    # Whether it was read in the quick way for few rows (few.py).
    is_quick: bool = False


def read_table(asked: Mapping[str, Any], data: bytes) -> Table:
    """A whole table from its bytes. BadRows, or what pandas raises of rows that it cannot read."""
    if asked["format"] == "arrow":
        return _arrow(asked, data)
    if is_guessed(asked):
        return _quick(asked, data) or chosen_table(pd.read_csv(io.BytesIO(data)), asked)
    return _typed(asked, data)


def is_guessed(asked: Mapping[str, Any]) -> bool:
    """Whether types are to be guessed as pandas guesses them."""
    return asked["format"] == "csv" and asked["types"] is None and asked["untyped"] == "guess"


def _quick(asked: Mapping[str, Any], data: bytes) -> Table | None:
    """A few rows of guessed types; None when they are left to pandas, faults included."""
    if len(data) > few.MOST_BYTES:
        return None
    try:
        plan = plan_of(data, asked)
    except (BadRows, ValueError):  # text that is no UTF-8 among them
        return None
    quick = plan.shape and few.read(data[plan.end :], plan.shape)
    return Table(quick[0], len(quick[0]), is_quick=True) if quick else None


def _arrow(asked: Mapping[str, Any], data: bytes) -> Table:
    parser = ArrowParser(asked)
    frame = parser.parse(whole_stream(data))
    return Table(frame, len(frame), parser.notes())


def _typed(asked: Mapping[str, Any], data: bytes) -> Table:
    plan = plan_of(data, asked)
    quick = few.read(data[plan.end :], plan.shape) if plan.shape and len(data) <= few.MOST_BYTES else None
    if quick is not None and not quick[1]:
        return Table(quick[0], len(quick[0]), [*plan.notes], True)
    keep, unknown = plan.keep, plan.unknown
    parser = TypedParser(plan.names, plan.types, [name for name in keep if name in plan.types], bool(asked.get("fitted")))
    if quick is not None:
        return Table(parser.took(*quick), len(quick[0]), [*plan.notes, *parser.notes()], True)
    frame = parser.parse(memoryview(data)[plan.end :])
    if not keep:
        frame = frame[keep]
    if unknown:
        # Columns that no type is known of are guessed, as without types.
        guessed = pd.read_csv(io.BytesIO(data), usecols=unknown)
        if len(guessed) != len(frame) and parser.rows:
            raise BadRows("Blank lines are among the rows, so the columns of known types and the others do not match.")
        frame = pd.concat([frame.reset_index(drop=True), guessed], axis=1)[keep] if len(keep) > len(unknown) else guessed[keep]
    return Table(frame, len(frame), [*plan.notes, *parser.notes()])


def chosen_table(frame: pd.DataFrame, asked: Mapping[str, Any]) -> Table:
    """The columns that the call wants. BadRows when one is missing."""
    names = [str(name) for name in frame.columns]
    keep = chosen_columns(names, asked)
    return Table(frame if keep == names else frame[keep], len(frame))


def signature_of(frame: pd.DataFrame, all_kinds: bool = False) -> list[dict[str, str]]:
    """Names and types of a frame's columns, as the contract names types. A column without a value has no known type, and is left out, as is one of a type that Arrow alone brings.

    `all_kinds`: the latter are objects.
    """
    other = "object" if all_kinds else None
    kinds = [(str(name), _kind_of(frame.iloc[:, at], other)) for at, name in enumerate(frame.columns)]
    return [{"name": name, "type": kind} for name, kind in kinds if kind is not None]


def _kind_of(column: pd.Series, other: str | None) -> str | None:
    if len(column) > 0 and column.isna().all():
        return None
    dtype, types = column.dtype, pd.api.types
    if dtype == object:
        held = types.infer_dtype(column, skipna=True)
        return "bool" if held == "boolean" else other if held in ARROW_OWN else "object"  # truths with gaps
    if isinstance(dtype, pd.CategoricalDtype):
        return other
    for kind, is_such in ALIKE.items():
        if is_such(dtype):
            return kind
    return other
