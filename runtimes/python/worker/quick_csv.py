"""CSV of plain frames, byte for byte what `DataFrame.to_csv(index=False)` writes, several times faster.

Plain: whole numbers, floats, booleans and text that needs no quotes. At any doubt there is no answer, and pandas is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import column_arrays

# Up to here joining strings takes less time than Arrow's start.
FEW_CELLS = 2000
QUOTED = frozenset('",\r\n')
# Where Python writes a float without an exponent, and Arrow does, too.
LEAST, MOST = 1e-4, 1e9
ODD_FLOATS = frozenset(("nan", "inf", "-inf"))
WHOLE = frozenset("bhilqBHILQ")
TEXT = {str}
# Where so few floats are written in another way than Arrow's, its texts are cut there.
FEW_SPECIAL = 32
# Whole numbers within such a range are written by a table.
LABELS = 1024
NAN = np.nan


# Names of the columns and the header that they make; forgotten all at once, so that code which makes new names fills nothing.
_headers: dict[tuple[str, ...], str] = {}
HEADERS_KEPT, HEADER_NAMES = 64, 1000


def quick_csv(frame: pd.DataFrame) -> bytes | None:
    """Header and records; None when pandas must be asked."""
    if type(frame) is not pd.DataFrame:
        return None
    header = _header(frame.columns)
    if header is None:
        return None
    arrays = column_arrays(frame)
    for values in arrays:
        if type(values) is not np.ndarray:
            return None
    try:
        return _few(header, arrays) if len(arrays) * len(frame) <= FEW_CELLS else _many(header, arrays)
    except UnicodeEncodeError:
        return None


def _header(columns: pd.Index) -> str | None:
    """None for names that are repeated, no text, or need quotes."""
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


def _few(header: str, arrays: Sequence[np.ndarray[Any, Any]]) -> bytes | None:
    texts: list[list[str]] = []
    for values in arrays:
        text = _texts(values)
        if text is None:
            return None
        texts.append(text)
    if len(texts) > 1:
        body = "\n".join(map(",".join, zip(*texts, strict=True)))
    elif "" in texts[0]:
        return None  # a record of one empty value would be an empty line: pandas quotes it
    else:
        body = "\n".join(texts[0])
    return f"{header}{body}\n".encode() if body else header.encode()


def _texts(values: np.ndarray[Any, Any]) -> list[str] | None:
    kind = values.dtype.char
    if kind == "d":
        texts = list(map(repr, values.tolist()))
        if ODD_FLOATS.isdisjoint(texts):
            return texts
        return None if "inf" in texts or "-inf" in texts else ["" if each == "nan" else each for each in texts]
    if kind in WHOLE:
        return list(map(str, values.tolist()))
    if kind == "?":
        return ["True" if each else "False" for each in values.tolist()]
    if kind != "O":
        return None
    listed: list[Any] = values.tolist()
    texts = ["" if each is None or each is NAN else each for each in listed]
    # NaN of another making, or anything else that is no text, is left to pandas.
    return texts if set(map(type, texts)) <= TEXT and QUOTED.isdisjoint("".join(texts)) else None


def _many(header: str, arrays: Sequence[np.ndarray[Any, Any]]) -> bytes | None:
    import pyarrow as pa
    from pyarrow import csv

    columns = []
    for values in arrays:
        column = _arrow(values)
        if column is None or (len(arrays) == 1 and column.null_count > 0):
            return None
        columns.append(column)
    sink = pa.BufferOutputStream()
    sink.write(header.encode())
    table = pa.table(columns, names=[str(at) for at in range(len(columns))])
    csv.write_csv(table, sink, csv.WriteOptions(include_header=False, quoting_style="none"))
    return sink.getvalue().to_pybytes()


def _arrow(values: np.ndarray[Any, Any]) -> Any:
    """A column that Arrow writes as pandas does; None when there is none."""
    import pyarrow as pa
    from pyarrow import compute

    kind = values.dtype.kind
    if not values.dtype.isnative:
        return None
    if kind in "iu":
        labels = _labels(values)
        return pa.array(values) if labels is None else labels
    if kind == "b":
        return compute.if_else(pa.array(values), "True", "False")
    if values.dtype == np.float64:
        return _floats(values)
    if kind == "O" and pd.api.types.infer_dtype(values, skipna=False) == "string":
        texts = pa.array(values, pa.string())
        if texts.null_count > 0 or compute.any(compute.match_substring_regex(texts, '[",\r\n]')).as_py():
            return None
        return None if compute.any(compute.equal(texts, "")).as_py() else texts
    return None


def _labels(values: np.ndarray[Any, Any]) -> Any:
    """Whole numbers that lie close together, as text that is looked up; None for others, and for few."""
    import pyarrow as pa

    if len(values) == 0:
        return None
    least, most = int(values.min()), int(values.max())
    if most - least >= min(LABELS, len(values)) or most > np.iinfo(np.int64).max:
        return None
    texts = pa.array(list(map(str, range(least, most + 1))))
    return texts.take(pa.array(values.astype(np.int64) - least))


def _floats(values: np.ndarray[Any, Any]) -> Any:
    """Python's repr. Both write the shortest digits that read back equal, but differ in exponents and in whole numbers."""
    import pyarrow as pa
    from pyarrow import compute

    size = np.abs(values)
    if np.isinf(size).any():
        return None
    texts = compute.cast(pa.array(values), pa.string())
    with np.errstate(invalid="ignore"):  # a NaN that signals is a NaN all the same; a warning would be the notebook's
        whole = (values == np.trunc(values)) & (size < MOST)
    plain = (size >= LEAST) & (size < MOST)
    special = np.flatnonzero(~plain | whole)
    if len(special) <= FEW_SPECIAL:
        return _with(texts, special.tolist(), values)
    if whole.any():
        texts = compute.if_else(pa.array(whole), compute.binary_join_element_wise(texts, ".0", ""), texts)
    odd = ~(plain | whole)
    if odd.any():
        texts = compute.replace_with_mask(texts, pa.array(odd), pa.array(list(map(_written, values[odd].tolist())), pa.string()))
    return texts


def _with(texts: Any, special: Sequence[int], values: np.ndarray[Any, Any]) -> Any:
    """The texts with others at a few places. In one piece: Arrow 26 writes garbage where a column begins with an empty one."""
    import pyarrow as pa

    written = pa.array(list(map(_written, values[special].tolist())), pa.string())
    pieces, begin = [], 0
    for number, at in enumerate(special):
        pieces += [texts.slice(begin, at - begin), written.slice(number, 1)]
        begin = at + 1
    return pa.concat_arrays([*pieces, texts.slice(begin)])


def _written(value: float) -> str | None:
    return repr(value) if value == value else None
