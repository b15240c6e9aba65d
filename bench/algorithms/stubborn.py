"""A fit that never yields: it holds the interpreter for seconds and lets no other thread run."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Two to six seconds of one step of the interpreter, by machine.
TURNS = 250_000_000


def init(df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Nothing to build."""
    return {}


def fit(model: dict[str, Any], df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Counts, in one go."""
    return {"message": str(sum(range(TURNS)))}


def apply(model: dict[str, Any], df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    """The rows themselves."""
    return df


def save(model: dict[str, Any], name: str) -> dict[str, Any]:
    """Nothing to keep."""
    return model


def load(name: str) -> dict[str, Any]:
    """Nothing to read."""
    return {}


def summary(model: dict[str, Any] | None = None) -> dict[str, Any]:
    """What DSDL asks before each call."""
    return {"version": "1"}
