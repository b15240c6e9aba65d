"""Scaler and logistic regression on four float features, written as plain notebooks are."""

from __future__ import annotations

from typing import Any

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = "/srv/app/model/data/"
FEATURES = ["a", "b", "c", "d"]


def init(df: pd.DataFrame, param: dict[str, Any]) -> Any:
    """A model that has learnt nothing yet."""
    return make_pipeline(StandardScaler(), LogisticRegression())


def fit(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Learns the label."""
    model.fit(df[FEATURES], df["label"])
    return {"message": "fitted"}


def apply(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    """One label a row."""
    return pd.DataFrame({"predicted": model.predict(df[FEATURES])})


def save(model: Any, name: str) -> Any:
    """Keeps it as notebooks do."""
    joblib.dump(model, MODELS + name + ".joblib")
    return model


def load(name: str) -> Any:
    """Reads it back."""
    return joblib.load(MODELS + name + ".joblib")


def summary(model: Any = None) -> dict[str, Any]:
    """What DSDL asks before each call."""
    return {"version": "1"}
