"""Parsing CSV by known types, without guessing: `007` stays text where it was text."""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import few
from .failures import BadRows

NA_WORDS = sorted(pd._libs.parsers.STR_NA_VALUES)  # type: ignore[attr-defined]
NA_SET = frozenset(NA_WORDS)
MISFIT = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?(?:CSV conversion error to (.+?): invalid value '(.*)'|(.*))", re.DOTALL)
OPEN = re.compile(r"EOF inside string starting at row (\d+)")
SHAPE = re.compile(r"Expected (\d+) columns, got (\d+)")


def header_of(data: bytes | bytearray) -> tuple[list[str], int]:
    """Column names of the first record that is not blank, and where it ends, its line end included.

    BadRows, in pandas' words, when there is none.
    """
    start, end = _first_line(data), record_end(data)
    names = next(csv.reader(io.StringIO(bytes(data[start:end]).decode("utf-8-sig"))), [])
    if not names:
        raise BadRows("No columns to parse from file")
    return names, end


def has_record(data: bytes | bytearray) -> bool:
    """Whether a record is among the bytes that is not blank and whose line end is known."""
    return _first_line(data) < len(data) and record_end(data) < len(data)


def record_end(data: bytes | bytearray) -> int:
    """Where the first record that is not blank ends; all of the bytes when its line end is not among them."""
    at = _first_line(data)
    quotes = 0
    while True:
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        quotes += data.count(b'"', at, end)
        if quotes % 2 == 0:
            return end + 1
        at = data.find(b'"', end)
        if at < 0:
            return len(data)


def last_record_end(data: bytes | bytearray) -> int:
    """Just after the last line end that is not within quotes; 0 when there is none.

    Quotes are counted, so a value that holds one must be quoted and double it (RFC 4180).
    """
    at = data.rfind(b"\n")
    quotes = data.count(b'"', 0, max(at, 0))
    while at >= 0 and quotes % 2 == 1:
        before = data.rfind(b"\n", 0, data.rfind(b'"', 0, at))
        quotes -= data.count(b'"', max(before, 0), at)
        at = before
    return at + 1


def _first_line(data: bytes | bytearray) -> int:
    """Where the first line begins that is not blank."""
    at = 0
    while at < len(data) and data[at] in b"\r\n":
        at += 1
    return at


class TypedParser:
    """Parses records of one header. Types: what pandas calls them (contract/manifest.ts, ColumnType)."""

    def __init__(self, names: Sequence[str], types: Mapping[str, str], keep: Sequence[str]) -> None:
        self._names = list(names)
        self._keep = list(keep)
        self._types = {name: types[name] for name in keep}
        self.rows = 0
        self.widened: dict[str, int] = {}

    @functools.cached_property
    def _convert(self) -> Any:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        arrow = {"object": pa.string(), "bool": pa.bool_(), "datetime64[ns]": pa.timestamp("ns")}
        return arrow_csv.ConvertOptions(
            column_types={name: arrow.get(kind) or getattr(pa, kind)() for name, kind in self._types.items()},
            include_columns=self._keep,
            null_values=NA_WORDS,
            strings_can_be_null=True,
            true_values=["True", "TRUE", "true"],
            false_values=["False", "FALSE", "false"],
        )

    def parse(self, records: bytes | memoryview, threads: bool = False) -> pd.DataFrame:
        """Whole records, without header, to a frame of the kept columns. BadRows names row (from 1) and column."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        if len(records) == 0:
            return self._empty()
        few_rows = few.parse(bytes(records), self._names, self._types, NA_SET) if len(records) <= few.MOST_BYTES else None
        if few_rows is not None:
            self.rows += len(few_rows)
            return few_rows
        if bytes(records).count(b'"') % 2 == 1:
            self._refuse_open_quote(records)
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(records),
                read_options=arrow_csv.ReadOptions(use_threads=threads, column_names=self._names, block_size=max(len(records), 1)),
                parse_options=arrow_csv.ParseOptions(newlines_in_values=b'"' in bytes(records) if len(records) < 1 << 26 else True),
                convert_options=self._convert,
            )
        except pa.ArrowInvalid as error:
            raise BadRows(self._said(str(error))) from None
        frame = table.to_pandas(ignore_metadata=True)
        for name, kind in self._types.items():
            column = table.column(name)
            if column.null_count == 0:
                continue
            if kind in ("int64", "uint64", "bool"):
                self.widened[name] = self.widened.get(name, 0) + column.null_count
            if kind in ("object", "bool"):
                frame[name] = frame[name].astype(object).where(frame[name].notna(), np.nan)
        self.rows += len(frame)
        return frame

    def _refuse_open_quote(self, records: bytes | memoryview) -> None:
        """Arrow takes all that follows an open quote for one value. pandas does not, and tells where it opens."""
        opened = open_quote(records, len(self._names))
        if opened is not None:
            raise BadRows(f"Row {self.rows + opened}: a quote opens that is not closed.")

    def _empty(self) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in self._types.items()}, columns=self._keep)

    def _said(self, text: str) -> str:
        shape = SHAPE.search(text)
        if shape:
            row = re.search(r"Row #(\d+)", text)
            where = f"Row {self.rows + int(row[1])}" if row else "A row"
            return f"{where} has {shape[2]} values, the header has {shape[1]} columns."
        misfit = MISFIT.search(text)
        if not misfit:
            return text
        column = self._names[int(misfit[1])]
        where = f"Row {self.rows + int(misfit[2])}" if misfit[2] else "A row"
        value = misfit[4] if misfit[4] is not None else misfit[5]
        return f"{where}, column {column}: {value!r} is no {self._types.get(column, 'value of its type')}."

    def notes(self) -> list[str]:
        """What was widened, for the receipt."""
        return [f"Column {name} has {count} empty values, so it came as {wider(self._types[name])}." for name, count in self.widened.items()]


def wider(kind: str) -> str:
    """What pandas makes of a type once a value is missing."""
    return "object" if kind == "bool" else "float64"


def open_quote(records: bytes | memoryview, width: int) -> int | None:
    """In which record, from 1, of `width` values a quote opens that is not closed; None when there is none."""
    if bytes(records).count(b'"') % 2 == 0:
        return None
    try:
        pd.read_csv(io.BytesIO(records), header=None, names=range(width), dtype=str, index_col=False)
    except pd.errors.ParserError as error:
        opened = OPEN.search(str(error))
        return int(opened[1]) + 1 if opened else None
    return None
