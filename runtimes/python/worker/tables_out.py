"""Results out: what a function returned to a DataFrame, and that to table frames."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pandas as pd

from .failures import NoTable
from .frames import TABLE, Wire
from .quick_csv import quick_csv

if TYPE_CHECKING:
    import pyarrow as pa

FRAME_BYTES = 1 << 20
# About as many bytes of numbers.
FRAME_CELLS = 100_000


def to_frame(result: Any) -> pd.DataFrame:
    """`pd.DataFrame(result)`, as DSDL does; its exception comes through."""
    return result if type(result) is pd.DataFrame else pd.DataFrame(result)


def to_csv(frame: pd.DataFrame) -> bytes:
    """`to_csv(index=False)` to the letter; "\\n" for a frame without columns."""
    quick = quick_csv(frame)
    return frame.to_csv(index=False).encode() if quick is None else quick


def send_frame(wire: Wire, frame: pd.DataFrame, output: str) -> None:
    """Send a whole result. CSV goes in frames of about 1 MB, each a header and whole records."""
    if output == "arrow":
        stream = ArrowOut(wire)
        stream.write(frame)
        stream.close()
        return
    if frame.size < 20_000:
        wire.send(TABLE, to_csv(frame))
        return
    rows = max(FRAME_CELLS // frame.shape[1], 1)
    if quick_csv(frame.iloc[:rows]) is not None:
        # Columns that are plain in their first rows are of types that are written value by value: pieces are as the whole.
        for start in range(0, len(frame), rows):
            wire.send(TABLE, to_csv(frame.iloc[start : start + rows]))
        return
    raw = RecordFrames(wire)
    # pandas writes row by row; the buffer turns that into large pieces.
    with io.TextIOWrapper(io.BufferedWriter(raw, FRAME_BYTES), encoding="utf-8", newline="", write_through=False) as text:
        frame.to_csv(text, index=False)


class RecordFrames(io.RawIOBase):
    """Cuts CSV bytes to frames that hold the header and whole records each."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._header: bytes | None = None
        self._rest = b""

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes cut anywhere; send the records that are whole."""
        from .records import last_record_end, record_end

        taken = len(data)
        held = self._rest + bytes(data)
        if self._header is None:
            end = record_end(held)
            if end == len(held) and not held.endswith(b"\n"):
                self._rest = held
                return taken
            self._header, held = held[:end], held[end:]
        cut = last_record_end(held)
        if cut > 0:
            self._wire.send(TABLE, self._header + held[:cut])
        self._rest = held[cut:]
        return taken

    def close(self) -> None:
        """Send what is left. A header without records is a frame, too."""
        if not self.closed and self._rest:
            self._wire.send(TABLE, (self._header or b"") + self._rest)
            self._rest = b""
        super().close()


class ArrowOut:
    """One Arrow IPC stream over table frames, each holding whole messages."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._sink = io.BytesIO()
        self._stream: Any = None
        self._schema: Any = None

    def write(self, frame: pd.DataFrame) -> None:
        """Send one frame's rows."""
        import pyarrow as pa

        frame.columns = [str(name) for name in frame.columns]
        if self._schema is not None:
            self._refuse_other(list(frame.columns))
        self.write_table(pa.Table.from_pandas(frame, schema=self._schema, preserve_index=False))

    def write_table(self, table: pa.Table) -> None:
        """Send one table's rows. NoTable when its columns are not those of the first."""
        import pyarrow as pa

        if self._stream is None:
            self._schema = table.schema
            self._stream = pa.ipc.new_stream(self._sink, self._schema)
        elif table.schema != self._schema:
            self._refuse_other(table.column_names)
            table = table.cast(self._schema)
        self._stream.write_table(table)
        self._send()

    def _refuse_other(self, names: list[str]) -> None:
        if names != self._schema.names:
            raise NoTable(f"its columns were {', '.join(self._schema.names)} at first and then {', '.join(names)}, which one Arrow stream cannot hold; ask for CSV")

    def close(self) -> None:
        """End the stream; one without rows has a schema at least."""
        if self._stream is None:
            self.write(pd.DataFrame())
        self._stream.close()
        self._send()

    def _send(self) -> None:
        if self._sink.tell() > 0:
            with self._sink.getbuffer() as sent:
                self._wire.send(TABLE, sent)
            self._sink.seek(0)
            self._sink.truncate()
