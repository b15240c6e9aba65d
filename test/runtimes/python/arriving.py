"""Reads CSV texts while they come and says how each compares with pandas: `arriving.py < CASES`.

Cases: JSON, a list of `{"text", "cuts"}`; cuts are lengths of the pieces. Prints one object a case: `taken`, whether there was
an answer; `quick`, how many blocks Arrow read; `differs`, what is not as pandas has it.

In which pieces pandas looks for types depends on the table's width and pandas' version. So that no division of the rows can
give anything else, each answer is compared with what pandas makes of pieces of other lengths, too.
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.io.parsers.c_parser_wrapper import _concatenate_chunks

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from parsing import difference  # noqa: E402
from worker import arriving  # noqa: E402
from worker.held import Held  # noqa: E402

DIVISIONS = (1, 2, 3, 5, 8, 13)
# So many are divided by pandas itself.
MANY_ROWS = 100

warnings.simplefilter("ignore", pd.errors.DtypeWarning)


def in_pieces(data: bytes, rows: int) -> pd.DataFrame:
    """What pandas makes of the text when it looks for types in pieces of so many rows."""
    with pd.read_csv(io.BytesIO(data), chunksize=rows) as reader:
        frames = list(reader)
    names = list(frames[0].columns)
    chunks = [{at: frame.iloc[:, at].array.to_numpy() for at in range(len(names))} for frame in frames]
    joined = _concatenate_chunks(chunks)
    return pd.DataFrame({name: joined[at] for at, name in enumerate(names)})


def read(data: bytes, cuts: list[int]) -> tuple[pd.DataFrame | None, int]:
    """The answer, and how many blocks Arrow read."""
    with arriving.Arriving() as rows:
        held, at = Held(64), 0
        for length in [*cuts, len(data)]:
            held.add(data[at : at + length])
            rows.take(data[at : at + length])
            at += length
        frame = rows.frame(held.drop)
        # As long as pandas may have to be asked, they must be there.
        assert held.whole() == (data if frame is None else b"")
        return frame, rows.quick_blocks


def checked(case: dict[str, Any]) -> dict[str, Any]:
    """How one text is read."""
    data = case["text"].encode()
    frame, quick = read(data, case["cuts"])
    if frame is None:
        return {"taken": False, "quick": 0, "differs": None}
    differs = None
    try:
        wanted = pd.read_csv(io.BytesIO(data))
        if frame.to_numpy().flags.f_contiguous != wanted.to_numpy().flags.f_contiguous:
            differs = "the order in memory"
        for rows in DIVISIONS if len(wanted) < MANY_ROWS else ():
            differs = differs or difference(frame, in_pieces(data, rows))
        differs = differs or difference(frame, wanted)
    except Exception as error:
        differs = f"{frame.to_dict()} instead of {type(error).__name__}: {error}"
    return {"taken": True, "quick": quick, "differs": differs}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    # So small that rows come in many blocks.
    arriving.HEAD_BYTES, arriving.BLOCK_BYTES = (1 << 16, 1 << 18) if asked["isLarge"] else (96, 96)
    # Numbers lie across the ends of what is looked at together.
    arriving.WINDOW, arriving.FEW_EXPONENTS = (1 << 17, 1000) if asked["isLarge"] else (24, 1)
    print(json.dumps([checked(case) for case in asked["cases"]]))
