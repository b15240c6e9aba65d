"""The first record of a chunk: the only one that is ever looked at."""

from __future__ import annotations


def record_end(data: bytes | bytearray) -> int:
    """Where the record that begins `data` ends, its newline included; -1 when it goes on. Newlines may stand in quotes."""
    at = quotes = 0
    while True:
        newline = data.find(b"\n", at)
        if newline < 0:
            return -1
        quotes += data.count(b'"', at, newline)
        if quotes % 2 == 0:
            return newline + 1
        at = newline + 1


def columns(header: bytes) -> list[str]:
    """The names in a header, without Splunk's `__mv_*` twins of multivalue fields."""
    import csv
    import io

    text = header.decode("utf-8", "replace")
    names = next(csv.reader(io.StringIO(text, newline="")), [])
    return [name for name in names if not name.startswith("__mv_")]
