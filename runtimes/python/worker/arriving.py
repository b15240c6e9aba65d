"""Rows of numbers whose types nobody knows, parsed while they come, to the very frame that `pandas.read_csv` makes of all of them.

pandas infers types over pieces of the table whose ends nobody else knows, and joins what it found. So a column's blocks are
taken only if their values are the same wherever pandas' pieces end: all whole numbers, or decimal ones, among which those
without a fraction read the same both ways. At any doubt there is no answer, and pandas is asked with all bytes.
"""

from __future__ import annotations

import io
import mmap
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import Layout, column_arrays, frame_of

# What the first block is cut from: less is parsed in no time anyway.
HEAD_BYTES = 1 << 16
BLOCK_BYTES = 1 << 20
MOST_THREADS = 4
# Blocks that wait to be parsed: more rows wait where they are.
AHEAD = 2
# What numbers that pandas and Arrow read alike are written with, and what separates them.
PLAIN = b"0123456789.,-e\n"
# Numbers of so many characters have 15 digits at most, which both turn into the nearest float.
SHORT = 15
# What of a block is looked at together, so that it stays in the processor's cache.
WINDOW = 1 << 17
# So many exponents are looked at one by one.
FEW_EXPONENTS = 1000
# Below it whole numbers have 15 digits at most, and zeros in front of them.
MOST_WHOLE = 1e15
# pandas looks at 17 digits of a decimal number, zeros in front among them, and at all of a whole one.
DIGITS = 17
MANY_ZEROS = re.compile(rb"000[0-9]{15}")
# With a minus in front it is a missing value to pandas where whole numbers have gaps.
LEAST_WHOLE = b"9223372036854775808"
# So a whole number may begin or end that is 0 where pandas finds whole numbers alone, and -0.0 among decimal ones.
MINUS_ZEROS = (b"-0,", b"-0\n", b"-0\r", b"-0 ", b"-0\t", b"-0\v", b"-0\f", b"-0\0", b"-00")
# Where so many are repeated, pandas takes longer for the names than for all else: once is enough.
MANY_NAMES = 1000
NUMBERS = frozenset(("int64", "float64"))

# Of memory that nobody else sees; Windows has no other.
PRIVATE: dict[str, int] = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}

Array = np.ndarray[Any, Any]


class Unsure(Exception):
    """What pandas makes of all rows cannot be known from these."""


@dataclass
class Part:
    """One block's columns, in order, and whether each would be the same among decimal numbers as among whole ones."""

    columns: list[Array]
    is_sure: list[bool]
    is_quick: bool


