"""Reads tables as CSV and as Arrow with the same known types and says how they compare: `arrow_types.py < CASES`.

Cases: JSON, a list of `{"columns": [{"name", "arrow", "values"}], "types", "fitted", "rows"}`; `rows` is how many an Arrow batch has.
Prints a list: `same`, `refused` where both are refused alike, else what differs.
"""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))
sys.path.insert(0, str(Path(__file__).parent))

from parsing import difference  # noqa: E402

from worker import arrow_blocks  # noqa: E402
from worker.failures import BadRows  # noqa: E402
from worker.frames import END, TABLE, Wire  # noqa: E402
from worker.tables_in import Input, read_table  # noqa: E402

MAKE = {
    "date32": datetime.date.fromisoformat,
    "timestamp": datetime.datetime.fromisoformat,
    "float64": float,
    "float32": float,
    "decimal": decimal.Decimal,
}
KINDS = {"timestamp": pa.timestamp("us"), "decimal": pa.decimal128(12, 2), "dictionary": pa.dictionary(pa.int32(), pa.string())}


def made(column: dict[str, Any]) -> list[Any]:
    """The column's values as Python's."""
    make = MAKE.get(column["arrow"], lambda value: value)
    return [None if value is None else make(value) for value in column["values"]]


def as_csv(case: dict[str, Any]) -> bytes:
    """As whoever sends CSV writes them."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(column["name"] for column in case["columns"])
    out.writerows(["" if value is None or value != value else str(value) for value in row] for row in zip(*map(made, case["columns"]), strict=True))
    return text.getvalue().encode()


def as_arrow(case: dict[str, Any], with_pandas: bool) -> bytes:
    """As a stream, with what pandas says of its types or without."""
    arrays = [pa.array(made(column), KINDS.get(column["arrow"]) or getattr(pa, column["arrow"])()) for column in case["columns"]]
    table = pa.table(arrays, names=[column["name"] for column in case["columns"]])
    if with_pandas:
        own = {pa.float64(): pd.Float64Dtype(), pa.int64(): pd.Int64Dtype(), pa.string(): pd.StringDtype(), pa.bool_(): pd.BooleanDtype()}
        said = pa.Table.from_pandas(table.to_pandas(types_mapper=own.get), preserve_index=False).schema.metadata
        table = table.replace_schema_metadata(said)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=case["rows"])
    return sink.getvalue()


def by_blocks(data: bytes, asked: dict[str, Any], few: int) -> tuple[list[pd.DataFrame], list[str]]:
    """Frames of the blocks of a row-wise call, and its notes; in one block where `few` is more than the bytes."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = Wire(theirs)
        sender.send(TABLE, data)
        sender.send(END, b"")
        arrow_blocks.FEW_BYTES = few
        blocks = arrow_blocks.ArrowBlocks(Input(Wire(ours)), asked, None)
        only = blocks.only()
        frames = [only.frame] if only is not None else [block.frame for block in blocks.frames()]
        return frames, blocks.told()


def compared(case: dict[str, Any]) -> str:
    """How one table compares."""
    asked = {"fields": None, "types": case["types"], "untyped": "guess", "dropMultivalue": True, "fitted": case["fitted"]}
    wanted, said = None, ""
    try:
        wanted = read_table({**asked, "format": "csv"}, as_csv(case))
    except BadRows as error:
        said = str(error)
    for with_pandas in (False, True):
        data = as_arrow(case, with_pandas)
        for way in ("whole", "few", "blocks"):
            try:
                if way == "whole":
                    table = read_table({**asked, "format": "arrow"}, data)
                    frames, notes = [table.frame], table.notes
                else:
                    frames, notes = by_blocks(data, {**asked, "format": "arrow"}, 1 << 16 if way == "few" else 1)
            except BadRows as error:
                if wanted is not None or (len(case["columns"]) == 1 and str(error) != said):
                    return f"{way}: {error!r} instead of {said or wanted.frame.to_dict()}"
                continue
            if wanted is None:
                return f"{way}: {[frame.to_dict() for frame in frames]} instead of {said}"
            # Blocks before the first gap have the narrower types, the last has what the whole has.
            got = frames[0] if len(frames) == 1 else pd.concat([each.astype(wanted.frame.dtypes.to_dict()) for each in frames], ignore_index=True)
            kinds = [list(map(str, each.dtypes)) for each in (frames[-1], wanted.frame)]
            differs = difference(got, wanted.frame) or missing(got) or (None if kinds[0] == kinds[1] else str(kinds))
            if differs or sorted(notes) != sorted(wanted.notes):
                return f"{way}: {differs or notes}"
    return "same" if wanted is not None else "refused"


def missing(frame: pd.DataFrame) -> str | None:
    """What is missing among objects in another way than as NaN."""
    for name in frame.columns[frame.dtypes == object]:
        for value in frame[name]:
            if pd.isna(value) and type(value) is not float and type(value) is not np.float64:
                return f"{name} has {value!r}"
    return None


if __name__ == "__main__":
    print(json.dumps([compared(case) for case in json.load(sys.stdin)]))
