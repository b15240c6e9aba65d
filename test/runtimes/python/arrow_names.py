"""Reads tables whose columns have names twice or none, as CSV and as Arrow: `arrow_names.py MANY SEED`. Prints `fine` where both are the same."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))
sys.path.insert(0, str(Path(__file__).parent))

from arrow_broken import stream  # noqa: E402
from arrow_types import by_blocks  # noqa: E402
from chances import by_chance  # noqa: E402
from parsing import difference  # noqa: E402

from worker.append import original_of  # noqa: E402
from worker.failures import BadRows  # noqa: E402
from worker.segments import unite  # noqa: E402
from worker.tables_in import read_table  # noqa: E402
from worker.texts import header_line  # noqa: E402

NAMES = ["a", "a", "a", "", "", "b", "a.1", "a.2", "Unnamed: 0", "Unnamed: 1", "Unnamed: 1.1", "x y", 'q",', "l\nm", "__mv_a", "é"]


def read(asked: dict[str, Any], data: bytes) -> Any:
    """The frame and its notes, or what is said of rows that cannot be read."""
    try:
        table = read_table(asked, data)
    except BadRows as error:
        return str(error)
    return table.frame, table.notes


def compare(chance: random.Random) -> None:
    names = [chance.choice(NAMES) for _ in range(chance.randint(1, 6))]
    rows = [[chance.randint(-9, 9) for _ in names] for _ in range(chance.randint(1, 3))]
    csv = header_line(names) + b"".join(header_line(list(map(str, row))) for row in rows)
    table = pa.table([pa.array(column) for column in zip(*rows, strict=True)], names=names)
    arrow = stream(table)
    came = read_table({"format": "csv", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": False}, csv).frame.columns.tolist()
    types = chance.choice([None, {name: chance.choice(["int64", "float64", "object"]) for name in came if chance.random() < 0.8}])
    fields = chance.choice([None, None, chance.sample(came, len(came) // 2 + 1), list(dict.fromkeys(names))])
    asked = {"fields": fields, "types": types, "untyped": "guess", "dropMultivalue": chance.random() < 0.5, "fitted": False}
    wanted, got = read({**asked, "format": "csv"}, csv), read({**asked, "format": "arrow"}, arrow)
    said = f"{names}, {asked}"
    if isinstance(wanted, str) or isinstance(got, str):
        assert isinstance(wanted, str) and wanted == got, f"{said}: {got} instead of {wanted}"
        return
    assert difference(got[0], wanted[0]) is None and got[0].columns.tolist() == wanted[0].columns.tolist(), f"{said}: {got[0]} instead of {wanted[0]}"
    if types is not None:  # where all is guessed CSV has no notes
        assert got[1] == wanted[1], f"{said}: {got[1]} instead of {wanted[1]}"
    for few in (1, 1 << 16):
        frames, notes = by_blocks(arrow, {**asked, "format": "arrow"}, few)
        assert len(frames) == 1 and difference(frames[0], wanted[0]) is None and notes == got[1], f"{said}: {frames} instead of {wanted[0]}"
    for output in ("csv", "arrow"):
        assert list(original_of(arrow, "arrow", output).names) == list(original_of(csv, "csv", output).names) == names, said


def compare_segments(chance: random.Random) -> None:
    segments = [[chance.choice(NAMES) for _ in range(chance.randint(1, 3))] for _ in range(2)]
    asked = {"fields": None, "types": None, "untyped": "guess", "dropMultivalue": False}
    texts = [header_line(names) + header_line([str(at) for at in range(len(names))]) for names in segments]
    streams = [stream(pa.table([pa.array([at]) for at in range(len(names))], names=names)) for names in segments]
    try:
        wanted = read_table({**asked, "format": "csv"}, unite(texts, "csv")).frame.columns.tolist()
    except BadRows as error:
        wanted = str(error)
    try:
        got = read_table({**asked, "format": "arrow"}, unite(streams, "arrow")).frame.columns.tolist()
    except BadRows as error:
        got = str(error)
    assert got == wanted, f"{segments}: {got} instead of {wanted}"


def from_pandas() -> None:
    """What pandas says of its own names does not bring back what CSV has not."""
    asked = {"format": "arrow", "fields": None, "types": None, "untyped": "guess", "dropMultivalue": True}
    for columns, wanted in (
        ([0, 1, 2], ["0", "1", "2"]),
        (["a", "", "b"], ["a", "Unnamed: 1", "b"]),
        ([1, "1", ""], ["1", "1.1", "Unnamed: 2"]),
        (pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)]), ["('x', 1)", "('x', 2)", "('y', 1)"]),
    ):
        frame = pd.DataFrame([[1, 2.5, "x"], [3, 4.5, None]], columns=columns, index=[5, 6])
        table = pa.Table.from_pandas(frame)
        read = read_table(asked, stream(table)).frame
        assert read.columns.tolist() == wanted, f"{read.columns.tolist()} instead of {wanted}"
        assert read.iloc[:, :2].to_numpy().tolist() == [[1, 2.5], [3, 4.5]], read
        chosen = read_table({**asked, "fields": wanted[:1]}, stream(table)).frame
        assert chosen.columns.tolist() == wanted[:1], chosen


if __name__ == "__main__":
    from_pandas()
    by_chance(compare, compare_segments)
