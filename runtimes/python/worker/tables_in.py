"""Rows in: from frames or a file to a DataFrame, by pandas' rules or by known types."""

from __future__ import annotations

import difflib
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from . import few
from .failures import BadRows
from .frames import CANCEL, END, PARAM, SEGMENT, TABLE, Wire
from .interrupts import Cancelled
from .records import header_of
from .typed import TypedParser

COLUMN_TYPES = ("int64", "uint64", "float64", "bool", "datetime64[ns]")


class Input:
    """The table frames of one call."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.is_over = False
        # Of a call that began without: it comes after the rows.
        self.param: str | None = None
        # A thread that reads the frames, if there is one: it may be waiting for the next.
        self.reader: threading.Thread | None = None

    def pieces(self) -> Iterator[bytes]:
        """Payloads of table frames until the segment's end, which may be the input's (`is_over`). Cancelled when the sender gave up."""
        while not self.is_over:
            kind, payload = self._wire.frame()
            if kind == TABLE:
                yield payload
                continue
            if kind == SEGMENT:
                return
            if kind == PARAM:
                self.param = payload.decode()
                continue
            self.is_over = True
            if kind == CANCEL:
                raise Cancelled
            if kind != END:
                raise EOFError("a frame came that has no place in an input")

    def read(self) -> list[bytes]:
        """All of it, by segments."""
        segments = []
        while not self.is_over:
            pieces = list(self.pieces())
            segments.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
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


def read_table(asked: Mapping[str, Any], data: bytes) -> Table:
    """A whole table from its bytes. BadRows, or what pandas raises of rows that it cannot read."""
    if asked["format"] == "arrow":
        return _chosen(_arrow(data), asked)
    if asked["types"] is None and asked["untyped"] == "guess":
        quick = few.guess(data)
        return _chosen(pd.read_csv(io.BytesIO(data)) if quick is None else quick, asked)
    return _typed(asked, data)


def _arrow(data: bytes) -> pd.DataFrame:
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
        return stream.read_all().to_pandas()


def _typed(asked: Mapping[str, Any], data: bytes) -> Table:
    names, end, named = header_of(data)
    keep = chosen_columns(names, asked)
    types, said = types_of(keep, asked["types"], asked["untyped"])
    unknown = [name for name in keep if name not in types]
    parser = TypedParser(names, types, [name for name in keep if name in types], bool(asked.get("fitted")))
    frame = parser.parse(memoryview(data)[end:])
    if not keep:
        frame = frame[keep]
    if unknown:
        # Columns that no type is known of are guessed, as without types.
        guessed = pd.read_csv(io.BytesIO(data), usecols=unknown)
        if len(guessed) != len(frame) and parser.rows:
            raise BadRows("Blank lines are among the rows, so the columns of known types and the others do not match.")
        frame = pd.concat([frame.reset_index(drop=True), guessed], axis=1)[keep] if len(keep) > len(unknown) else guessed[keep]
    return Table(frame, len(frame), [*named, *said, *parser.notes()])


def types_of(keep: Sequence[str], types: Mapping[str, str] | None, untyped: str) -> tuple[Mapping[str, str], list[str]]:
    """Types of columns, and a note when `untyped` is `text` and that is what some of them came as."""
    known = types or {}
    unknown = [name for name in keep if name not in known]
    if untyped == "guess" or not unknown:
        return known, []
    return {**known, **dict.fromkeys(unknown, "object")}, [f"The types of some columns are not known, so they came as text: {', '.join(unknown)}"]


def _chosen(frame: pd.DataFrame, asked: Mapping[str, Any]) -> Table:
    names = [str(name) for name in frame.columns]
    keep = chosen_columns(names, asked)
    return Table(frame if keep == names else frame[keep], len(frame))


def chosen_columns(names: Sequence[str], asked: Mapping[str, Any]) -> list[str]:
    """Columns that the call wants, in its order. BadRows names one that is missing and the nearest there is."""
    is_left_out = is_multivalue if asked["dropMultivalue"] else lambda _: False
    fields = asked["fields"]
    if fields is None:
        return [name for name in names if not is_left_out(name)]
    for wanted in fields:
        if wanted not in names:
            near = difflib.get_close_matches(wanted, names, 1, 0)
            raise BadRows(f"The rows have no column {wanted}.{f' The nearest is {near[0]}.' if near else ''}")
    return [name for name in fields if not is_left_out(name)]


def is_multivalue(name: str) -> bool:
    """Whether it is how Splunk names the column with all values of a multivalue field."""
    return name.startswith("__mv_")


def signature_of(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Names and types of a frame's columns, as the contract names types. A column without a value has no known type, and is left out."""
    kinds = [(str(name), _kind_of(frame.iloc[:, at])) for at, name in enumerate(frame.columns)]
    return [{"name": name, "type": kind} for name, kind in kinds if kind is not None]


def _kind_of(column: pd.Series) -> str | None:
    if len(column) > 0 and column.isna().all():
        return None
    kind = str(column.dtype)
    if kind == "object" and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
        return "bool"  # with gaps
    return kind if kind in COLUMN_TYPES else "object"