class Arriving:
    """Takes the bytes of one CSV table as they come. To be left (`with`) before any code runs: its threads end then."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._header = b""
        self._names: list[str] = []
        self._kinds: list[str] = []
        self._parts: list[Future[Part]] = []
        self._pool: ThreadPoolExecutor | None = None
        self._is_given_up = False
        # How many blocks were read by Arrow, for the tests.
        self.quick_blocks = 0

    def __enter__(self) -> Arriving:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_up()

    def take(self, piece: bytes) -> None:
        """The next bytes, cut anywhere."""
        if self._is_given_up:
            return
        self._held.append(piece)
        self._size += len(piece)
        if self._size < (BLOCK_BYTES if self._parts else HEAD_BYTES):
            return
        held = b"".join(self._held)
        end = held.rfind(b"\n", 0, None if self._parts else HEAD_BYTES) + 1
        self._held, self._size = [held[end:]], len(held) - end
        if end == 0:
            self._give_up()  # such long records are few
            return
        self._parse(held[:end])
        self.take(b"")  # what the head left of a large piece

    def frame(self, is_known: Callable[[], None]) -> pd.DataFrame | None:
        """All rows, once they have come. None: they are few, or pandas must be asked.

        `is_known` is called as soon as pandas cannot be needed any more, before the frame is built.
        """
        if self._is_given_up or not self._parts:
            return None
        rest = b"".join(self._held)
        if rest:
            self._parse(rest)
            if self._is_given_up:
                return None
        try:
            # An exception that was raised again would hold them all, in the frames of its traceback.
            if any(each.exception() is not None for each in self._parts):
                return None
            parts = [each.result() for each in self._parts]
            self._parts = []  # the parts go one by one while they are joined
            self.quick_blocks = sum(each.is_quick for each in parts)
            return self._joined(parts, is_known)
        except Unsure:
            return None
        finally:
            self._give_up()

    def _give_up(self) -> None:
        self._is_given_up = True
        self._held = []
        if self._pool is None:
            return
        self._pool.shutdown(cancel_futures=True)
        self._pool = None
        for each in self._parts:
            if each.done() and not each.cancelled() and (error := each.exception()) is not None:
                error.__traceback__ = None  # its frames hold the other parts
        self._parts = []

    def _parse(self, records: bytes) -> None:
        if self._pool is not None:
            # Rows that come faster than they are parsed wait where they are.
            if len(self._parts) > AHEAD and self._parts[-AHEAD].exception() is not None:
                self._give_up()
            else:
                self._parts.append(self._pool.submit(self._part, records))
            return
        try:
            first = self._begun(records)
        except Unsure:
            self._give_up()
            return
        self._parts.append(first)
        self._pool = ThreadPoolExecutor(min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_THREADS), "rows in")

    def _begun(self, records: bytes) -> Future[Part]:
        """The first block, which says what the columns are."""
        end = records.find(b"\n") + 1
        self._header = records[:end]
        names = self._header.strip().split(b",")
        if names == [b""] or b'"' in self._header or (len(names) > MANY_NAMES and len(set(names)) < len(names)):
            raise Unsure
        frame = self._read(records[end:])
        self._names = frame.columns.tolist()
        # pandas may be told to have text, names included, in a type of its own.
        if not self._names or frame.columns.dtype != object or not all(type(name) is str for name in self._names):
            raise Unsure
        self._kinds = [str(kind) for kind in frame.dtypes]
        first: Future[Part] = Future()
        first.set_result(_checked(column_arrays(frame), records, False))
        return first

    def _part(self, records: bytes) -> Part:
        """A block's columns, by Arrow where that gives what pandas would."""
        columns = self._quick(records) if is_plain(records) else None
        if columns is not None:
            return _checked(columns, records, True)
        frame = self._read(records)
        # Once a column is decimal it stays so, and Arrow may try the next block.
        for at, kind in enumerate(frame.dtypes):
            if kind == np.float64:
                self._kinds[at] = "float64"
        return _checked(column_arrays(frame), records, False)

    def _read(self, records: bytes) -> pd.DataFrame:
        text = self._header + records
        # Quotes may hide line ends, and a lone carriage return ends a line.
        if b'"' in records or LEAST_WHOLE in records or text.count(b"\r") != text.count(b"\r\n"):
            raise Unsure
        try:
            frame = pd.read_csv(io.BytesIO(text), low_memory=False)
        except Exception as error:  # of which pandas tells when it reads all
            raise Unsure from error
        # The first row may have more values than there are names. A block of blank lines says nothing of types.
        if len(frame) == 0 or type(frame.index) is not pd.RangeIndex or (self._names and frame.columns.tolist() != self._names):
            raise Unsure
        return frame

    def _quick(self, records: bytes) -> list[Array] | None:
        import pyarrow as pa
        from pyarrow import csv

        names = [str(at) for at in range(len(self._names))]
        try:
            table = csv.read_csv(
                pa.py_buffer(records),
                csv.ReadOptions(use_threads=False, column_names=names, block_size=len(records)),
                csv.ParseOptions(quote_char=False),
                csv.ConvertOptions(column_types={name: getattr(pa, kind)() for name, kind in zip(names, self._kinds, strict=True)}, null_values=[""]),
                memory_pool=pa.system_memory_pool(),  # Arrow's own would keep as much as the largest table so far took
            )
        except pa.ArrowInvalid:
            return None
        return [column.to_numpy() for column in table.columns]

    def _joined(self, parts: list[Part], is_known: Callable[[], None]) -> pd.DataFrame:
        kinds = [_kind([(part.columns[at], part.is_sure[at]) for part in parts]) for at in range(len(self._names))]
        is_known()
        layout = Layout(self._names, kinds)
        rows = sum(len(part.columns[0]) for part in parts)
        blocks = [np.empty((len(places), rows), kind) for kind, places in layout.places.items()]
        end = 0
        parts.reverse()
        while parts:
            part = parts.pop()  # so that there are never two of all
            begin, end = end, end + len(part.columns[0])
            for values, places in zip(blocks, layout.places.values(), strict=True):
                for row, at in zip(values, places, strict=True):
                    row[begin:end] = part.columns[at]
            del part
        return frame_of(layout, blocks, rows)


