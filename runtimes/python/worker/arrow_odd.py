"""Columns of Arrow's rarer types, made such that pyarrow may be asked for a frame of them.

At a list view without rows, at extensions that are stored as dictionaries or as times with a zone, and at lists without rows that
begin behind their values it ends the process; of runs (run-end encoded) with a time zone it reads the zone where it no longer is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from .failures import BadRows

if TYPE_CHECKING:
    import pyarrow as pa


# Types that hold others: their names in pyarrow.
HOLDING = ("LIST", "LARGE_LIST", "FIXED_SIZE_LIST", "LIST_VIEW", "LARGE_LIST_VIEW", "MAP", "STRUCT", "DICTIONARY", "RUN_END_ENCODED", "SPARSE_UNION", "DENSE_UNION")


def to_frame(table: pa.Table, **options: Any) -> pd.DataFrame:
    """`table.to_pandas(**options)` of a table that is `plain`. BadRows for a type that pandas has nothing for."""
    import pyarrow as pa

    if len(table) == 0:
        table = _without_views(table)
    try:
        return table.to_pandas(**options)
    except pa.ArrowNotImplementedError:
        for field, column in zip(table.schema, table.columns, strict=True):
            try:
                column.to_pandas()
            except pa.ArrowNotImplementedError:
                raise _unreadable(field.name, field.type) from None
        raise


def _unreadable(name: str, kind: pa.DataType, instead: str = "of another type") -> BadRows:
    return BadRows(f"Column {name} of the Arrow stream has values of {kind}, which cannot be read. Send them {instead}.")


@cache
def _simple() -> frozenset[int]:
    """The types that hold no other and are no extension."""
    import pyarrow as pa

    holding = {f"Type_{name}" for name in HOLDING}
    return frozenset(kind for name, kind in vars(pa.lib).items() if name.startswith("Type_") and name not in holding)


def is_odd(kinds: Iterable[pa.DataType]) -> bool:
    """Whether a table of these types must be made plain before it is read."""
    simple = _simple()
    return not all([kind.id in simple for kind in kinds]) and not all(map(_is_flat, kinds))


def _is_flat(kind: pa.DataType) -> bool:
    return (kind.value_type if _is(kind, "DICTIONARY") else kind).id in _simple()


def plain(table: pa.Table) -> pa.Table:
    """The table with the values of runs, one for each row, and with what extensions that pandas does not know are stored as.

    BadRows for values that pyarrow cannot bring to that, and for lists without rows that begin behind their values.
    """
    if not is_odd(table.schema.types):
        return table
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not _is_flat(column.type):
            for chunk in column.chunks:
                _refuse_outside(name, chunk)
    schema = plain_schema(table.schema)
    columns = [column if column.type == field.type else _made_plain(column, field) for column, field in zip(table.columns, schema, strict=True)]
    return type(table).from_arrays(columns, schema=schema)


def _refuse_outside(name: str, values: pa.Array) -> None:
    """Of a list without rows pyarrow's own look at a stream sees no offset, but a frame is made from the first."""
    import pyarrow as pa

    kind = values.type
    if kind.id in _simple():
        return
    if isinstance(kind, pa.BaseExtensionType):
        return _refuse_outside(name, values.storage)
    if _is(kind, "DICTIONARY"):
        return _refuse_outside(name, values.dictionary)
    if _is(kind, "STRUCT"):
        inner = [values.field(at) for at in range(kind.num_fields)]
    elif _is(kind, "RUN_END_ENCODED", "LIST", "LARGE_LIST", "MAP", "FIXED_SIZE_LIST", "LIST_VIEW", "LARGE_LIST_VIEW"):
        inner = [values.values]
    else:  # unions, of which no frame is made
        return
    if len(values) == 0 and _is(kind, "LIST", "LARGE_LIST", "MAP") and values.buffers()[1].size > 0:
        begin = values.offsets[0].as_py()
        if not 0 <= begin <= len(values.values):
            raise BadRows(f"Column {name} of the Arrow stream is broken: Offset {begin} of a list without rows lies outside of its {len(values.values)} values")
    for each in inner:
        _refuse_outside(name, each)


