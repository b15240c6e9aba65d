"""A quick way for few rows, where a CSV library's start costs more than its work.

It takes plain text alone: whatever could mean something else to the library (quotes, odd blanks, anything beyond ASCII,
a row of another length, a value that does not fit or is missing) is left to it, errors and all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

MOST_BYTES = 16_384
ODD = frozenset(b'"\r \t_+')
TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
CONVERT: dict[str, Callable[[str], Any]] = {"int64": int, "float64": float, "bool": TRUTH.__getitem__, "object": str}

# For guessing: what pandas reads in ways of its own, and blanks beside a separator.
STRANGE = re.compile(r'["\r\t\v\f\0]|(?:^|[,\n]) | (?:[,\n]|$)')
WHOLE = re.compile(r"-?[0-9]{1,18}")
# Of 15 digits both pandas and Python make the nearest number.
DECIMAL = re.compile(r"-?(?=[0-9.]{1,16}$)[0-9]{1,15}(?:\.[0-9]+)?")
LETTER = re.compile(r"[A-Za-z]")
# Words that may be no text although they begin with a letter.
WORDS = frozenset(word.lower() for word in (*pd._libs.parsers.STR_NA_VALUES, *TRUTH, "inf", "infinity", "nan"))  # type: ignore[attr-defined]


def parse(records: bytes, names: Sequence[str], types: Mapping[str, str], missing: Collection[str]) -> pd.DataFrame | None:
    """The columns of `types`, in their order; None when the rows are not plain enough, or a value is missing."""
    if len(records) > MOST_BYTES or not records.isascii() or not ODD.isdisjoint(records):
        return None
    rows = [line.split(",") for line in records.decode("ascii").split("\n") if line]
    if any(len(row) != len(names) for row in rows):
        return None
    columns: dict[str, list[Any]] = {}
    places = {name: at for at, name in enumerate(names)}
    for name, kind in types.items():
        values = [row[places[name]] for row in rows]
        if kind not in CONVERT or not missing.isdisjoint(values):  # type: ignore[attr-defined]
            return None
        try:
            columns[name] = [CONVERT[kind](value) for value in values]
        except (ValueError, KeyError):
            return None
    try:
        return _frame(columns, list(types.values()))
    except OverflowError:
        return None


def guess(data: bytes) -> pd.DataFrame | None:
    """What `pandas.read_csv` makes of header and rows, types and values alike; None when they are not plain enough."""
    if len(data) > MOST_BYTES or not data.isascii():
        return None
    text = data.decode("ascii")
    if STRANGE.search(text):
        return None
    header, *lines = text.split("\n")
    names = header.split(",")
    rows = [line.split(",") for line in lines if line]
    if not rows or "" in names or len(set(names)) != len(names) or any(len(row) != len(names) for row in rows):
        return None
    columns: dict[str, list[Any]] = {}
    kinds = []
    for name, values in zip(names, zip(*rows, strict=True), strict=True):
        kind = _kind(values)
        if kind is None:
            return None
        columns[name] = [CONVERT[kind](value) for value in values]
        kinds.append(kind)
    return _frame(columns, kinds)


def _kind(values: Sequence[str]) -> str | None:
    """The type that pandas guesses for the values of a column; None when that takes more than a look."""
    if all(map(WHOLE.fullmatch, values)):
        return "int64"
    if all(map(DECIMAL.fullmatch, values)):
        return "float64"
    if not all(values):
        return None
    if any(value.lower() in WORDS for value in values):
        return "bool" if all(value in TRUTH for value in values) else None
    return "object" if any(map(LETTER.match, values)) else None


def _frame(columns: Mapping[str, list[Any]], kinds: Sequence[str]) -> pd.DataFrame:
    """Columns of one type lie in memory as they do after `read_csv`: in what order sums are made can show in their last digit."""
    if columns and len(set(kinds)) == 1:
        return pd.DataFrame(np.array(list(columns.values()), dtype=kinds[0]).T, columns=list(columns), copy=False)
    return pd.DataFrame({name: np.array(values, dtype=kind) for (name, values), kind in zip(columns.items(), kinds, strict=True)}, copy=False)
