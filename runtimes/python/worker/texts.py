"""CSV as columns of text: every value exactly as it came, nothing guessed, nothing missing. And back to CSV."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .failures import BadRows
from .records import first_record, record_end

if TYPE_CHECKING:
    import pyarrow as pa

# Arrow reads so much at a time; a longer record is left to Python's csv. Also keeps a column's pieces far below Arrow's 2 GB.
READ_BYTES = 1 << 25
# About what a frame of the answer holds.
FRAME_BYTES = 1 << 20
# Values that hold one of these must be quoted.
SPECIAL = (b'"', b",", b"\n", b"\r")


def is_blank(data: bytes | bytearray) -> bool:
    """Whether there is no record at all."""
    return first_record(data) == len(data)


def split_header(data: bytes) -> tuple[list[str], int]:
    """Column names as they are written in the first record that is not blank, and where the records begin."""
    end = record_end(data)
    text = data[first_record(data) : end].decode()
    with of_any_length():
        return next(csv.reader(io.StringIO(text, newline="")), []), end


@contextlib.contextmanager
def of_any_length() -> Iterator[None]:
    """Python's csv takes values of any length, not of 128 KB at most; what the code has set comes back."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def read_texts(width: int, records: bytes | memoryview, wanted: Sequence[int], kind: str = "binary") -> list[pa.ChunkedArray]:
    """The columns at these places of records that have `width` values each; a short one is filled with empty ones.

    `kind`: `binary`, so that bytes which are no UTF-8 come through, or `string`. BadRows for a record that is too long.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if not wanted or width == 0:
        return []
    if len(records) == 0:
        return [pa.chunked_array([], getattr(pa, kind)()) for _ in wanted]
    names = [str(at) for at in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.py_buffer(unmarked(records)),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=READ_BYTES),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=holds(records, b'"')),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, getattr(pa, kind)()), include_columns=list(dict.fromkeys(names[at] for at in wanted))
            ),
        )
    except pa.ArrowInvalid:
        # Records of unequal length, or a very long one.
        rows = _rows(width, records)
        return [pa.chunked_array([pa.array([row[at] for row in rows], getattr(pa, kind)())]) for at in wanted]
    return [table.column(names[at]) for at in wanted]


def unmarked(records: bytes | memoryview) -> bytes | memoryview:
    """Records that Arrow takes all of: at the very beginning it leaves out a mark of UTF-8, and blank lines anywhere."""
    return b"\n" + bytes(records) if records[:3] == codecs.BOM_UTF8 else records


def _rows(width: int, records: bytes | memoryview) -> list[list[bytes]]:
    rows: list[list[bytes]] = []
    with of_any_length():
        for row in csv.reader(io.StringIO(bytes(records).decode("utf-8", "surrogateescape"), newline="")):
            if len(row) > width:
                raise BadRows(f"Row {len(rows) + 1} has {len(row)} values, the header has {width} columns.")
            if row:
                rows.append([value.encode("utf-8", "surrogateescape") for value in row] + [b""] * (width - len(row)))
    return rows


def header_line(names: Sequence[str]) -> bytes:
    """The names as a record."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(names)
    return text.getvalue().encode()


def csv_frames(names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> Iterator[bytes]:
    """Columns of bytes as CSV, in pieces of about 1 MB that hold the header and whole records each."""
    header = header_line(names)
    is_first = True
    for records in record_pieces(columns):
        yield header + records
        is_first = False
    if is_first:
        yield header


def record_pieces(columns: Sequence[pa.ChunkedArray]) -> Iterator[bytes]:
    """Columns of bytes as records, in pieces of about 1 MB."""
    import pyarrow as pa

    table = pa.table([_quoted(column) for column in columns], names=[str(at) for at in range(len(columns))])
    rows = max(FRAME_BYTES * table.num_rows // max(table.nbytes, 1), 1)
    for batch in table.to_batches(max_chunksize=rows):
        yield from _pieces(batch)


def _pieces(batch: pa.RecordBatch) -> Iterator[bytes]:
    # Where long values stand close together, rows of the usual number would make a frame that is too long.
    if batch.nbytes > 8 * FRAME_BYTES and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _pieces(batch.slice(0, half))
        yield from _pieces(batch.slice(half))
    elif batch.num_rows > 0:
        yield _records(batch.columns)


def _records(columns: Sequence[pa.Array]) -> bytes:
    import pyarrow as pa
    from pyarrow import compute

    if len(columns) == 1:
        # A record of one empty value would be a blank line, which is no record.
        columns = [compute.if_else(compute.equal(columns[0], b""), pa.scalar(b'""'), columns[0])]
    lines = compute.binary_join_element_wise(*columns, b",")
    # Values of a column lie one after the other: with their line ends they are the text.
    ended = compute.binary_join_element_wise(lines, b"", b"\n")
    return ended.buffers()[2].slice(0, compute.sum(compute.binary_length(ended)).as_py()).to_pybytes()  # type: ignore[no-any-return]


def _quoted(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as it is written: in quotes, all of it, as soon as one value needs them."""
    from pyarrow import compute

    found = [special for special in SPECIAL if any(holds(chunk.buffers()[2], special) for chunk in column.chunks)]
    if not found:
        return column
    doubled = compute.replace_substring(column, b'"', b'""') if b'"' in found else column
    return compute.binary_join_element_wise(b"", doubled, b"", b'"')


def holds(data: Any, byte: bytes) -> bool:
    """Whether a buffer, which may be none, holds the byte. Looks at pieces, so that no copy of all is made."""
    if data is None:
        return False
    if isinstance(data, bytes):
        return byte in data
    view = memoryview(data).cast("B")
    return any(byte in bytes(view[at : at + READ_BYTES]) for at in range(0, len(view), READ_BYTES))
