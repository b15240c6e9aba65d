"""Which columns a call wants of its rows, of what types they are, and what follows from a header: found once for calls alike."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import few
from .failures import BadRows
from .records import header_of
from .texts import split_header

# Plans of so many headers are kept, of so many bytes at most.
KEPT = 64
HEADER_BYTES = 1 << 14
_plans: dict[bytes, Plan] = {}


@dataclass(frozen=True)
class Plan:
    """What calls make of rows under a header. Nobody changes it: it is for many calls."""

    # What it was first asked for, and what of that counts.
    asked: Mapping[str, Any]
    wish: tuple[Any, ...]
    # Names as they are written, and as pandas gives them; where the records begin.
    written: list[str]
    names: list[str]
    end: int
    # Columns that are wanted, in order; types of those whose type is known, and those of which it is not.
    keep: list[str]
    types: dict[str, str]
    unknown: list[str]
    notes: list[str]
    # For the quick way, if it may be tried.
    shape: few.Shape | None

    @property
    def is_typed(self) -> bool:
        """Whether every column that is wanted has a known type."""
        return bool(self.keep) and not self.unknown


def plan_of(data: bytes | bytearray, asked: Mapping[str, Any]) -> Plan:
    """The plan for rows that begin with their header. BadRows when there is none, or it lacks a column that is wanted."""
    header = bytes(data[: data.find(b"\n", 0, HEADER_BYTES) + 1])
    kept = _plans.get(header)
    # Calls alike are one and the same (known_calls.py).
    if kept is not None and kept.asked is asked:
        return kept
    wish = (asked["fields"], asked["types"], asked["untyped"], asked["dropMultivalue"])
    if kept is not None and kept.wish == wish:
        return kept
    plan = _plan(data, asked, wish)
    # Only where the header's record ends with the first line does that line tell all.
    if plan.end == len(header):
        if len(_plans) >= KEPT and header not in _plans:
            del _plans[next(iter(_plans))]
        _plans[header] = plan
    return plan


def _plan(data: bytes | bytearray, asked: Mapping[str, Any], wish: tuple[Any, ...]) -> Plan:
    names, end, named = header_of(data)
    written, _ = split_header(bytes(data[:end]))
    keep = chosen_columns(names, asked)
    types, said = types_of(keep, asked["types"], asked["untyped"])
    unknown = [name for name in keep if name not in types]
    # Names that pandas would change, or may read in another way.
    is_odd = names != written or len(set(keep)) < len(keep) or (bool(unknown) and (data.startswith(codecs.BOM_UTF8) or any(map(few.is_strange, names))))
    return Plan(asked, wish, written, names, end, keep, dict(types), unknown, [*named, *said], None if is_odd else few.shape_of(names, keep, types))


def types_of(keep: Sequence[str], types: Mapping[str, str] | None, untyped: str) -> tuple[Mapping[str, str], list[str]]:
    """Types of columns, and a note when `untyped` is `text` and that is what some of them came as."""
    known = types or {}
    unknown = [name for name in keep if name not in known]
    if untyped == "guess" or not unknown:
        return known, []
    return {**known, **dict.fromkeys(unknown, "object")}, [f"The types of some columns are not known, so they came as text: {', '.join(unknown)}"]


def chosen_columns(names: Sequence[str], asked: Mapping[str, Any]) -> list[str]:
    """Columns that the call wants, in its order. BadRows names one that is missing and the nearest there is."""
    is_left_out = is_multivalue if asked["dropMultivalue"] else lambda _: False
    fields = asked["fields"]
    if fields is None:
        return [name for name in names if not is_left_out(name)]
    known = set(names)
    for wanted in fields:
        if wanted not in known:
            near = difflib.get_close_matches(wanted, names, 1, 0)
            raise BadRows(f"The rows have no column {wanted}.{f' The nearest is {near[0]}.' if near else ''}")
    return [name for name in fields if not is_left_out(name)]


def is_multivalue(name: str) -> bool:
    """Whether it is how Splunk names the column with all values of a multivalue field."""
    return name.startswith("__mv_")
