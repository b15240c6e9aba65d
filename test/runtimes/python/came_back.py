"""Has row-wise applies answer rows in blocks and says how the answer compares with `to_csv`: `came_back.py < CASES`.

Cases: JSON, a list of `{"text", "cuts"}`, whose columns are all read as floats. Each is applied by code that gives the rows back
and by code that changes a value in place. Prints one object a case: `came`, how many blocks were answered by their own
text, and `differs`.
"""

from __future__ import annotations

import io
import json
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from worker import blocks, came_back, tables_out  # noqa: E402
from worker.came_back import Came  # noqa: E402
from worker.failures import BadRows, Failed  # noqa: E402
from worker.frames import DONE, END, TABLE, Wire  # noqa: E402
from worker.tables_in import Input  # noqa: E402

blocks.BLOCK_BYTES, blocks.FEW_BYTES = 48, 0
# Numbers lie across the ends of what is looked at together, and of what is sent together.
came_back.WINDOW, tables_out.PIECE_BYTES = 24, 16
PIECE_BYTES = 40
# What was not answered by its own text was left to be written.
answered: list[bytes | None] = []
text_of = Came.text_of


def watched(came: Came, result: pd.DataFrame) -> bytes | None:
    """`text_of`, noted."""
    answered.append(text_of(came, result))
    return answered[-1]


Came.text_of = watched  # type: ignore[method-assign]


def same(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows themselves."""
    return frame


def changed(frame: pd.DataFrame) -> pd.DataFrame:
    """One value changed in place, in blocks of an even number of rows."""
    if len(frame) % 2 == 0 and len(frame):
        frame.iloc[-1, 0] = 7.25
    return frame


def applied(data: bytes, cuts: list[int], names: list[str], compute: Callable[[pd.DataFrame], pd.DataFrame]) -> str | None:
    """What differs between the answer and what `to_csv` writes of the same blocks."""
    ours, theirs = socket.socketpair()
    wanted: list[str] = []

    def noted(frame: pd.DataFrame) -> pd.DataFrame:
        result = compute(frame)
        wanted.append(result.to_csv(index=False))
        return result

    def send() -> None:
        at = 0
        for length in cuts:
            sender.send(TABLE, data[at : at + length])
            at += length
        for begin in range(at, len(data), PIECE_BYTES):
            sender.send(TABLE, data[begin : begin + PIECE_BYTES])
        sender.send(END, b"")

    with ours, theirs:
        sender, wire = Wire(theirs), Wire(ours)
        got: list[str] = []
        reading = threading.Thread(target=lambda: [got.append(payload.decode()) for kind, payload in iter(sender.frame, None) if kind == TABLE or sys.exit()])
        reading.start()
        threading.Thread(target=send).start()
        asked = {"format": "csv", "fields": None, "types": dict.fromkeys(names, "float64"), "untyped": "guess", "dropMultivalue": False}
        try:
            blocks.apply_blocks(wire, blocks.Blocks(Input(wire), asked, False), noted, "csv")
        except Failed as failed:
            return None if isinstance(failed.__cause__, BadRows) else str(failed)
        finally:
            wire.send(DONE, b"")
            reading.join()
    return None if joined(got) == joined(wanted) else f"{got} instead of {wanted}"


def joined(tables: list[str]) -> str:
    """CSV texts of one header as one, with that header once."""
    header = tables[0][: tables[0].index("\n") + 1]
    return header + "".join(each.removeprefix(header) if each.startswith(header) and each.endswith("\n") else f"no table: {each}" for each in tables)


def checked(case: dict[str, Any]) -> dict[str, Any]:
    """How the rows of one text come back."""
    data = case["text"].encode()
    names = pd.read_csv(io.BytesIO(data), nrows=0).columns.tolist()
    answered.clear()
    differs = applied(data, case["cuts"], names, same)
    came = sum(each is not None for each in answered)
    return {"came": came, "differs": differs or applied(data, case["cuts"], names, changed)}


if __name__ == "__main__":
    print(json.dumps([checked(case) for case in json.load(sys.stdin)]))