def _made_plain(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    import pyarrow as pa

    try:
        chunks = [_taken_apart(chunk) for chunk in column.chunks if len(chunk) > 0]
        return pa.chunked_array([chunk if chunk.type == field.type else chunk.cast(field.type) for chunk in chunks], field.type)
    except pa.ArrowNotImplementedError:
        if not _is(column.type, "RUN_END_ENCODED"):
            raise _unreadable(field.name, column.type, f"as {field.type}") from None
        raise BadRows(f"Column {field.name} of the Arrow stream has runs of {field.type}, which cannot be read. Send it without runs (run-end encoding).") from None


def _taken_apart(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    while True:  # of runs, maybe, or of an extension
        if _is(values.type, "RUN_END_ENCODED"):
            values = pc.run_end_decode(values)
        elif _is_stored(values.type):
            values = values.storage
        else:
            return values


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of a table that is made plain."""
    for at, kind in enumerate(schema.types):
        made = _plain(kind)
        if made != kind:
            schema = schema.set(at, schema.field(at).with_type(made))
    return schema


def _plain(kind: pa.DataType) -> pa.DataType:
    """Of runs the type of their values, of extensions their storage's."""
    while True:
        if _is(kind, "RUN_END_ENCODED"):
            kind = kind.value_type
        elif _is_stored(kind):
            kind = kind.storage_type
        else:
            return _stored(kind) if _ends_frames(kind) else kind


def _ends_frames(kind: pa.DataType) -> bool:
    """Whether a map's extension is stored as a dictionary, at any depth. Other extensions within others pyarrow reads itself."""
    inner = [kind.key_type, kind.item_type] if _is(kind, "MAP") else [kind.field(at).type for at in range(kind.num_fields)]
    if _is(kind, "MAP") and any(_is_stored(each) and _is(_stored(each), "DICTIONARY") for each in inner):
        return True
    return any(_ends_frames(each.storage_type if _is_stored(each) else each) for each in inner)


def _stored(kind: pa.DataType) -> pa.DataType:
    """A type with the storage of all extensions within it. Runs within others are pyarrow's."""
    import pyarrow as pa

    while _is_stored(kind):
        kind = kind.storage_type
    if _is(kind, "STRUCT"):
        return pa.struct([_stored_field(kind.field(at)) for at in range(kind.num_fields)])
    if _is(kind, "MAP"):
        return pa.map_(_stored_field(kind.key_field), _stored_field(kind.item_field), kind.keys_sorted)
    if _is(kind, "FIXED_SIZE_LIST"):
        return pa.list_(_stored_field(kind.value_field), kind.list_size)
    for name in ("list_", "large_list", "list_view", "large_list_view"):
        if _is(kind, name.upper().rstrip("_")):
            return getattr(pa, name)(_stored_field(kind.value_field))
    return kind


def _stored_field(field: pa.Field) -> pa.Field:
    return field.with_type(_stored(field.type))


def _is_stored(kind: pa.DataType) -> bool:
    """Whether it is an extension that pandas has no type for: its storage counts. Of UUIDs pyarrow makes Python's."""
    import pyarrow as pa

    if not isinstance(kind, pa.BaseExtensionType) or kind.extension_name == "arrow.uuid":
        return False
    try:
        kind.to_pandas_dtype()
    except NotImplementedError:
        return True
    return False


def _is(kind: pa.DataType, *names: str) -> bool:
    import pyarrow as pa

    return kind.id in [getattr(pa.lib, f"Type_{name}") for name in names]


def _without_views(table: pa.Table) -> pa.Table:
    """A table without rows, whose views of lists are columns of nothing: objects, as lists are."""
    import pyarrow as pa

    for at, field in enumerate(table.schema):
        if _holds_views(field.type):
            table = table.set_column(at, pa.field(field.name, pa.null(), metadata=field.metadata), pa.chunked_array([], pa.null()))
    return table


def _holds_views(kind: pa.DataType) -> bool:
    if _is(kind, "LIST_VIEW", "LARGE_LIST_VIEW"):
        return True
    inner = [kind.field(at).type for at in range(kind.num_fields)]
    inner += [getattr(kind, name) for name in ("storage_type", "value_type") if hasattr(kind, name)]
    return any(map(_holds_views, inner))
