"""CSV of plain frames, byte for byte what `DataFrame.to_csv(index=False)` writes, several times faster.

Plain: whole numbers, floats, booleans and text that needs no quotes. At any doubt there is no answer, and pandas is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from . import few_out
from .few_out import few_csv, header_of, is_few
from .pandas_inside import column_arrays

# Where Python writes a float without an exponent, and Arrow does, too.
LEAST, MOST = 1e-4, 1e9
# Where so few floats are written in another way than Arrow's, its texts are cut there.
FEW_SPECIAL = 32
# Whole numbers within such a range are written by a table.
LABELS = 1024
# Of so few rows, joining strings takes less time than what Arrow does once a column, however many columns there are.
FEW_ROWS = 100
# The strings that are joined take some 100 bytes a value.
WIDE_CELLS = 200_000


def quick_csv(frame: pd.DataFrame) -> bytes | None:
    """Header and records; None when pandas must be asked."""
    if type(frame) is not pd.DataFrame:
        return None
    most = WIDE_CELLS if len(frame.index) <= FEW_ROWS else few_out.FEW_CELLS
    if is_few(frame, most):
        return few_csv(frame, most)
    header = header_of(frame.columns)
    arrays = column_arrays(frame)
    if header is None or not all(type(values) is np.ndarray for values in arrays):
        return None
    try:
        return _many(header, arrays)
    except UnicodeEncodeError:
        return None


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
