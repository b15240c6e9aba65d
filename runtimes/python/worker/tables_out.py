"""Results out: what a function returned to a DataFrame, and that to table frames."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from .arrow_out import ArrowOut
from .failures import NoTable
from .frames import TABLE, Wire
from .quick_csv import quick_csv
from .quotes import last_record_end
from .records import record_end
from .wording import text_of

FRAME_BYTES = 1 << 20
# About as many bytes of numbers.
FRAME_CELLS = 100_000
# What the bridge passes on before the next comes. Longer frames stay with it until its engine looks through all that it holds.
PIECE_BYTES = 1 << 17


def table_of(value: Any, strict: bool = False) -> pd.DataFrame:
    """`pd.DataFrame(value)`, as DSDL does. When that cannot be: NoTable, or with `strict` what pandas raises."""
    if type(value) is pd.DataFrame:
        return value
    try:
        return pd.DataFrame(value)
    except Exception as error:
        if strict:
            raise
        raise NoTable(f"{type(value).__name__} cannot become a DataFrame ({text_of(error)})") from None


def one_each(returned: int, rows: int) -> None:
    """Of a row-wise apply. NoTable when it returned another number of rows than it was given."""
    if returned != rows:
        raise NoTable(f"a row-wise apply returned {returned} rows for a block of {rows}; declare options.apply whole-table if rows depend on each other")


def to_csv(frame: pd.DataFrame) -> bytes:
    """`to_csv(index=False)` to the letter; "\\n" for a frame without columns."""
    quick = quick_csv(frame)
    return frame.to_csv(index=False).encode() if quick is None else quick


def send_csv(wire: Wire, header: bytes, text: bytes, begin: int = 0) -> None:
    """Send the records of a text from a place on: in frames of about 128 kB, unless a value is in quotes."""
    with memoryview(text) as view:
        if len(text) - begin <= 2 * PIECE_BYTES or text.find(b'"', begin) >= 0:
            wire.send(TABLE, header, view[begin:])
            return
        while begin < len(text):
            end = text.rfind(b"\n", begin, begin + PIECE_BYTES) + 1 or text.find(b"\n", begin) + 1 or len(text)
            wire.send(TABLE, header, view[begin:end])
            begin = end


def send_table(wire: Wire, frame: pd.DataFrame) -> None:
    """Send a frame as CSV."""
    send_text(wire, to_csv(frame))


def send_text(wire: Wire, data: bytes) -> None:
    """Send CSV that begins with its header."""
    end = record_end(data)
    send_csv(wire, data[:end], data, end)


def send_frame(wire: Wire, frame: pd.DataFrame, output: str) -> None:
    """Send a whole result. CSV goes in frames of 1 MB at most, unless a record is longer, each a header and whole records."""
    if output == "arrow":
        stream = ArrowOut(wire)
        stream.write(frame)
        stream.close()
        return
    if frame.size < 20_000:
        wire.send(TABLE, to_csv(frame))
        return
    rows = max(FRAME_CELLS // frame.shape[1], 1)
    first = quick_csv(frame.iloc[:rows])
    if first is not None:
        # Columns that are plain in their first rows are of types that are written value by value: pieces are as the whole.
        send_text(wire, first)
        for start in range(rows, len(frame), rows):
            send_table(wire, frame.iloc[start : start + rows])
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
