"""A forest of 100 trees on four float features, with the bridge's prediction helper where it is there."""

from __future__ import annotations

from typing import Any

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

try:
    from compute_bridge import predict

    HAS_HELPER = True
except ImportError:
    HAS_HELPER = False

    def predict(model: Any, df: pd.DataFrame) -> Any:
        """Without the helper: the same results."""
        return model.predict(df)


MODELS = "/srv/app/model/data/"
FEATURES = ["a", "b", "c", "d"]


def init(df: pd.DataFrame, param: dict[str, Any]) -> Any:
    """A model that has learnt nothing yet."""
    return RandomForestClassifier(n_estimators=100, random_state=0)


def fit(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> dict[str, Any]:
    """Learns the label."""
    model.fit(df[FEATURES], df["label"])
    return {"message": "fitted"}


def apply(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    """One label a row."""
    rows = df if list(df.columns) == FEATURES else df[FEATURES]
    return pd.DataFrame({"predicted": predict(model, rows)})


def save(model: Any, name: str) -> Any:
    """Keeps it as notebooks do."""
    joblib.dump(model, MODELS + name + ".joblib")
    return model


def load(name: str) -> Any:
    """Reads it back."""
    return joblib.load(MODELS + name + ".joblib")


def summary(model: Any = None) -> dict[str, Any]:
    """Whether the helper is there."""
    return {"version": "1", "helper": HAS_HELPER}
