"""Looks for ends of records in rows with quotes anywhere: `quotes.py MANY SEED`. Prints `fine` where they are pandas'."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))
sys.path.insert(0, str(Path(__file__).parent))

from chances import by_chance  # noqa: E402
from parsing import by_blocks, difference  # noqa: E402

from worker import quotes  # noqa: E402
from worker.failures import BadRows  # noqa: E402
from worker.records import header_of  # noqa: E402
from worker.segments import unite  # noqa: E402
from worker.tables_in import Table, read_table  # noqa: E402

UNITS = ["a", "b c", '"', '"', '""', "\n", "\n", ",", "\r\n", "\r", "x" * 30]
WINDOWS = (1, 2, 3, 7, 64, 1 << 18)
# Values as they are sent, quotes in the midst of some.
VALUES = ['5" pipe', 'a"', "plain", '"x,\ny"', '"say ""a\n"""', '"a"b', '"a"b"c', 'x""y', '"\r\n"', '""', "é", ' "z', "x" * 40]


class Unread(Exception):
    """pandas reads no such text."""


def text_of(random: random.Random) -> str:
    """Any text that begins with a value: a blank line is no record to pandas."""
    return "".join(random.choices(UNITS, k=random.randint(0, 40)))


def read(text: str) -> list[list[str]] | None:
    """The records, as pandas has them; None when a quote is open at the end. Unread where it has too little room for lone carriage returns, its own fault."""
    try:
        frame = pd.read_csv(io.StringIO(text), header=None, names=range(60), dtype=str, index_col=False, keep_default_na=False)
    except pd.errors.ParserError as error:
        if "Buffer overflow" in str(error):
            raise Unread from None
        assert "EOF inside string" in str(error), error
        return None
    return frame.to_numpy().tolist()  # type: ignore[no-any-return]


def find_ends(random: random.Random) -> None:
    """The last end is the last line end up to which pandas reads a whole table, and the rest is one by itself."""
    text = text_of(random)
    quotes.WINDOW = random.choice(WINDOWS)
    data = text.encode()
    ends = [0]
    try:
        whole = read(text)
        ends += [at + 1 for at, each in enumerate(text) if each == "\n" and read(text[: at + 1]) is not None]
    except Unread:
        return
    assert quotes.ends_in_quotes(data) == quotes.ends_in_quotes(memoryview(data)) == (whole is None), data
    end = quotes.last_record_end(data)
    assert end == quotes.last_record_end(bytearray(data)), data
    assert end == ends[-1], (data, end, ends)
    if whole is not None:
        assert read(text[:end]) + read(text[end:]) == whole, data  # type: ignore[operator]


def find_header(random: random.Random) -> None:
    """A header ends where pandas' does, and names what pandas names."""
    begin = random.choice(["", "\n", "\ufeff", "\n\ufeff", "\ufeff\r\n", " \t\n", "\ufeff \n", "\ufeff\ufeff"])
    names = [random.choice(['"b\nc"', 'a"', 'a"b', "a", "a.1", "", "x y", '"q"r"', '"a,""\r\n"', " a"]) for _ in range(random.randint(2, 5))]
    text = begin + ",".join(names) + random.choice(["\n", "\r\n", "\r"])
    rest = ",".join(map(str, range(len(names)))) + "\n"
    data = (text + rest * 2).encode()
    try:
        wanted = pd.read_csv(io.BytesIO(data))
    except pd.errors.ParserError:  # a name in quotes behind a mark of UTF-8 is none
        return
    found = header_of(data)
    assert found.names == wanted.columns.tolist(), (data, found, wanted.columns)
    asked = {"format": "csv", "fields": None, "untyped": "guess", "dropMultivalue": False}
    if isinstance(wanted.index, pd.RangeIndex):
        types = dict(zip(found.names, map(str, wanted.dtypes), strict=True))
        for known in (None, {found.names[0]: types[found.names[0]]}, types):
            try:
                frame = read_table({**asked, "types": known}, data).frame
            except BadRows as error:
                assert "values, the header has" in str(error), (error, data)
                continue
            differs = difference(frame, wanted)
            assert differs is None, (differs, known, data)


def read_blocks(random: random.Random) -> None:
    """Blocks of rows hold what the rows are, or a quote that is not closed is told; so with segments."""
    rows = [[str(number), *random.choices(VALUES, [9 if "\n" in each else 2 for each in VALUES], k=2)] for number in range(random.randint(1, 30))]
    text = "n,t,u\n" + "".join(",".join(row)+ "\n" for row in rows)
    types = {"n": "int64", "t": "object", "u": "object"}
    asked = {"format": "csv", "fields": None, "types": types, "untyped": "guess", "dropMultivalue": False}
    cuts = [random.randint(1, 90) for _ in range(random.randint(0, 12))]
    wanted = pd.read_csv(io.StringIO(text), dtype={"t": str, "u": str})
    is_open = random.random() < 0.2
    if is_open:
        text += '99,5" x,"open\n' + "".join(f"{number},a,b\n" for number in range(random.randint(0, 9)))
    data = text.encode()
    for read_rows in (lambda: read_table(asked, data), lambda: unite([data, b"n\n1\n"], "csv"), lambda: by_blocks(data, asked, cuts, wanted)):
        try:
            said = read_rows()
        except BadRows as error:
            assert is_open and str(error).startswith(f"Row {len(wanted) + 1}"), (error, data)
            continue
        assert not is_open, data
        assert said == "same" or type(said) is not str, (said, data)
        if isinstance(said, Table):
            assert difference(said.frame, wanted) is None, data


if __name__ == "__main__":
    by_chance(find_ends, find_header, read_blocks)
