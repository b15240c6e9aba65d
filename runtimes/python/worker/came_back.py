"""Rows that come back as they came, whose text is then what came: to write numbers anew takes many times longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import column_arrays

# What numbers are written with that may be given back, and what separates them.
PLAIN = b"0123456789.,-e\n"
MINUS, DOT, ZERO, EXPONENT = b"-.0e"
# With a dot, 15 digits: no two such numbers are the same float, so that nothing shorter than such a text reads back equal.
MOST_CHARACTERS = 16
# Below it numbers have an exponent.
LEAST = 1e-4
# So many of those are looked at one by one.
FEW_EXPONENTS = 1000

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Came:
    """A block of rows: all of their columns, and the text that they were read from, without a header."""

    names: Sequence[str]
    columns: Sequence[Array]
    records: bytes

    @classmethod
    def of(cls, frame: pd.DataFrame, records: bytes) -> Came | None:
        """What is kept of a block that code is about to get, and may change. None when it holds anything but floats."""
        arrays = column_arrays(frame)
        if not arrays or any(values.dtype != np.float64 for values in arrays):
            return None
        return cls(frame.columns.tolist(), [values.copy() for values in arrays], records if records.endswith(b"\n") else records + b"\n")

    def text_of(self, result: pd.DataFrame) -> bytes | None:
        """The records, if they are what `to_csv` writes of the result's rows; None when it must be asked."""
        if type(result) is not pd.DataFrame or result.columns.tolist() != self.names:
            return None
        for values, came in zip(column_arrays(result), self.columns, strict=True):
            if type(values) is not np.ndarray or values.dtype != np.float64 or not np.array_equal(values.view(np.int64), came.view(np.int64)):
                return None
        return self.records if self._is_as_written() else None

    def _is_as_written(self) -> bool:
        """Whether each number is spelt as Python spells it: the fewest digits, one at least on both sides of a dot."""
        text = self.records
        if text.translate(None, PLAIN):
            return False
        data = np.frombuffer(text, np.uint8)
        # Commas and line ends come before all others.
        ends = np.flatnonzero(data < MINUS)
        if len(ends) != sum(map(len, self.columns)):
            return False
        begins = np.empty_like(ends)
        begins[0], begins[1:] = 0, ends[:-1] + 1
        lengths = ends - begins
        # Of an empty value, and of one digit, there is no text before or after the dot.
        if lengths.min() < 3 or lengths.max() > MOST_CHARACTERS:
            return False
        small = self._small(np.searchsorted(ends, np.flatnonzero(data == EXPONENT)), begins, ends)
        if small is None:
            return False
        digits = begins + (data[begins] == MINUS)
        first, second, before, last = data[digits], data[digits + 1], data[ends - 2], data[ends - 1]
        odd = (first < ZERO) | ((first == ZERO) & (second != DOT)) | (last < ZERO) | ((last == ZERO) & (before != DOT))
        odd[small] = False
        # It was read as a number, so that none has two dots.
        return not odd.any() and np.count_nonzero(data == DOT) == len(ends) - sum(1 for at in small if b"." not in text[begins[at] : ends[at]])

    def _small(self, at: Array, begins: Array, ends: Array) -> Array | None:
        """The places of values with exponents, if all have one that must, and as it must be; else None."""
        if len(at) > FEW_EXPONENTS or sum(np.count_nonzero((np.abs(values) < LEAST) & (values != 0)) for values in self.columns) != len(at):
            return None
        for begin, end in zip(begins[at], ends[at], strict=True):
            text = self.records[begin:end].decode()
            if repr(float(text)) != text:
                return None
        return at
