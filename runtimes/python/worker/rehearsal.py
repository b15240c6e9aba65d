"""Calls of no consequence, answered before any that counts: what Python and the libraries do at their first use alone is done then.

The warm process rehearses before it forks, so that its workers share what came of it; a spare worker again, so that it has its
own copies of what each call writes to. Few rows of numbers and texts: no thread is started, no Arrow, BLAS or OpenMP touched.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Mapping
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

import pandas as pd

from .beginnings import Beginning
from .calls import Session
from .data_folder import DataFolder
from .entry_points import found, uncallable
from .folders import WorkingFolder
from .frames import CALL, DONE, END, ERROR, TABLE, Wire, to_json
from .interrupts import Interrupts
from .logs import Log
from .modules import loaded
from .paths import rules
from .randomness import Seeds
from .rewriting import RewritingLoader
from .run import parser
from .serve import Worker
from .unattended import Unattended

NAME = "compute_bridge_rehearsed"
SOURCE = os.path.join(os.path.dirname(__file__), "rehearsed.py")
NUMBERS = b"a,b\n1.5,2.5\n"
MIXED = b'a,b,c\n1,0.5,x\n2,1.5,"y, z"\n'
# Known types, and rows.
CALLS: list[tuple[Mapping[str, str] | None, bytes]] = [
    ({"a": "float64", "b": "float64"}, NUMBERS),
    (None, NUMBERS),
    ({"a": "int64", "b": "float64", "c": "object"}, MIXED),
    (None, MIXED),
]


class Nowhere(DataFolder):
    """The data folder of calls that use none."""

    def __init__(self) -> None:
        pass

    def point(self, folder: str, shared: str) -> None:
        """Nothing points there."""


def rehearse(is_enough: Callable[[], bool] = lambda: False) -> None:
    """Answer a few calls, to ourselves, until it is enough. RuntimeError with the answer when one fails."""
    parser().parse_args(["--home=/", "--module=rehearsal", "--folder=/"])
    seeds = Seeds()
    with seeds.watch():
        module = imported()
    told = RewritingLoader.loaded
    beginning = Beginning(seeds)
    RewritingLoader.loaded = told  # the rehearsed module's snapshot is nobody's
    near, far = socket.socketpair()
    with near, far:
        bridge, interrupts = Wire(near), Interrupts()
        worker = Worker(Wire(far), interrupts, Log(lambda *_: None), lambda: None, None, WorkingFolder([os.getcwd()]))
        worker.serve_calls_of(Session(module, interrupts, Nowhere(), beginning, Unattended()))
        for types, rows in CALLS:
            if is_enough():
                return
            bridge.send(CALL, to_json(call_of(types)))
            bridge.send(TABLE, rows)
            bridge.send(END, b"")
            worker.answer()
            kind = TABLE
            while kind not in (DONE, ERROR):
                kind, payload = bridge.frame()
            if kind == ERROR:
                raise RuntimeError(payload.decode())
    with contextlib.suppress(ImportError):
        scale()


def imported() -> ModuleType:
    """A module as a version's is, of which nothing is left."""
    pairs = RewritingLoader.pairs
    RewritingLoader.pairs = rules("/nowhere", "/home")
    try:
        module = loaded(NAME, SOURCE, None, lambda _: None)
    finally:
        RewritingLoader.pairs = pairs
    del RewritingLoader.imported[-1], sys.modules[NAME]
    PathFinder.find_spec(NAME)  # looks through all of the path, as for a name that only the version's folder has
    uncallable(module), found(module)
    return module


def scale() -> None:
    """Columns are chosen, and scikit-learn looks at a table: it imports much at its first one."""
    from sklearn.preprocessing import StandardScaler

    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [0.5, 1.0], "c": ["x", "y"]})[["a", "b"]]
    StandardScaler().fit(frame).transform(frame)


def call_of(types: Mapping[str, str] | None) -> dict[str, Any]:
    """An apply of the rehearsed module."""
    rows = {"format": "csv", "fields": None, "types": types, "untyped": "guess", "rowWise": types is not None, "dropMultivalue": True, "file": None, "segments": []}
    model = {"name": "rehearsal_default", "key": None, "folder": "/", "shared": "/"}
    return {
        **{"run": "rehearsal", "method": "apply", "strict": False, "param": "{}", "model": model},
        **{"input": rows, "output": {"format": "csv", "append": False}, "stage": None},
    }
