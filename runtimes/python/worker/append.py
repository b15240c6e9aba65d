"""Results beside the rows that they were made of: each row with all its fields exactly as they came (runtimes/PROTOCOL.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from .arrow_in import written
from .arrow_out import ArrowOut
from .arrow_stream import whole_stream
from .columns import is_multivalue
from .failures import BadRows, UnequalRows, phase
from .frames import TABLE, Wire
from .segments import spread
from .tables_out import send_frame, send_table, to_csv
from .texts import csv_frames, read_texts, split_header

if TYPE_CHECKING:
    import pyarrow as pa

# A column of the answer: its name, whether it is of the input, and its place there.
Column = tuple[str, bool, int]


@dataclass
class Original:
    """Rows as they came."""

    # Of the columns to give back. Those that are not in `written` are empty.
    names: Sequence[str]
    # Of the columns of `records`, CSV without a header.
    written: Sequence[str]
    records: bytes | memoryview
    # Arrow's rows, instead of `records`.
    table: pa.Table | None = None

    def columns(self, wanted: Sequence[int], kind: str) -> list[Any]:
        """Those of `names` at these places: Arrow's own, or text (`binary` or `string`, as texts.read_texts has it)."""
        if self.table is not None:
            return [self.table.column(at) for at in wanted]
        if self.names == self.written:
            return read_texts(len(self.written), self.records, wanted, kind)
        every = read_texts(len(self.written), self.records, range(len(self.written)), kind)
        return spread([self.names[at] for at in wanted], self.written, every)


def original_of(data: bytes, table_format: str, output: str) -> Original:
    """A whole table as it came, header or schema first."""
    return _text(data) if table_format == "csv" else original_of_table(whole_stream(data), output)


def original_of_table(table: pa.Table, output: str) -> Original:
    """Rows of Arrow as they came: as such, or as text for an answer in CSV."""
    if output == "csv":
        return _text(written(table))
    return Original(table.column_names, table.column_names, b"", table)


def _text(data: bytes) -> Original:
    written, begin = split_header(data)
    return Original(written, written, memoryview(data)[begin:])


def arranged(names: Sequence[str], results: Sequence[str]) -> list[Column]:
    """Columns of the answer, as splunkd orders them: fields of the input, new ones of the result, and last `__mv_*` of both.

    A column of the result takes the place of the input's of the same name, whose other values (`__mv_*`) then go.
    """
    replaced = {name: at for at, name in reversed(list(enumerate(results)))}
    fields: list[Column] = []
    for at, name in enumerate(names):
        if name in replaced:
            fields.append((name, False, replaced.pop(name)))
        elif not (is_multivalue(name) and name.removeprefix("__mv_") in results):
            fields.append((name, True, at))
    placed = {at for _, is_input, at in fields if not is_input}
    every = fields + [(name, False, at) for at, name in enumerate(results) if at not in placed]
    return sorted(every, key=lambda column: is_multivalue(column[0]))


def in_order(result: pd.DataFrame) -> pd.DataFrame:
    """The result in the order of the rows that it was made of, as its index tells when it was sorted or put together anew."""
    index, rows = result.index, pd.RangeIndex(len(result))
    if index.equals(rows) or not pd.api.types.is_integer_dtype(index.dtype) or not index.is_unique:
        return result
    return result.sort_index() if index.sort_values().equals(rows) else result


class ResultsOut:
    """Sends results in one format, block by block, beside the rows that they were made of if those are to come back."""

    def __init__(self, wire: Wire, output: str) -> None:
        self._wire = wire
        self._arrow = ArrowOut(wire) if output == "arrow" else None

    def send(self, original: Original | None, received: int, result: pd.DataFrame) -> None:
        """One block. UnequalRows when rows that are to come back have not a result each."""
        if original is None and self._arrow is not None:
            self._arrow.write(result)
        elif original is None:
            send_table(self._wire, result)
        elif len(result) != received:
            raise UnequalRows(f"{received} rows came and {len(result)} were returned, so that nobody knows which belong together")
        elif self._arrow is None:
            self._csv(original, received, in_order(result))
        else:
            self._stream(self._arrow, original, received, in_order(result))

    def close(self) -> None:
        """Ends the answer."""
        if self._arrow is not None:
            self._arrow.close()

    def _csv(self, original: Original, received: int, result: pd.DataFrame) -> None:
        made = [str(name) for name in result.columns]
        if arranged(original.names, made) == [(name, False, at) for at, name in enumerate(made)] and made:
            return send_frame(self._wire, result, "csv")
        # What a call without append answers, read again as text: the result's columns are written in no other way.
        data = to_csv(result) if result.shape[1] > 0 else b""
        names, begin = split_header(data) if data else ([], 0)
        columns = arranged(original.names, names)
        values = together(columns, original, "binary", read_texts(len(names), memoryview(data)[begin:], range(len(names))), received)
        for frame in csv_frames([name for name, _, _ in columns], values):
            self._wire.send(TABLE, frame)

    def _stream(self, arrow: ArrowOut, original: Original, received: int, result: pd.DataFrame) -> None:
        import pyarrow as pa

        made = pa.Table.from_pandas(result.set_axis([str(name) for name in result.columns], axis=1), preserve_index=False)
        columns = arranged(original.names, made.column_names)
        values = together(columns, original, "string", made.columns, received)
        arrow.write_table(pa.table(values, names=[name for name, _, _ in columns]))


def together(columns: Sequence[Column], original: Original, kind: str, results: Sequence[Any], received: int) -> list[Any]:
    """The columns' values. BadRows when rows as text are not the rows that were read."""
    with phase("parse"):
        kept = original.columns([at for _, is_input, at in columns if is_input], kind)
        if kept and len(kept[0]) != received:
            raise BadRows(f"{len(kept[0])} lines with values came, but {received} were read as rows: lines of blanks alone are none. Leave them out.")
    rest = iter(kept)
    return [next(rest) if is_input else results[at] for _, is_input, at in columns]
