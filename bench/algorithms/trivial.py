"""Answers the rows that it gets: what is measured is the server alone."""

from __future__ import annotations

from typing import Any

import pandas as pd


def init(df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Nothing to build."""
    return {}


def fit(model: dict[str, Any], df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Nothing to learn."""
    return {}


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
