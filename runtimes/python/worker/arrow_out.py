"""Results out as one Arrow stream, whose types are those of all blocks as far as that can be known."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import pandas as pd

from .failures import NoTable
from .frames import TABLE, Wire

if TYPE_CHECKING:
    import pyarrow as pa

# So much of the first blocks waits for later ones, which may say more of their types.
OPEN_BYTES = 8 << 20
ADVICE = "ask for CSV, or return values of one type in each column"


class ArrowOut:
    """One Arrow IPC stream over table frames, each holding whole messages."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._sink = io.BytesIO()
        self._stream: Any = None
        # That of the stream, or so far of the tables that wait for it to begin.
        self._schema: Any = None
        self._tables: list[pa.Table] = []
        self._bytes = 0

    def write(self, frame: pd.DataFrame) -> None:
        """Send one frame's rows."""
        import pyarrow as pa

        frame.columns = [str(name) for name in frame.columns]
        if self._schema is None:
            return self.write_table(pa.Table.from_pandas(frame, preserve_index=False))
        self._refuse_other(list(frame.columns))
        self.write_table(self._later(frame))

    def _later(self, frame: pd.DataFrame) -> pa.Table:
        """A later block, with the stream's types if pandas' values are such."""
        import pyarrow as pa

        if self._stream is not None:
            with contextlib.suppress(pa.ArrowException, TypeError, OverflowError):
                return pa.Table.from_pandas(frame, schema=self._schema, preserve_index=False)
        try:
            return pa.Table.from_pandas(frame, preserve_index=False)
        except pa.ArrowException as error:
            raise NoTable(f"a later block cannot be written as Arrow ({error}); {ADVICE}") from None

    def write_table(self, table: pa.Table) -> None:
        """Send one table's rows. NoTable when its columns are not those of the first."""
        if self._schema is not None and table.schema != self._schema:
            self._refuse_other(table.column_names)
        if self._stream is not None:
            return self._send_table(table)
        self._schema = table.schema if self._schema is None else unified(self._schema, table.schema)
        self._tables.append(table)
        if len(table) > 0:  # pyarrow cannot tell the bytes of a union without rows
            # A missing value has no bytes of its own.
            self._bytes += table.nbytes + table.num_rows * table.num_columns
        if not any(may_change(kind) for kind in self._schema.types):
            self._open()
        elif self._bytes >= OPEN_BYTES:
            self._schema = without_null(self._schema)
            self._open()

    def _refuse_other(self, names: list[str]) -> None:
        if names != self._schema.names:
            raise NoTable(f"its columns were {', '.join(self._schema.names)} at first and then {', '.join(names)}, which one Arrow stream cannot hold; ask for CSV")

    def _open(self) -> None:
        """Begin the stream with what has waited."""
        import pyarrow as pa

        self._stream = pa.ipc.new_stream(self._sink, self._schema)
        tables, self._tables = self._tables, []
        tables.reverse()
        while tables:
            self._send_table(tables.pop())

    def _send_table(self, table: pa.Table) -> None:
        self._stream.write_table(table if table.schema == self._schema else fitted(table, self._schema))
        self._send()

    def close(self) -> None:
        """End the stream; one without rows has a schema at least."""
        if self._schema is None:
            self.write(pd.DataFrame())
        if self._stream is None:
            self._open()
        self._stream.close()
        self._send()

    def _send(self) -> None:
        if self._sink.tell() > 0:
            with self._sink.getbuffer() as sent:
                self._wire.send(TABLE, sent)
            self._sink.seek(0)
            self._sink.truncate()


def may_change(kind: pa.DataType) -> bool:
    """Whether a later block may well have another type: nothing so far may become anything, whole numbers decimal ones."""
    import pyarrow as pa

    inner = [kind.field(at).type for at in range(kind.num_fields)]
    return pa.types.is_null(kind) or pa.types.is_integer(kind) or any(map(may_change, inner))


def without_null(schema: pa.Schema) -> pa.Schema:
    """The schema with text where there was no value so far."""
    import pyarrow as pa

    nulls = [at for at, kind in enumerate(schema.types) if pa.types.is_null(kind)]
    for at in nulls:
        schema = schema.set(at, schema.field(at).with_type(pa.string()))
    return schema.remove_metadata() if nulls else schema


def unified(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """A schema that holds both, which have the same names. NoTable when there is none."""
    import pyarrow as pa

    if one == other:
        return one
    # What pandas' types were is said of the first alone.
    return pa.schema([pa.field(name, together(name, a, b)) for name, a, b in zip(one.names, one.types, other.types, strict=True)])


def together(name: str, one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type that holds both. NoTable when there is none."""
    import pyarrow as pa

    if one == other:
        return one
    plain = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in (one, other)]
    try:
        return pa.unify_schemas([pa.schema([("x", kind)]) for kind in plain], promote_options="permissive").field(0).type
    except pa.ArrowException:
        raise refused(name, one, other) from None


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the types of the schema. NoTable when a value is none of its column's."""
    columns = [column_as(*each) for each in zip(schema.names, table.columns, schema.types, strict=True)]
    return type(table).from_arrays(columns, schema=schema)


def column_as(name: str, column: pa.ChunkedArray, kind: pa.DataType) -> Any:
    """The column as another type."""
    import pyarrow as pa

    if column.type == kind:
        return column
    if column.null_count == len(column):
        return pa.nulls(len(column), kind)
    together(name, kind, column.type)
    try:
        return column.cast(kind)
    except pa.ArrowException:
        raise refused(name, kind, column.type) from None


def refused(name: str, one: pa.DataType, other: pa.DataType) -> NoTable:
    """What to tell of a column whose blocks have types that one stream cannot hold."""
    return NoTable(f"its column {name} was {one} at first and then {other}, which one Arrow stream cannot hold; {ADVICE}")
