"""Arrow streams as callers send them: nothing of one is read before it is known that its values lie within its own bytes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from .failures import BadRows
from .records import Header, header_of

if TYPE_CHECKING:
    import pyarrow as pa

# What follows a stream is looked at in pieces of so many bytes.
PIECE_BYTES = 1 << 20
# To look at batches one by one takes longer than so little does as a whole.
FEW_BYTES = 1 << 14


class Readable(Protocol):
    """Bytes of which so many are taken at a time."""

    def read(self, size: int = -1, /) -> bytes:
        """So many; fewer at the end alone."""


def whole_stream(data: bytes) -> pa.Table:
    """The rows of a body that is one stream, under the names that it says. BadRows when it is broken, or more follows."""
    import pyarrow as pa

    if len(data) <= FEW_BYTES and (few := _few(data)) is not None:
        return few
    file = pa.BufferReader(data)
    with pa.ipc.open_stream(file) as stream:
        table = pa.Table.from_batches([*batches(stream)], stream.schema)
    if file.tell() < len(data):
        refuse_more(file)
    return table


def _few(data: bytes) -> pa.Table | None:
    """All rows in one go; None where anything about them is odd."""
    import pyarrow as pa

    file = pa.BufferReader(data)
    with pa.ipc.open_stream(file) as stream:
        table = stream.read_all()
    if file.tell() < len(data):
        return None
    try:
        table.validate(full=True)
    except pa.ArrowException:
        return None
    return table


def batches(stream: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """A stream's batches as they come. BadRows names a column whose values lead out of the stream, or are none of its type."""
    check = Check(stream.schema)
    for batch in stream:
        check.look(batch)
        yield batch


@cache
def _instead() -> dict[int, pa.DataType]:
    """By the type of a column, as what its values are looked at instead.

    Whether text is UTF-8 pandas finds out. A date64 must be no time of day, but JavaScript's writers make such, and pandas takes them.
    """
    import pyarrow as pa

    return {pa.lib.Type_STRING: pa.binary(), pa.lib.Type_LARGE_STRING: pa.large_binary(), pa.lib.Type_DATE64: pa.int64()}


class Check:
    """Looks at the batches of one stream."""

    def __init__(self, schema: pa.Schema) -> None:
        import pyarrow as pa

        self._instead = _instead()
        self._dictionary = pa.lib.Type_DICTIONARY
        # Values of which all that there is lies in buffers of their own: dictionaries within dictionaries may change alone.
        self._flat = (pa.lib.Type_STRING, pa.lib.Type_LARGE_STRING, pa.lib.Type_BINARY, pa.lib.Type_LARGE_BINARY)
        self._is_plain = not any(kind.id in self._instead or kind.id == self._dictionary for kind in schema.types)
        self._names = schema.names
        # Dictionaries that were found to be whole, by column: batch after batch has the same.
        self._known: dict[int, pa.Array] = {}

    def look(self, batch: pa.RecordBatch) -> None:
        """BadRows for the first column that is broken."""
        import pyarrow as pa

        if self._is_plain:
            with contextlib.suppress(pa.ArrowException):
                return batch.validate(full=True)
        for at, column in enumerate(batch.columns):
            try:
                self._look_at(at, column)
            except pa.ArrowException as error:
                raise BadRows(f"Column {self._names[at]} of the Arrow stream is broken: {error}") from None
        batch.validate()

    def _look_at(self, at: int, column: pa.Array) -> None:
        column.validate()
        kind = column.type.id
        if kind != self._dictionary:
            instead = self._instead.get(kind)
            return (column if instead is None else column.view(instead)).validate(full=True)
        indices, dictionary = column.indices, column.dictionary
        if not is_same(dictionary, self._known.get(at)):
            dictionary.validate(full=True)
            if dictionary.type.id in self._flat:
                self._known[at] = dictionary
        indices.validate(full=True)
        type(column).from_arrays(indices, dictionary)  # which finds places that the dictionary lacks


def is_same(one: pa.Array, other: pa.Array | None) -> bool:
    """Whether two arrays are the same bytes in memory."""
    if other is None or len(one) != len(other) or one.offset != other.offset or one.type != other.type:
        return False
    buffers = zip(one.buffers(), other.buffers(), strict=True)
    return all((a and (a.address, a.size)) == (b and (b.address, b.size)) for a, b in buffers)


def refuse_other_text(table: pa.Table) -> None:
    """BadRows for a column of text that is no UTF-8."""
    import pyarrow as pa

    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            column.validate(full=column.type.id in (pa.lib.Type_STRING, pa.lib.Type_LARGE_STRING))
        except pa.ArrowException:
            raise BadRows(f"Column {name} of the Arrow stream: the text is no UTF-8. Send it as UTF-8, or as binary.") from None


def refuse_more(file: Readable) -> None:
    """BadRows when anything but zeros follows the stream that was read: some writers end with more of them than others read."""
    while piece := file.read(PIECE_BYTES):
        if piece.count(0) < len(piece):
            raise BadRows(
                "More follows the end of the Arrow stream, which would be lost. Send all rows in one stream, or, as frames, each stream as a segment of its own."
            )


def as_named(names: Sequence[str]) -> Header:
    """The names that columns have as CSV, and what to note of them."""
    if len(set(names)) == len(names) and "" not in names:
        return Header(list(names), 0, [])
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(names)
    header = header_of(text.getvalue().encode())
    if len(header.names) != len(names):
        raise BadRows("Names of columns are repeated or empty, and others hold what no header of CSV can. Give each a name of its own.")
    return header


def renamed(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """The schema with other names, also in what pandas says of its columns."""
    import pyarrow as pa

    made = pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)], schema.metadata)
    said = schema.pandas_metadata
    return made.with_metadata({**schema.metadata, b"pandas": json.dumps(_said(said, schema.names, names)).encode()}) if said else made


def _said(said: Mapping[str, Any], before: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    left: dict[Any, list[str]] = {}
    for old, new in zip(before, names, strict=True):
        left.setdefault(old, []).append(new)
    index = [left[each][0] if isinstance(each, str) and each in left else each for each in said.get("index_columns", [])]
    columns = []
    for each in said["columns"]:
        old = each.get("field_name")
        new = left[old].pop(0) if left.get(old) else old
        columns.append(each if new == old else {**each, "name": new, "field_name": new})
    return {**said, "index_columns": index, "columns": columns}
