"""Parsing CSV by known types, without guessing: `007` stays text where it was text."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import few
from .failures import BadRows
from .pandas_inside import Layout, frame_of
from .quotes import ends_in_quotes
from .texts import holds, unmarked
from .whole import is_surely_decimal, whole_numbers

NA_WORDS = sorted(few.NA_SET)
MISFIT = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?(?:CSV conversion error to (.+?): invalid value '(.*)'|(.*))", re.DOTALL)
WHOLE = ("int64", "uint64")
NUMBERS = frozenset((*WHOLE, "float64"))
# Below it every whole number is a float.
EXACT = 2.0**53
OPEN = re.compile(r"EOF inside string starting at row (\d+)")
SHAPE = re.compile(r"Expected (\d+) columns, got (\d+)")


class TypedParser:
    """Parses records of one header. Types: what pandas calls them (contract/manifest.ts, ColumnType).

    `fitted`: they are what a fit saw. From the first block on that holds another number, a column of whole ones is float64.
    """

    def __init__(
        self, names: Sequence[str], types: Mapping[str, str], keep: Sequence[str], fitted: bool = False, shape: few.Shape | None = None
    ) -> None:
        self._names = list(names)
        self._shape = shape
        self._keep = list(keep)
        self._given = {name: types[name] for name in keep}
        self._types = dict(self._given)
        self._fitted = fitted
        self.rows = 0
        # Whether a word for a missing value was among numbers.
        self._has_words = False
        # How many values were missing of types that cannot lack any, and how many a whole type could not hold, by column.
        self.empties: dict[str, int] = {}
        self.decimals: dict[str, int] = {}
        # The latter of the records at hand, where their text had to tell.
        self._unfit: dict[str, int] = {}

    def parse(self, records: bytes | memoryview, threads: bool = False, is_closed: bool = False) -> pd.DataFrame:
        """Whole records, without header, to a frame of the kept columns. BadRows names row (from 1) and column.

        `is_closed`: they are known not to end in quotes.
        """
        if len(records) == 0:
            return self._empty()
        if len(records) <= few.MOST_BYTES:
            self._shape = self._shape or few.shape_of(self._names, self._keep, self._types)
            quick = few.read(bytes(records), self._shape)
            if quick is not None:
                return self.took(*quick)
        import pyarrow as pa

        if not is_closed and holds(records, b'"') and ends_in_quotes(records):
            self._refuse_open_quote(records)
        try:
            table = self._read(records, self._types, threads)
        except pa.ArrowInvalid as error:
            if not self._has_words:
                self._has_words = True
                return self.parse(records, threads, True)
            bad = self._said(str(error))
            if not self._fitted or bad.misfit is None or self._types[bad.misfit] not in WHOLE:
                raise bad from None
            table = self._read_decimals(records, threads)
        numbers = self._numbers(table)
        if numbers is not None:
            return self._counted(numbers)
        frame = table.to_pandas(ignore_metadata=True)
        for name, kind in self._given.items():
            column = table.column(name)
            if column.null_count == 0:
                continue
            if kind in (*WHOLE, "bool"):
                self.empties[name] = self.empties.get(name, 0) + column.null_count
            if kind in ("object", "bool"):
                frame[name] = frame[name].astype(object).where(frame[name].notna(), np.nan)
        return self._counted(frame)

    def _numbers(self, table: Any) -> pd.DataFrame | None:
        """The table as a frame, if it holds floats alone: what comes most, and in an eighth of pyarrow's time."""
        names = list(self._types)
        if not names:
            return None
        for name, column in zip(names, table.columns, strict=True):
            if self._types[name] != "float64" or (column.null_count > 0 and self._given[name] != "float64"):
                return None
        values = np.empty((table.num_columns, table.num_rows))
        for row, column in zip(values, table.columns, strict=True):
            row[:] = column.to_numpy()
        return frame_of(Layout(names, ["float64"] * len(names)), [values], table.num_rows)

    def _read(self, records: bytes | memoryview, types: Mapping[str, str], threads: bool) -> Any:
        """An Arrow table of the columns of `types`; ArrowInvalid when they do not fit."""
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        return arrow_csv.read_csv(
            pa.py_buffer(unmarked(records)),
            read_options=arrow_csv.ReadOptions(use_threads=threads, column_names=self._names, block_size=max(len(records), 1)),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=holds(records, b'"')),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: arrow_type(kind) for name, kind in types.items()},
                include_columns=list(types),
                # Looking for words costs a seventh of the time; where numbers alone are expected, one that is there is a misfit at first.
                null_values=NA_WORDS if self._has_words or not NUMBERS.issuperset(types.values()) else [""],
                strings_can_be_null=True,
                true_values=["True", "TRUE", "true"],
                false_values=["False", "FALSE", "false"],
            ),
        )

    def _read_decimals(self, records: bytes | memoryview, threads: bool) -> Any:
        """The same with all whole columns as floats first; those that prove to be whole are made so again, in one go for all."""
        import pyarrow as pa
        from pyarrow import compute

        wide = {name: "float64" if kind in WHOLE else kind for name, kind in self._types.items()}
        try:
            table = self._read(records, wide, threads)
        except pa.ArrowInvalid as error:
            raise self._said(str(error)) from None
        columns = table.columns
        for at, (name, kind) in enumerate(self._types.items()):
            if kind not in WHOLE:
                continue
            values = columns[at].to_numpy()
            # All but those that are missing; a NaN that is none is not less, either.
            is_known = int((np.abs(values) < EXACT).sum()) == len(values) - columns[at].null_count
            whole = None
            if not is_surely_decimal(values, kind).any():
                whole = compute.cast(columns[at], arrow_type(kind)) if is_known else self._exact(records, name, kind)
            if whole is None:
                self._types[name] = "float64"
                self._shape = None
                self.decimals[name] = 0
            elif whole.null_count == 0:
                columns[at] = whole
        return pa.table(columns, names=table.column_names)

    def _exact(self, records: bytes | memoryview, name: str, kind: str) -> Any:
        """One column of numbers that floats cannot tell apart; None when its type cannot hold some of them, which are counted."""
        import pyarrow as pa

        try:
            return self._read(records, {name: kind}, False).column(name)
        except pa.ArrowInvalid:  # some are not written as whole numbers, or are none
            texts = self._read(records, {name: "object"}, False).column(name).to_pylist()
        numbers, unfit = whole_numbers(texts, kind)
        if unfit == 0:
            return pa.chunked_array([pa.array(numbers, arrow_type(kind))])
        self._unfit[name] = unfit
        return None

    def took(self, frame: pd.DataFrame, empties: Mapping[str, int]) -> pd.DataFrame:
        """Counts what was read without this parser, and how many values were missing there; gives the frame back."""
        for name, count in empties.items():
            self.empties[name] = self.empties.get(name, 0) + count
        for name in self.decimals:
            missing = int(frame[name].isna().sum())
            if missing:
                self.empties[name] = self.empties.get(name, 0) + missing
        return self._counted(frame)

    def _counted(self, frame: pd.DataFrame) -> pd.DataFrame:
        self.rows += len(frame)
        for name in self.decimals:
            unfit = self._unfit.pop(name, None)
            self.decimals[name] += int(is_surely_decimal(frame[name].to_numpy(), self._given[name]).sum()) if unfit is None else unfit
        return frame

    def _refuse_open_quote(self, records: bytes | memoryview) -> None:
        """Arrow takes all that follows an open quote for one value. pandas does not, and tells where it opens."""
        opened = open_quote(records, len(self._names))
        if opened is not None:
            raise BadRows(f"Row {self.rows + opened}: a quote opens that is not closed.")

    def _empty(self) -> pd.DataFrame:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in self._types.items()}, columns=self._keep)

    def _said(self, text: str) -> BadRows:
        shape = SHAPE.search(text)
        if shape:
            row = re.search(r"Row #(\d+)", text)
            where = f"Row {self.rows + int(row[1])}" if row else "A row"
            return BadRows(f"{where} has {shape[2]} values, the header has {shape[1]} columns.")
        misfit = MISFIT.search(text)
        if not misfit:
            return BadRows(text)
        column = self._names[int(misfit[1])]
        where = f"Row {self.rows + int(misfit[2])}" if misfit[2] else "A row"
        if misfit[5] is not None and "UTF8" in misfit[5]:
            return BadRows(f"{where}, column {column}: the text is no UTF-8. Send the rows as UTF-8.")
        value = misfit[4] if misfit[4] is not None else misfit[5]
        return BadRows(f"{where}, column {column}: {value!r} is no {self._given.get(column, 'value of its type')}.", column if column in self._given else None)

    def widened(self) -> dict[str, str]:
        """Columns whose type is not the given one any more, and what it is now."""
        return {name: kind for name, kind in self._types.items() if kind != self._given[name]}

    def notes(self) -> list[str]:
        """What was widened, for the receipt."""
        return [
            *(f"Column {name} has {count} empty values, so it came as {wider(self._given[name])}." for name, count in self.empties.items()),
            *(f"Column {name}, fitted on whole numbers, has {count} decimal numbers, so it came as float64." for name, count in self.decimals.items()),
        ]


def arrow_type(kind: str) -> Any:
    """What Arrow calls a type of the contract."""
    import pyarrow as pa

    named = {"object": pa.string(), "bool": pa.bool_(), "datetime64[ns]": pa.timestamp("ns")}
    return named.get(kind) or getattr(pa, kind)()


def wider(kind: str) -> str:
    """What pandas makes of a type once a value is missing."""
    return "object" if kind == "bool" else "float64"


def open_quote(records: bytes | memoryview, width: int) -> int | None:
    """In which record, from 1, of `width` values a quote opens that is not closed; None when there is none."""
    if not ends_in_quotes(records):
        return None
    try:
        pd.read_csv(io.BytesIO(records), header=None, names=range(width), dtype=str, index_col=False)
    except pd.errors.ParserError as error:
        opened = OPEN.search(str(error))
        return int(opened[1]) + 1 if opened else None
    return None
