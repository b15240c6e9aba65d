"""Where CSV records end, and what the first of them names."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from .failures import BadRows

# A lone carriage return ends a line, too.
MARK = re.compile(rb'\r\n|[\r\n"]')
WINDOW = 1 << 16


class Header(NamedTuple):
    """Names of columns as pandas gives them, where the header's record ends (its line end included), and notes on names."""

    names: list[str]
    end: int
    notes: list[str]


def header_of(data: bytes | bytearray) -> Header:
    """The first record that is not blank. BadRows, in pandas' words, when there is none."""
    start, end = _first_line(data), record_end(data)
    text = bytes(data[start:end]).decode("utf-8-sig").rstrip("\r\n")
    if not text:
        raise BadRows("No columns to parse from file")
    try:
        written = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:  # a name that is longer than it takes
        written = []
    if written and len(set(written)) == len(written) and "" not in written and "\0" not in text:
        return Header(written, end, [])
    names = [str(name) for name in pd.read_csv(io.BytesIO(data[start:end]), nrows=0).columns]
    given = ", ".join(name for name, before in zip(names, written, strict=False) if name != before)
    return Header(names, end, [f"Names of the header that are repeated or empty came as {given}."] if given else [])


def has_record(data: bytes | bytearray) -> bool:
    """Whether a record is among the bytes that is not blank and whose line end is known."""
    return _first_line(data) < len(data) and record_end(data) < len(data)


def record_end(data: bytes | bytearray) -> int:
    """Where the first record that is not blank ends; all of the bytes when its line end is not among them."""
    is_quoted = False
    for found in MARK.finditer(data, _first_line(data)):
        if found[0] == b'"':
            is_quoted = not is_quoted
        elif not is_quoted:
            return found.end()
    return len(data)


def last_record_end(data: bytes | bytearray, start: int = 0, quotes: int = 0) -> int:
    """Just after the last line end from `start` on that is not within quotes; 0 when there is none.

    Quotes are counted (`quotes`: those before `start`), so a value that holds one must be quoted and double it (RFC 4180).
    """
    at = data.rfind(b"\n", start)
    if at < 0:
        return 0
    # To look for the first takes a sixth of the time to count them.
    if data.find(b'"', start, at) >= 0:
        quotes += data.count(b'"', start, at)
    if quotes % 2 == 0:
        return at + 1
    # From the back, in windows: within a long value every line end is looked at once.
    while at > start:
        low = max(start, at - WINDOW)
        part = np.frombuffer(bytes(data[low:at]), np.uint8)
        lines, marks = np.flatnonzero(part == 10), np.flatnonzero(part == 34)
        outside = lines[(quotes - len(marks) + np.searchsorted(marks, lines)) % 2 == 0]
        if len(outside) > 0:
            return low + int(outside[-1]) + 1
        at, quotes = low, quotes - len(marks)
    return 0


def _first_line(data: bytes | bytearray) -> int:
    """Where the first line begins that is not blank."""
    at = 0
    while at < len(data) and data[at] in b"\r\n":
        at += 1
    return at
