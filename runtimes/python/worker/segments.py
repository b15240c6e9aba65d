"""Rows that came in several segments, each with a header of its own, as one table (runtimes/PROTOCOL.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .arrow_stream import whole_stream
from .failures import BadRows
from .texts import header_line, is_blank, read_texts, record_pieces, split_header
from .typed import open_quote


def unite(segments: Sequence[bytes], table_format: str) -> bytes:
    """The segments as one text or stream: columns in order of first appearance, those that a segment lacks empty.

    One segment comes back as it is. BadRows for segments that cannot be united.
    """
    held = [each for each in segments if (len(each) > 0 if table_format == "arrow" else not is_blank(each))]
    if len(held) <= 1:
        return held[0] if held else b""
    return _one_stream(held) if table_format == "arrow" else _one_text(held)


def _one_text(segments: Sequence[bytes]) -> bytes:
    headers = [split_header(each) for each in segments]
    for written, _ in headers:
        refuse_repeated(written)
    names = list(dict.fromkeys(name for written, _ in headers for name in written))
    parts: list[bytes | memoryview] = [header_line(names)]
    for number, (data, (written, begin)) in enumerate(zip(segments, headers, strict=True), 1):
        records = memoryview(data)[begin:]
        opened = open_quote(records, len(written))
        if opened is not None:
            raise BadRows(f"Row {opened} of segment {number}: a quote opens that is not closed.")
        if written == names:
            parts += [records, b"" if data.endswith(b"\n") or len(records) == 0 else b"\n"]
            continue
        parts += record_pieces(spread(names, written, read_texts(len(written), records, range(len(written)))))
    return b"".join(parts)


def spread(names: Sequence[str], written: Sequence[str], columns: Sequence[Any]) -> list[Any]:
    """The columns as a table of `names` has them: empty ones for those that are not among `written`."""
    import pyarrow as pa

    places = {name: at for at, name in enumerate(written)}
    first = columns[0]
    empty = pa.chunked_array([pa.repeat(pa.scalar(b"").cast(first.type), len(first))])
    return [columns[places[name]] if name in places else empty for name in names]


def refuse_repeated(names: Sequence[str]) -> None:
    """Which column a value belongs to could not be told."""
    if len(set(names)) == len(names):
        return
    counts = Counter(names)
    name = next(name for name in names if counts[name] > 1)
    raise BadRows(f"A segment has more than one column {name}, so it cannot be put together with the others.")


def _one_stream(segments: Sequence[bytes]) -> bytes:
    import pyarrow as pa

    tables = [whole_stream(each).replace_schema_metadata(None) for each in segments]
    for table in tables:
        refuse_repeated(table.column_names)
    try:
        table = pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise BadRows(f"The segments have columns of one name whose types do not go together: {error}") from None
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]