def is_plain(records: bytes) -> bool:
    """Whether these are short numbers, with exponents from -9 on and below 0 if any, and nothing else."""
    return not records.translate(None, PLAIN) and _is_short(records) and _has_small_exponents(records)


def _is_short(records: bytes) -> bool:
    """Whether no value has more than SHORT characters. In bytes next to each other: that takes a fourth of the time of finding each end."""
    data = np.frombuffer(records, np.uint8)
    for at in range(0, len(data), WINDOW):
        # Commas and line ends come before all that numbers are written with; one is among any 16 characters.
        near = data[at : at + WINDOW + SHORT] < ord("-")
        for width in (1, 2, 4, 8):
            near = near[width:] | near[:-width]
        if not near.all():
            return False
    return True


def _has_small_exponents(records: bytes) -> bool:
    """Whether all are such that the power of ten by which the digits are divided, fifteen at most, is a float without error."""
    at = -1
    for _ in range(FEW_EXPONENTS):
        at = records.find(b"e", at + 1)
        if at < 0:
            return True
        if records[at + 1 : at + 3] != b"-0" or records[at + 4 : at + 5] >= b"-":
            return False
    ended = np.frombuffer(records + b"\n\n\n\n", np.uint8)
    places = np.flatnonzero(ended == ord("e"))
    return bool((ended[places + 1] == ord("-")).all() and (ended[places + 2] == ord("0")).all() and (ended[places + 4] < ord("-")).all())


def _longest(records: bytes) -> int:
    """Characters of the longest value, where nothing is in quotes."""
    # Commas and line ends come before all that numbers are written with.
    marks = np.flatnonzero(np.frombuffer(records, np.uint8) < ord("-"))
    return int(np.diff(marks, prepend=-1, append=len(records)).max()) - 1


def _checked(columns: list[Array], records: bytes, is_quick: bool) -> Part:
    """The part. Unsure when another division of the rows might give other values."""
    if any(str(values.dtype) not in NUMBERS for values in columns):
        raise Unsure
    odd = Odd(records, is_quick)
    is_sure = [_reads_alike(values, odd) for values in columns]
    if any(values.dtype == np.float64 and not sure for values, sure in zip(columns, is_sure, strict=True)):
        raise Unsure
    return Part(_apart(columns), is_sure, is_quick)


def _apart(columns: list[Array]) -> list[Array]:
    """The same values in memory that the system has back as soon as they are dropped: pools would keep it beside the table."""
    room, size = mmap.mmap(-1, sum(values.nbytes for values in columns), **PRIVATE), 0
    own = []
    for values in columns:
        own.append(np.frombuffer(room, values.dtype, len(values), size))
        own[-1][:] = values
        size += values.nbytes
    return own


class Odd:
    """Ways of writing whole numbers which mean something else among decimal ones."""

    def __init__(self, records: bytes, is_short: bool) -> None:
        self._records = records
        self.is_short = is_short

    @cached_property
    def has_minus_zero(self) -> bool:
        """Whether there may be a whole `-0`."""
        return any(each in self._records for each in MINUS_ZEROS) or self._records.endswith(b"-0")

    @cached_property
    def has_many_zeros(self) -> bool:
        """Whether a number may have so many zeros in front that pandas does not see its end."""
        return not self.is_short and _longest(self._records) > DIGITS and MANY_ZEROS.search(self._records) is not None


def _reads_alike(values: Array, odd: Odd) -> bool:
    """Whether the whole numbers among these read the same as decimal ones."""
    is_decimal = values.dtype == np.float64
    whole = values[values == np.trunc(values)] if is_decimal else values
    if len(whole) == 0:
        return True
    if not odd.is_short and (not -MOST_WHOLE < whole.min() <= whole.max() < MOST_WHOLE or odd.has_many_zeros):
        return False
    zeros = whole[whole == 0]
    # Whole numbers with gaps came as whole ones, whose zeros have no sign, though they are decimal now.
    has_signs = is_decimal and not np.isnan(values).any()
    may_be_minus = bool(np.signbit(zeros).any()) if has_signs else len(zeros) > 0
    return not (may_be_minus and odd.has_minus_zero)


def _kind(parts: Sequence[tuple[Array, bool]]) -> str:
    """The type of a column whose blocks are these. Unsure when pandas might read some of the whole numbers in another way."""
    if all(values.dtype == np.int64 for values, _ in parts):
        return "int64"
    if all(is_sure for _, is_sure in parts):
        return "float64"
    raise Unsure
