"""CSV of frames of few values, where starting a library costs more than its work: byte for byte what pandas writes, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import column_lists, float_rows

# Up to here joining strings takes less time than Arrow's start.
FEW_CELLS = 2000
QUOTED = frozenset('",\r\n')
ODD_FLOATS = frozenset(("nan", "inf", "-inf"))
WHOLE = frozenset("bhilqBHILQ")
TEXT = {str}
NAN = np.nan

# Names of the columns and the header that they make; forgotten all at once, so that code which makes new names fills nothing.
_headers: dict[tuple[str, ...], str] = {}
HEADERS_KEPT, HEADER_NAMES = 64, 1000


def is_few(frame: pd.DataFrame, most: int) -> bool:
    """Whether the frame has so few values."""
    return len(frame.index) * len(frame.columns) <= most


def few_csv(frame: pd.DataFrame, most: int | None = None) -> bytes | None:
    """Header and records; None when they are many, or pandas must be asked. `most`: values that are few here."""
    if type(frame) is not pd.DataFrame:
        return None
    if most is None:
        most = FEW_CELLS
    rows = float_rows(frame, most)
    header = header_of(frame.columns) if rows is not None or is_few(frame, most) else None
    if header is None:
        return None
    body = None if rows is None else _floats_alone(rows)
    if body is None:
        body = _body(frame)
    try:
        return body if body is None else f"{header}{body}".encode()
    except UnicodeEncodeError:
        return None


def _floats_alone(rows: list[list[float]]) -> str | None:
    body = "".join([",".join(map(repr, row)) + "\n" for row in rows])
    return None if "n" in body else body  # nan, inf


def _body(frame: pd.DataFrame) -> str | None:
    texts: list[list[str]] = []
    for kind, values in column_lists(frame):
        written = _texts(kind, values)
        if written is None:
            return None
        texts.append(written)
    if len(texts) == 1 and "" in texts[0]:
        return None  # a record of one empty value would be an empty line: pandas quotes it
    return "".join([",".join(row) + "\n" for row in zip(*texts, strict=True)])


def header_of(columns: pd.Index) -> str | None:
    """The first record. None for names that are repeated, no text, or need quotes."""
    names = tuple(columns.tolist())
    try:
        header = _headers.get(names)
    except TypeError:
        return None
    if header is not None:
        return header
    if not names or len(set(names)) < len(names) or not all(type(name) is str and name and QUOTED.isdisjoint(name) for name in names):
        return None
    if len(_headers) >= HEADERS_KEPT:
        _headers.clear()
    header = ",".join(names) + "\n"
    if len(names) <= HEADER_NAMES:
        _headers[names] = header
    return header


def _texts(kind: str, values: Sequence[Any]) -> list[str] | None:
    """The values of a column of this kind (numpy's character of the type; empty for none of numpy's)."""
    if kind == "d":
        texts = list(map(repr, values))
        if ODD_FLOATS.isdisjoint(texts):
            return texts
        return None if "inf" in texts or "-inf" in texts else ["" if each == "nan" else each for each in texts]
    if kind == "O":
        texts = ["" if each is None or each is NAN else each for each in values]
        # NaN of another making, or anything else that is no text, is left to pandas.
        return texts if set(map(type, texts)) <= TEXT and QUOTED.isdisjoint("".join(texts)) else None
    if kind == "?":
        return ["True" if each else "False" for each in values]
    return list(map(str, values)) if kind in WHOLE else None
