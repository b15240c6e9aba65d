"""Changes containers at a module's top level, puts them back, and says what is wrong: `same_objects.py < CASES`.

Cases: JSON, a list of `{"kind", "size", "changes"}`; a change is a place and what is done there. Prints one text or null a case.
"""

from __future__ import annotations

import json
import operator
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from worker.globals import Snapshot  # noqa: E402
from worker.same_objects import IS_KNOWN, holds  # noqa: E402


class Text(str):
    """Equal to a text, and another thing."""


class Odd:
    """Must not be asked."""

    def __hash__(self) -> int:
        return 7**20

    def __eq__(self, other: object) -> bool:
        raise ArithmeticError("compared")


ODD = Odd()
KINDS: dict[str, Any] = {
    **{"list": list, "deque": deque, "set": set},
    **{kind.__name__: lambda items, kind=kind: kind((each, each) for each in items) for kind in (dict, OrderedDict)},
    "Counter": lambda items: Counter(dict.fromkeys(items, 1)),
    "defaultdict": lambda items: defaultdict(list, zip(items, items)),
}


def entry(at: int) -> Any:
    """Entries of several types, each another object."""
    return ODD if at == 3 else (at + 1000, f"text {at}", at + 0.5, (at,))[at % 4]


def alike(value: Any) -> Any:
    """What is equal and not the same, if there is such."""
    return Text(value) if type(value) is str else float(value) if type(value) is int else tuple(list(value)) if type(value) is tuple else value


def change(container: Any, place: int, what: str) -> None:
    """Do something to the entry at a place."""
    entries = list(container)
    if not entries:
        return
    found = entries[place % len(entries)]
    made = {"alike": alike(found), "other": object(), "same": found}.get(what)
    if isinstance(container, (list, deque)):
        if what == "drop":
            del container[place % len(entries)]
        elif what == "move":
            container.append(container[0])
            del container[0]
        else:
            container[place % len(entries)] = made
    elif isinstance(container, set):
        container.discard(found)
        if what != "drop":
            container.add(found if what == "move" else made)
    elif what in ("drop", "move"):
        value = container.pop(found)
        if what == "move":
            container[found] = value
    else:
        container[found] = made


def items_of(container: Any) -> tuple[Any, ...]:
    """All that it holds, keys and values."""
    return (*container, *container.values()) if isinstance(container, dict) else tuple(container)


def wrong(case: dict[str, Any]) -> str | None:
    """What is wrong with one case."""
    module = ModuleType("probe")
    container = module.held = KINDS[case["kind"]](map(entry, range(case["size"])))  # type: ignore[attr-defined]
    saved, before = tuple(container), items_of(container)
    snapshot = Snapshot(module, lambda _: None)
    for place, what in case["changes"]:
        change(container, place, what)
    if holds(container, saved) != (len(container) == len(saved) and all(map(operator.is_, container, saved))):
        return "it is not what each entry's identity says"
    for _ in range(2):
        snapshot.restore()
        after = items_of(container)
        ids = [sorted(map(id, each)) if isinstance(container, set) else list(map(id, each)) for each in (before, after)]
        if ids[0] != ids[1]:
            return "other objects were put back"
    (again,) = [(held, items) for held, items in snapshot._sets] or [(container, saved)]
    return None if holds(*again) else "what was put back counts as changed"


if __name__ == "__main__":
    assert IS_KNOWN
    print(json.dumps([wrong(case) for case in json.load(sys.stdin)]))
