"""A quick way for few rows, where a CSV library's start costs more than its work.

It takes plain text alone: whatever could mean something else to the library (odd quotes, odd blanks, a row of another
length, a value that does not fit) is left to it, errors and all.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from .pandas_inside import Layout, frame_of, has_own_text
from .pandas_numbers import float_as_pandas

MOST_BYTES = 16_384
NA_SET = frozenset(pd._libs.parsers.STR_NA_VALUES)  # type: ignore[attr-defined]
TRUTH = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}

# Records whose quotes all begin and end a value.
QUOTED = re.compile(r'(?:(?:"[^"]*(?:""[^"]*)*"|[^",\n]*)(?:[,\n]|\Z))*')
# Several values with commas between them. For known types: what Python's numbers take, and the CSV library, too.
WHOLE_TEXT = {"int64": re.compile(r"[0-9,-]*"), "uint64": re.compile(r"[0-9,]*")}
FLOATS = re.compile(r"[0-9.eE,-]*(?:(?<=[eE])\+[0-9.eE,-]*)*")
# For guessing: what pandas reads in ways of its own, and blanks beside a separator.
STRANGE = re.compile(r"[\t\v\f\0]|(?:^|[,\n]) | (?:[,\n]|$)")
STRANGE_VALUE = re.compile(r"[\t\v\f\0]|^[ \n]|[ \n]\Z")
WHOLES = re.compile(r"-?[0-9]{1,18}(?:,-?[0-9]{1,18})*")
# Of 15 digits both pandas and Python make the nearest number.
DECIMAL = r"-?(?=[0-9.]{1,16}(?:,|$))[0-9]{1,15}(?:\.[0-9]+)?"
DECIMALS = re.compile(f"{DECIMAL}(?:,{DECIMAL})*")
# No number, whatever stands around it: times, dates and addresses are such.
TEXT = re.compile(r"[^0-9.eE+\-infatyINFATY]|^(?![iI][nN][fF])[A-Za-z]|\..*\.|[0-9]-", re.DOTALL)
# Whole bodies of floats, the most frequent ones. Where types are guessed, each value tells its type.
NUMBERS = re.compile(r"[0-9.eE,\n-]*")
PLAIN_FLOATS = re.compile(r"(?:-?(?=[0-9.]{3,16}[,\n])[0-9]+\.[0-9]+[,\n])*")
FLOATS_ALONE: dict[frozenset[str | None], re.Pattern[str]] = {frozenset([None]): PLAIN_FLOATS, frozenset(["float64"]): NUMBERS}
LAYOUTS_KEPT = 8
# The type of a column of known type that lacks values which its type cannot lack.
MISSING = "missing"
LOGICAL = ("true", "false")


class Shape:
    """Which columns are wanted of records of `width` values, and their types; None: guessed as pandas does."""

    def __init__(self, width: int, names: Sequence[str], places: Sequence[int], kinds: Sequence[str | None]) -> None:
        self.width = width
        self.names = names
        self.places = places
        self.kinds = kinds
        # None for types that are left to the library.
        self.converters = [(place, CONVERT.get(kind)) for place, kind in zip(places, kinds, strict=True)]
        self.is_guessed = None in kinds
        self.may_be_text = self.is_guessed or "object" in kinds
        is_whole = list(places) == list(range(width))
        # What records look like that are floats and nothing else, if all columns may be such.
        self.floats = FLOATS_ALONE.get(frozenset(kinds)) if is_whole else None
        self.all_floats = ("float64",) * len(places)
        # By the types that the columns came to have.
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def layout(self, types: tuple[str, ...]) -> Layout:
        """How a frame of these types is laid out."""
        layout = self._layouts.get(types)
        if layout is None:
            if len(self._layouts) >= LAYOUTS_KEPT:
                self._layouts.clear()
            layout = self._layouts[types] = Layout(self.names, types)
        return layout


def shape_of(written: Sequence[str], kept: Sequence[str], types: Mapping[str, str]) -> Shape:
    """The shape of `kept` columns among those `written`; of those without a type the type is guessed."""
    places = {name: at for at, name in enumerate(written)}
    return Shape(len(written), list(kept), [places[name] for name in kept], [types.get(name) for name in kept])


def is_strange(name: str) -> bool:
    """Whether pandas may read a name, or a value, in ways of its own."""
    return STRANGE_VALUE.search(name) is not None


class Left(Exception):
    """The rows are not plain enough."""


def read(records: bytes, shape: Shape) -> tuple[pd.DataFrame, dict[str, int]] | None:
    """The frame, and how many values are missing in columns of whole numbers and truths that have a known type.

    None when the rows are left to the library.
    """
    if len(records) > MOST_BYTES or not shape.names or (shape.may_be_text and has_own_text()):
        return None
    try:
        text = records.decode()
        return _floats_alone(text, shape) or _read(text, shape)
    except (Left, ValueError, OverflowError):  # a number that Python does not read, or numpy cannot hold; text that is no UTF-8
        return None


def _floats_alone(text: str, shape: Shape) -> tuple[pd.DataFrame, dict[str, int]] | None:
    if shape.floats is None or not text.endswith("\n") or not shape.floats.fullmatch(text):
        return None
    rows = text.count("\n")
    try:
        if rows == 1:
            numbers = [*map(float, text[:-1].split(","))]
            if len(numbers) != shape.width:
                return None
            values = np.array(numbers).reshape(shape.width, 1)
        else:
            commas = shape.width - 1
            if any(line.count(",") != commas for line in text[:-1].split("\n")):
                return None
            # In memory columns lie one after the other, as they do after `read_csv`: in what order sums are made can show in their last digit.
            values = np.ascontiguousarray(np.array([*map(float, text[:-1].replace("\n", ",").split(","))]).reshape(rows, shape.width).T)
    except ValueError:  # an empty value, or an empty line
        return None
    return frame_of(shape.layout(shape.all_floats), [values], rows), {}


def _read(text: str, shape: Shape) -> tuple[pd.DataFrame, dict[str, int]]:
    rows = _rows(text, shape.is_guessed)
    if not rows:
        raise Left
    columns = list(zip(*rows, strict=True))  # ValueError for rows of another length
    if len(columns) != shape.width:
        raise Left
    empties: dict[str, int] = {}
    made: list[Sequence[Any]] = []
    types: list[str] = []
    for place, convert in shape.converters:
        if convert is None:
            raise Left
        values, become = convert(columns[place])
        if become == MISSING:
            at = len(made)
            become = "object" if shape.kinds[at] == "bool" else "float64"
            empties[shape.names[at]] = sum(1 for each in values if each != each)
        made.append(values)
        types.append(become)
    layout = shape.layout(tuple(types))
    blocks = [np.array([made[at] for at in places], dtype=kind) for kind, places in layout.places.items()]
    return frame_of(layout, blocks, len(rows)), empties


def _rows(text: str, is_guessed: bool) -> list[list[str]]:
    if "\r" in text or "\ufeff" in text:
        raise Left
    if '"' not in text:
        if is_guessed and STRANGE.search(text):
            raise Left
        return [line.split(",") for line in text.split("\n") if line]
    if not QUOTED.fullmatch(text) or "\0" in text:
        raise Left
    try:
        # Lines end at "\n" alone, whatever else Python takes for a line's end.
        rows = [row for row in csv.reader(f"{line}\n" for line in text.split("\n")) if row]
    except csv.Error:
        raise Left from None
    if is_guessed and any(is_strange(value) for row in rows for value in row):
        raise Left
    return rows


def _floats(values: Sequence[str]) -> tuple[Sequence[Any], str]:
    if not NA_SET.isdisjoint(values):
        values = ["" if each in NA_SET else each for each in values]
        made = [float(each) if each else np.nan for each in values]
    else:
        made = list(map(float, values))
    if not FLOATS.fullmatch(",".join(values)):
        raise Left
    return made, "float64"


def _whole(kind: str) -> Callable[[Sequence[str]], tuple[Sequence[Any], str]]:
    def convert(values: Sequence[str]) -> tuple[Sequence[Any], str]:
        present = values if NA_SET.isdisjoint(values) else [each for each in values if each not in NA_SET]
        if not WHOLE_TEXT[kind].fullmatch(",".join(present)):
            raise Left
        made = list(map(int, present))
        if present is values:
            return made, kind
        rest = iter(np.array(made, dtype=kind).tolist())  # those that it cannot hold are refused
        return [np.nan if each in NA_SET else float(next(rest)) for each in values], MISSING

    return convert


def _truths(values: Sequence[str]) -> tuple[Sequence[Any], str]:
    made = [TRUTH.get(each, np.nan if each in NA_SET else None) for each in values]
    if None in made:
        raise Left
    return made, "bool" if NA_SET.isdisjoint(values) else MISSING


def _texts(values: Sequence[str]) -> tuple[Sequence[Any], str]:
    return values if NA_SET.isdisjoint(values) else [np.nan if each in NA_SET else each for each in values], "object"


def _guess(values: Sequence[str]) -> tuple[Sequence[Any], str]:
    """What `pandas.read_csv` makes of the values of a column, and their type. Left when that takes more than a look."""
    joined = ",".join(values)
    if WHOLES.fullmatch(joined):
        return list(map(int, values)), "int64"
    if DECIMALS.fullmatch(joined):
        return list(map(float, values)), "float64"
    present = values if NA_SET.isdisjoint(values) else [each for each in values if each not in NA_SET]
    if not present:
        return [np.nan] * len(values), "float64"
    if any(map(TEXT.search, present)):
        truths = [each for each in present if each.lower() in LOGICAL]
        if len(truths) < len(present):
            return _texts(values)
        if not TRUTH.keys() >= set(truths):
            raise Left
        return [TRUTH.get(each, np.nan) for each in values], "bool" if present is values else "object"
    # Whole numbers with gaps are read as such: `-0` is 0 among them, and the nearest float is taken.
    number = _whole_float if WHOLES.fullmatch(",".join(present)) else float_as_pandas
    return [np.nan if each in NA_SET else number(each) for each in values], "float64"


def _whole_float(text: str) -> float:
    return float(int(text))


CONVERT: dict[str | None, Callable[[Sequence[str]], tuple[Sequence[Any], str]]] = {
    "int64": _whole("int64"),
    "uint64": _whole("uint64"),
    "float64": _floats,
    "bool": _truths,
    "object": _texts,
    None: _guess,
}
