"""Calls of no consequence, answered before any that counts: what Python and the libraries do at their first use alone is done then.

The warm process rehearses before it forks, so that its workers share what came of it; a spare worker again, so that it has its
own copies of what each call writes to. Few rows of numbers and texts: no thread is started, no Arrow, BLAS or OpenMP touched.
"""

from __future__ import annotations

import ast
import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import pandas as pd

from .calls import Session
from .data_folder import DataFolder
from .folders import WorkingFolder
from .frames import CALL, DONE, END, ERROR, TABLE, Wire, to_json
from .interrupts import Interrupts
from .logs import Log
from .paths import PathRewriter, rules
from .randomness import Seeds
from .rewriting import RewritingLoader
from .run import parser
from .serve import Worker, beginning
from .unattended import Unattended

SOURCE = """
from typing import Any
import numpy as np
import pandas as pd

KNOWN = {"names": ["a", "b"]}

def apply(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    return df

def load(name: str) -> dict[str, Any]:
    return {"folder": f"/srv/app/model/data/{name}"}
"""
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
        module = compiled()
    loaded = RewritingLoader.loaded
    restore = beginning(seeds)
    RewritingLoader.loaded = loaded  # the rehearsed module's snapshot is nobody's
    near, far = socket.socketpair()
    with near, far:
        bridge, interrupts = Wire(near), Interrupts()
        worker = Worker(Wire(far), interrupts, Log(lambda *_: None), lambda: None, None, WorkingFolder([os.getcwd()]))
        worker.serve_calls_of(Session(module, interrupts, Nowhere(), restore, Unattended()))
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


def compiled() -> ModuleType:
    """A module as a version's is made, without a file."""
    module = ModuleType("rehearsal")
    tree: Any = PathRewriter(rules("/nowhere", "/home")).visit(ast.parse(SOURCE))
    exec(compile(ast.fix_missing_locations(tree), "rehearsal", "exec", dont_inherit=True), module.__dict__)
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
