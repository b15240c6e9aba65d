"""Parsing CSV by known types, without guessing: `007` stays text where it was text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from .failures import BadRows

NA_WORDS = sorted(pd._libs.parsers.STR_NA_VALUES)  # type: ignore[attr-defined]
MISFIT = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?(?:CSV conversion error to (.+?): invalid value '(.*)'|(.*))", re.DOTALL)
SHAPE = re.compile(r"Expected (\d+) columns, got (\d+)")


def header_of(data: bytes | bytearray) -> tuple[list[str], int]:
    """Column names of the first record and its length in bytes, its line end included."""
    end = record_end(data)
    text = bytes(data[:end]).decode("utf-8-sig")
    return next(csv.reader(io.StringIO(text)), []), end


def record_end(data: bytes | bytearray) -> int:
    """Where the first record ends; -1 when its line end is not among the bytes."""
    at = -1
    while True:
        at = data.find(b"\n", at + 1)
        if at < 0:
            return len(data)
        if data.count(b'"', 0, at) % 2 == 0:
            return at + 1


def last_record_end(data: bytes | bytearray) -> int:
    """Just after the last line end that is not within quotes; 0 when there is none."""
    at = data.rfind(b"\n")
    if data.find(b'"') < 0:
        return at + 1
    while at >= 0 and data.count(b'"', 0, at) % 2 == 1:
        at = data.rfind(b"\n", 0, at)
    return at + 1


class TypedParser:
    """Parses records of one header. Types: what pandas calls them (contract/manifest.ts, ColumnType)."""

    def __init__(self, names: Sequence[str], types: Mapping[str, str], keep: Sequence[str]) -> None:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        self._names = list(names)
        self._keep = list(keep)
        self._types = {name: types[name] for name in keep}
        arrow = {"object": pa.string(), "bool": pa.bool_(), "datetime64[ns]": pa.timestamp("ns")}
        self._csv = arrow_csv
        self._convert = arrow_csv.ConvertOptions(
            column_types={name: arrow.get(kind) or getattr(pa, kind)() for name, kind in self._types.items()},
            include_columns=self._keep,
            null_values=NA_WORDS,
            strings_can_be_null=True,
            true_values=["True", "TRUE", "true"],
            false_values=["False", "FALSE", "false"],
        )
        self.rows = 0
        self.widened: dict[str, int] = {}

    def parse(self, records: bytes | memoryview, threads: bool = False) -> pd.DataFrame:
        """Whole records, without header, to a frame of the kept columns. BadRows names row (from 1) and column."""
        import pyarrow as pa

        if len(records) == 0:
            return self._empty()
        try:
            table = self._csv.read_csv(
                pa.py_buffer(records),
                read_options=self._csv.ReadOptions(use_threads=threads, column_names=self._names, block_size=max(len(records), 1)),
                parse_options=self._csv.ParseOptions(newlines_in_values=b'"' in bytes(records) if len(records) < 1 << 26 else True),
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
