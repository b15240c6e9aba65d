"""Row-wise applies of Arrow streams: batches come, are computed and go, so that memory stays the same whatever their number."""

from __future__ import annotations

import io
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from .append import original_of_table
from .arrow_in import ArrowParser
from .arrow_stream import batches, refuse_more, whole_stream
from .blocks import Block
from .failures import BadRows
from .segments import refuse_repeated
from .tables_in import FEW_BYTES, Input

if TYPE_CHECKING:
    import pyarrow as pa

# Longer batches are cut: what is made of a block need not be much longer than of one of CSV.
BLOCK_ROWS = 1 << 16


class ArrowBlocks:
    """The rows of one call as blocks, whose types are known or the stream says.

    A further segment is a stream of its own: columns that came before and that it lacks are there, empty.
    """

    is_typed = True

    def __init__(self, source: Input, asked: Mapping[str, Any], original: str | None) -> None:
        """`original`: the format in which the rows come back beside their results; None when they do not."""
        self.source = source
        self.notes: list[str] = []
        self._parser = ArrowParser(asked)
        self._original = original
        self._schema: pa.Schema | None = None
        self._bytes = StreamBytes(source)

    def told(self) -> list[str]:
        """What the receipt should say, once all is read."""
        return self.notes + self._parser.notes()

    def only(self) -> Block | None:
        """All rows, when they are few and have all come; else None, and nothing is taken."""
        if self._bytes.fill(FEW_BYTES) or not self.source.is_over:
            return None
        table = whole_stream(self._bytes.read())
        self._begin(table.schema)
        return self._block(table)

    def frames(self) -> Iterator[Block]:
        """Blocks of batches; at least one, which may be empty."""
        import pyarrow as pa

        is_first = True
        while True:
            # A segment without a byte is none; if all are such, Arrow says what is missing.
            if self._bytes.fill(1) or (self.source.is_over and self._schema is None):
                with pa.ipc.open_stream(self._bytes) as stream:
                    self._begin(stream.schema)
                    for batch in batches(stream):
                        for start in range(0, batch.num_rows, BLOCK_ROWS):
                            yield self._block(pa.Table.from_batches([batch.slice(start, BLOCK_ROWS)]))
                            is_first = False
                refuse_more(self._bytes)
            if self.source.is_over:
                break
            self._bytes = StreamBytes(self.source)
        if is_first:
            yield self._block(self._schema.empty_table())  # type: ignore[union-attr]

    def returned(self, result: pd.DataFrame) -> None:
        """Nothing is made of what a block became."""

    def _begin(self, schema: pa.Schema) -> None:
        """Takes the schema of a further segment."""
        import pyarrow as pa

        before = self._schema
        if before is None or schema.equals(before):
            self._schema = before or schema
            return
        for each in (before, schema):
            refuse_repeated(each.names)
        try:
            self._schema = pa.unify_schemas([before.remove_metadata(), schema.remove_metadata()], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            raise BadRows(f"The segments have columns of one name whose types do not go together: {error}") from None
        note = "The segments of the rows have different columns; each was applied with those that had come until then."
        if self._schema.names != before.names and note not in self.notes:
            self.notes.append(note)

    def _block(self, table: pa.Table) -> Block:
        schema = self._schema
        if schema is not None and not table.schema.equals(schema):
            table = _spread(table, schema)
        # What is no UTF-8 is found where the rows are read.
        frame = self._parser.parse(table)
        return Block(frame, original_of_table(table, self._original) if self._original else None)


def _spread(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with all columns of the schema."""
    import pyarrow as pa

    present = set(table.column_names)
    columns = [table.column(field.name).cast(field.type) if field.name in present else pa.nulls(len(table), field.type) for field in schema]
    return pa.table(columns, schema=schema)


class StreamBytes(io.RawIOBase):
    """The bytes of one segment as a file that Arrow reads."""

    def __init__(self, source: Input) -> None:
        self._pieces = source.pieces()
        self._held: deque[memoryview] = deque()
        self._size = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def fill(self, size: int) -> bool:
        """Holds so many bytes. False when the segment ends before."""
        while self._size < size:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._held.append(memoryview(piece))
            self._size += len(piece)
        return True

    def read(self, size: int = -1) -> bytes:
        """So many bytes; fewer at the end alone."""
        if not self.fill(sys.maxsize if size < 0 else size):
            size = self._size
        parts, lacking = [], size
        while lacking > 0:
            piece = self._held.popleft()
            if len(piece) > lacking:
                self._held.appendleft(piece[lacking:])
                piece = piece[:lacking]
            parts.append(piece)
            lacking -= len(piece)
        self._size -= size
        return b"".join(parts)
