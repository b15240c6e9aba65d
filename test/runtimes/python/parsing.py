"""Reads CSV texts in all ways that a worker has and says how each compares with pandas: `parsing.py < CASES`.

Cases: JSON, a list of `{"text", "cuts"}`; cuts are lengths of the frames that the rows come in. Prints a list of one object a case.
"""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from worker import blocks, few  # noqa: E402
from worker.failures import BadRows  # noqa: E402
from worker.frames import END, TABLE, Wire  # noqa: E402
from worker.records import header_of  # noqa: E402
from worker.tables_in import Input, read_table, signature_of  # noqa: E402

ASKED = {"format": "csv", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": False}
# So small that rows come in many blocks, and none are too few for threads.
blocks.BLOCK_BYTES, blocks.FEW_BYTES = 48, 0


def difference(got: pd.DataFrame, wanted: pd.DataFrame) -> str | None:
    """What differs, to the last bit; None when nothing does."""
    try:
        pd.testing.assert_frame_equal(got, wanted, check_exact=True, check_column_type="exact")
    except AssertionError as error:
        return f"{error}\n{got.to_dict()}\n{wanted.to_dict()}"
    if list(map(repr, got.to_numpy(dtype=object).ravel())) != list(map(repr, wanted.to_numpy(dtype=object).ravel())):
        return f"{got.to_dict()}\n{wanted.to_dict()}"
    return None


def guessed(data: bytes) -> dict[str, Any]:
    """Without types: as pandas, its errors included. `frame` is pandas' own."""
    try:
        frame, error = pd.read_csv(io.BytesIO(data)), None
    except Exception as raised:
        frame, error = None, f"{type(raised).__name__}: {raised}"
    try:
        table = read_table(ASKED, data)
    except Exception as raised:
        said = f"{type(raised).__name__}: {raised}"
        return {"differs": None if said == error else f"{said} instead of {error}", "quick": False, "frame": frame}
    if frame is None:
        return {"differs": f"{table.frame.to_dict()} instead of {error}", "quick": table.is_quick, "frame": None}
    flags = [each.to_numpy().flags for each in (table.frame, frame)]
    order = None if flags[0].f_contiguous == flags[1].f_contiguous else "the order in memory"
    return {"differs": difference(table.frame, frame) or order, "quick": table.is_quick, "frame": frame}


def typed(data: bytes, types: dict[str, str], cuts: list[int]) -> dict[str, Any]:
    """With the types that a fit on these rows would leave: what pandas reads by its exact numbers, or an error, in each way."""
    known = {name: str if kind == "object" else kind for name, kind in types.items() if kind != "bool"}
    wanted = pd.read_csv(io.BytesIO(data), float_precision="round_trip", dtype=known)
    asked = {**ASKED, "types": types}
    said: dict[str, Any] = {}
    most = few.MOST_BYTES
    for way in ("quick", "library", "blocks"):
        few.MOST_BYTES = most if way == "quick" else -1
        try:
            if way == "blocks":
                said[way] = by_blocks(data, asked, cuts, wanted)
            else:
                table = read_table(asked, data)
                said[way] = difference(table.frame, wanted) or "same"
                if way == "quick" and said[way] == "same":
                    said["is_quick"] = table.is_quick
        except BadRows as error:
            said[way] = f"BadRows: {error}"
        finally:
            few.MOST_BYTES = most
    return said


def by_blocks(data: bytes, asked: dict[str, Any], cuts: list[int], wanted: pd.DataFrame) -> str:
    """The same, as the rows come over a socket in frames of any length."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = Wire(theirs)
        at = 0
        for length in cuts:
            sender.send(TABLE, data[at : at + length])
            at += length
        sender.send(TABLE, data[at:])
        sender.send(END, b"")
        source = Input(Wire(ours))
        read = blocks.Blocks(source, asked, False)
        if not read.is_typed:
            return "untyped"
        begin = 0
        for block in read.frames():
            part = wanted.iloc[begin : begin + len(block.frame)].reset_index(drop=True)
            # Of truths with gaps a block may have none.
            full = {name: "bool" for name, kind in asked["types"].items() if kind == "bool" and part[name].notna().all() and len(part)}
            begin += len(part)
            differs = difference(block.frame, part.astype(full)) if len(part) else None
            if differs:
                return f"block that ends with row {begin}: {differs}"
    return "same" if begin == len(wanted) else f"{begin} rows instead of {len(wanted)}"


def checked(case: dict[str, Any]) -> dict[str, Any]:
    """How one text is read."""
    data = case["text"].encode()
    said = guessed(data)
    frame = said.pop("frame")
    if frame is None or not all(type(name) is str for name in frame.columns) or not isinstance(frame.index, pd.RangeIndex):
        return said
    types = {each["name"]: each["type"] for each in signature_of(frame)}
    # By known types a text is as it came, pandas' own ends where a NUL is; and what pandas is told of a repeated name is for all of them.
    if b"\0" in data or list(frame.columns) != header_of(data).names or header_of(data).notes:
        return said
    return {**said, "typed": typed(data, types, case["cuts"])}


if __name__ == "__main__":
    print(json.dumps([checked(case) for case in json.load(sys.stdin)]))
