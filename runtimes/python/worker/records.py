"""Where CSV records end, and what the first of them names."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from .failures import BadRows
from .quotes import IN_QUOTES

# A lone carriage return ends a line, too.
VALUE_OR_END = re.compile(IN_QUOTES + rb"|\r\n?|\n")
# What pandas takes for no record, and a mark of UTF-8, which is one at the very beginning alone.
BLANK = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*+[\r\n])*+(?:[ \t]*\Z)?")


class Header(NamedTuple):
    """Names of columns as pandas gives them, where the header's record ends (its line end included), and notes on names."""

    names: list[str]
    end: int
    notes: list[str]


def header_of(data: bytes | bytearray) -> Header:
    """The first record that is not blank. BadRows, in pandas' words, when there is none."""
    start, end = first_record(data), record_end(data)
    text = bytes(data[start:end]).decode().rstrip("\r\n")
    if not text:
        raise BadRows("No columns to parse from file")
    try:
        written = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:  # a name that is longer than it takes
        written = []
    if written and len(set(written)) == len(written) and "" not in written and "\0" not in text:
        return Header(written, end, [])
    if written and "\0" not in text:
        names = as_pandas_names(written)
    else:
        # Behind a line end, so that a mark of UTF-8 is none.
        names = [str(name) for name in pd.read_csv(io.BytesIO(b"\n" + data[start:end]), nrows=0).columns]
    given = ", ".join(name for name, before in zip(names, written, strict=False) if name != before)
    return Header(names, end, [f"Names of the header that are repeated or empty came as {given}."] if given else [])


def as_pandas_names(written: Sequence[str]) -> list[str]:
    """Each column's own name, as `pandas.read_csv` numbers those that are repeated or empty. pandas itself takes seconds for 20,000 of them."""
    names = [name or f"Unnamed: {at}" for at, name in enumerate(written)]
    held, counts = Counter(names), Counter[str]()
    # Empty ones make way for those that are written.
    for at in sorted(range(len(names)), key=lambda at: not written[at]):
        before = name = names[at]
        count = counts[before]
        while count > 0:
            counts[before] = count + 1
            name = f"{before}.{count}"
            count = count + 1 if held[name] > 0 else counts[name]
        held[before] -= 1
        held[name] += 1
        names[at] = name
        counts[name] = count + 1
    return names


def has_record(data: bytes | bytearray) -> bool:
    """Whether a record is among the bytes that is not blank and whose line end is known."""
    return first_record(data) < len(data) and record_end(data) < len(data)


def record_end(data: bytes | bytearray) -> int:
    """Where the first record that is not blank ends; all of the bytes when its line end is not among them."""
    start = first_record(data)
    # A view begins with the record, so that a quote may open there.
    for found in VALUE_OR_END.finditer(memoryview(data)[start:]):
        if found[0][:1] != b'"':
            return start + found.end()
    return len(data)


def first_record(data: bytes | bytearray) -> int:
    """Where the first record begins that is not blank; all of the bytes when there is none."""
    return BLANK.match(data).end()  # type: ignore[union-attr]
