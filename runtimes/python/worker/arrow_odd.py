"""Columns of Arrow's rarer types, made such that pyarrow may be asked for a frame of them.

At a list view without rows it ends the process; of runs (run-end encoded) with a time zone it reads the zone where it no longer is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd

from .failures import BadRows

if TYPE_CHECKING:
    import pyarrow as pa


def to_frame(table: pa.Table, **options: Any) -> pd.DataFrame:
    """`table.to_pandas(**options)` of a table without runs."""
    if len(table) == 0:
        table = _without_views(table)
    return table.to_pandas(**options)


def without_runs(table: pa.Table) -> pa.Table:
    """The table with the values of runs, one for each row. BadRows for values that pyarrow cannot repeat."""
    if not has_runs(table.schema.types):
        return table
    schema = unrolled(table.schema)
    columns = [column if column.type == field.type else _repeated(column, field) for column, field in zip(table.columns, schema, strict=True)]
    return type(table).from_arrays(columns, schema=schema)


def _repeated(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    import pyarrow as pa

    try:
        return pa.chunked_array([_decoded(chunk) for chunk in column.chunks if len(chunk) > 0], field.type)
    except pa.ArrowNotImplementedError:
        raise BadRows(f"Column {field.name} of the Arrow stream has runs of {field.type}, which cannot be read. Send it without runs (run-end encoding).") from None


def _decoded(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    while has_runs([values.type]):  # of runs, maybe
        values = pc.run_end_decode(values)
    return values


def has_runs(kinds: Iterable[pa.DataType]) -> bool:
    """Whether one of these types is one of runs."""
    import pyarrow as pa

    runs = pa.lib.Type_RUN_END_ENCODED
    return any([kind.id == runs for kind in kinds])


def unrolled(schema: pa.Schema) -> pa.Schema:
    """The schema with the types of runs' values."""
    for at, kind in enumerate(schema.types):
        while has_runs([kind]):
            kind = kind.value_type
            schema = schema.set(at, schema.field(at).with_type(kind))
    return schema


def _without_views(table: pa.Table) -> pa.Table:
    """A table without rows, whose views of lists are columns of nothing: objects, as lists are."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if _holds_views(field.type):
            table = table.set_column(at, pa.field(field.name, pa.null(), metadata=field.metadata), pa.chunked_array([], pa.null()))
    return table


def _holds_views(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if kind.id in (pa.lib.Type_LIST_VIEW, pa.lib.Type_LARGE_LIST_VIEW):
        return True
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    inner += [getattr(kind, name) for name in ("storage_type", "value_type") if hasattr(kind, name)]
    return any(map(_holds_views, inner))
