"""Random CSVs read as a worker reads them, beside pandas' `round_trip` reader: `random_csvs.py COUNT`. Prints JSON by way.

guessed: types are not known, as at the old endpoints. by signature: types are those that a fit of the same rows would have
stored, and pandas is told which are text. A difference is explained when floats are those of pandas' default reader, or off by their
last place, or when the worker refuses rows that pandas takes (the call then fails with the row and the column named). All
others are unexplained; the first is shown.
"""

from __future__ import annotations

import io
import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "runtimes/python"))

from worker.failures import BadRows
from worker.tables_in import read_table, signature_of

MOST_COLUMNS = 5
ROWS = (1, 2, 7, 40, 300)
WORDS = ["", "NA", "NaN", "null", "None", "n/a", "nan", "-", "x", "007", "a b", "ü", "日本", 'say "hi"', "a,b", "two\nlines", " spaced ", "TRUE", "1e5"]
Cell = Callable[[random.Random], str]

KINDS: dict[str, Cell] = {
    "whole": lambda r: str(r.randint(-1000, 1000)),
    "large whole": lambda r: str(r.randint(-(2**63), 2**64 - 1)),
    "leading zeros": lambda r: f"{r.randint(0, 99):04}",
    "short float": lambda r: f"{r.uniform(-1000, 1000):.{r.randint(0, 6)}f}",
    "long float": lambda r: repr(r.uniform(-1, 1) * 10.0 ** r.randint(-300, 300)),
    "whole and float": lambda r: r.choice(["1", "2.5", "-3", "4.0"]),
    "boolean": lambda r: r.choice(["True", "False"]),
    "odd boolean": lambda r: r.choice(["TRUE", "false", "true", "False"]),
    "date": lambda r: f"20{r.randint(10, 40)}-0{r.randint(1, 9)}-1{r.randint(0, 9)} 0{r.randint(0, 9)}:30:00",
    "word": lambda r: r.choice(WORDS),
    "ends": lambda r: r.choice(["inf", "-inf", "1", "2.5", "nan"]),
    "number or word": lambda r: r.choice(["1", "2", "3", "x"]),
    "empty": lambda _: "",
}
FIGURES = ("unexplained", "equal", "last place of a float", "pandas' default floats", "refused")
GAPS = (0.0, 0.0, 0.05, 0.5)


def random_csv(r: random.Random) -> bytes:
    """A table of some columns, each of one kind, with or without empty cells."""
    columns = [(r.choice(list(KINDS.values())), r.choice(GAPS)) for _ in range(r.randint(1, MOST_COLUMNS))]
    lines = [",".join(f"c{at}" for at in range(len(columns)))]
    for _ in range(r.choice(ROWS)):
        lines.append(",".join(_quoted("" if r.random() < gap else cell(r)) for cell, gap in columns))
    return ("\n".join(lines) + "\n").encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set('",\n') else text


def difference(frame: pd.DataFrame, right: pd.DataFrame, places: int = 0) -> str | None:
    """What differs, floats by more than some last places; None when nothing does."""
    if list(frame.columns) != list(right.columns) or len(frame) != len(right):
        return f"{len(frame)} rows of {list(frame.columns)} are not {len(right)} of {list(right.columns)}"
    for name in right.columns:
        mine, theirs = frame[name], right[name]
        if mine.dtype != theirs.dtype:
            return f"{name} is {mine.dtype}, not {theirs.dtype}"
        if theirs.dtype == np.float64:
            left, other = mine.to_numpy(), theirs.to_numpy()
            with np.errstate(invalid="ignore"):  # inf - inf
                near = (left == other) | (np.isnan(left) & np.isnan(other)) | (np.abs(left - other) <= places * np.spacing(np.abs(other)))
            if not near.all():
                return f"{name}: {left[~near][0]!r} is not {other[~near][0]!r}"
        else:
            for one, two in zip(mine.tolist(), theirs.tolist(), strict=True):
                if type(one) is not type(two) or (one != two and (one == one or two == two)):
                    return f"{name}: {one!r} is not {two!r}"
    return None


def said(data: bytes, known: dict[str, str] | None) -> tuple[str, str | None]:
    """One of FIGURES, and what differs if that is unexplained."""
    # Of text pandas is told: its guess leaves empty cells empty where whole numbers are too large for any type.
    text = {name: kind for name, kind in (known or {}).items() if kind == "object"}
    right = pd.read_csv(io.BytesIO(data), float_precision="round_trip", dtype=text)
    try:
        frame = read_table(asked(known), data).frame
    except BadRows:
        return "refused", None
    found = difference(frame, right)
    if found is None:
        return "equal", None
    if difference(frame, right, places=1) is None:
        return "last place of a float", None
    if known is None and difference(frame, pd.read_csv(io.BytesIO(data))) is None:
        return "pandas' default floats", None
    return "unexplained", f"{found} in {data[:200].decode(errors='replace')!r}"


def asked(types: dict[str, str] | None) -> dict[str, Any]:
    """What a call asks of its rows (contract/worker.ts)."""
    return {"format": "csv", "types": types, "untyped": "guess", "fields": None, "dropMultivalue": False, "fitted": types is not None}


def main(count: int) -> None:
    """Read all in both ways."""
    r = random.Random(7)
    found = {"guessed": Counter[str](), "by signature": Counter[str]()}
    first: dict[str, str | None] = dict.fromkeys(found)
    for _ in range(count):
        data = random_csv(r)
        types = {each["name"]: each["type"] for each in signature_of(pd.read_csv(io.BytesIO(data)))}
        for way, known in (("guessed", None), ("by signature", types)):
            figure, shown = said(data, known)
            found[way][figure] += 1
            first[way] = first[way] or shown
    turns = {
        way: {
            "figures": {**{name: counts[name] for name in FIGURES}, "CSVs": count},
            "calls": count,
            "wrong": counts["unexplained"],
            "firstWrong": first[way],
        }
        for way, counts in found.items()
    }
    print(json.dumps(turns))


if __name__ == "__main__":
    main(int(sys.argv[1]))
