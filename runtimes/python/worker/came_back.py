"""Rows that come back as they came, whose text is then what came: to write numbers anew takes many times longer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import column_arrays

COMMA, MINUS, DOT, ZERO, NINE, LINE_END = b",-.09\n"
FIRST = re.compile(rb"[^,\n]*")
# What is looked at together, so that it stays in the processor's cache; and with it the longest number before the next, and its end.
WINDOW, OVERLAP = 1 << 17, 20
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
        text = self._without_exponents()
        if text is None:
            return False
        data = np.frombuffer(text, np.uint8)
        dots = 0
        for at in range(0, len(data), WINDOW):
            here = _dots(data[at : at + WINDOW + OVERLAP])
            if here is None:
                return False
            dots += here
        # The first begins after nothing that a window could see. All were read as numbers, of which none has two dots.
        return _is_repr(FIRST.match(text)[0]) and dots == sum(map(len, self.columns))  # type: ignore[index]

    def _without_exponents(self) -> bytes | bytearray | None:
        """The records, with other numbers of as many characters in place of those with exponents. None unless those must have one, and as it is."""
        tiny = sum(np.count_nonzero(np.abs(values) < LEAST) - np.count_nonzero(values == 0) for values in self.columns)
        if tiny > FEW_EXPONENTS:
            return None
        records = self.records
        text, at = bytearray(records) if tiny else records, -1
        for _ in range(tiny):
            at = records.find(b"e", at + 1)
            low = max(at - MOST_CHARACTERS, 0)
            begin = max(records.rfind(b",", low, at), records.rfind(b"\n", low, at), low - 1) + 1
            number = FIRST.match(records, begin, begin + MOST_CHARACTERS + 1)[0]  # type: ignore[index]
            # A great number is spelt with one as well, and would stand for a tiny one that is not.
            if at < 0 or records[at + 1 : at + 2] != b"-" or len(number) > MOST_CHARACTERS or not _is_repr(number):
                return None
            text[begin : begin + len(number)] = b"1." + b"1" * (len(number) - 2)  # type: ignore[index]
        return text


def _is_repr(number: bytes) -> bool:
    try:
        return repr(float(number)).encode() == number
    except ValueError:
        return False


def _dots(data: Array) -> int | None:
    """How many numbers of a window have a dot. None if one has other characters or too many, no digit beside its dot, or a zero that could be left out.

    It looks at bytes that are next to each other: to find where each number begins and ends would take five times as long.
    """
    if data.max() > NINE or ((data < COMMA) & (data != LINE_END)).any():
        return None
    is_end, is_begin, is_dot, is_zero = data < MINUS, data < DOT, data == DOT, data == ZERO
    is_other = ~is_dot
    if (is_end[1:] & (data[:-1] <= DOT)).any() or (is_dot[1:] & is_begin[:-1]).any():
        return None
    if (is_zero[1:-1] & ((is_begin[:-2] & is_other[2:]) | (is_end[2:] & is_other[:-2]))).any():
        return None
    near = is_end
    for width in (1, 2, 4, 8, 1):  # an end among any 17 characters
        near = near[width:] | near[:-width]
    return int(np.count_nonzero(is_dot[:WINDOW])) if near.all() else None
