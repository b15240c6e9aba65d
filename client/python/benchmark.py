"""What the helper saves: CPU time of one call, the plain one and the helper's in turns.

Usage: python client/python/benchmark.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from compute_bridge import predict

NAMES = ["a", "b", "c", "d"]
MODELS = {
    "logistic regression": LogisticRegression(),
    "linear regression": LinearRegression(),
    "scaler + logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "imputer + scaler + logistic regression": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    "k-means": KMeans(3, n_init=1, random_state=0),
    "gradient boosting by histograms": HistGradientBoostingClassifier(max_iter=20),
    "forest of 100 trees": RandomForestClassifier(100, random_state=0),
}
# One turn of each takes about as long.
TURN_SECONDS = 0.02


def turn(work: Callable[[], Any], calls: int) -> float:
    """Microseconds of CPU time a call."""
    began = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - began) / calls * 1e6


def main(rounds: int) -> None:
    """Print the medians of all rounds."""
    random = np.random.default_rng(0)
    train = pd.DataFrame(random.normal(size=(1000, len(NAMES))), columns=NAMES)
    label = (train["a"] + train["b"] > 0).astype(int)
    tables = {
        "1 row": train.head(1).copy(),
        "1 row, text beside": train.head(1).assign(host="x"),
        "100 rows": train.head(100).copy(),
    }
    print(f"{'median of CPU µs a call':<40} {'rows':<20} {'plain':>8} {'helper':>8} {'ratio':>6}")
    for name, model in MODELS.items():
        model.fit(train, label)
        for rows, df in tables.items():

            def plain(model: Any = model, df: pd.DataFrame = df) -> Any:
                return model.predict(df[NAMES])

            def helper(model: Any = model, df: pd.DataFrame = df) -> Any:
                return predict(model, df, NAMES)

            for _ in range(3):
                helper()
            calls = max(2, int(TURN_SECONDS * 1e6 / turn(plain, 3)))
            took = [(turn(plain, calls), turn(helper, calls)) for _ in range(rounds)]
            before, after = (statistics.median(each) for each in zip(*took))
            print(f"{name:<40} {rows:<20} {before:8.0f} {after:8.0f} {after / before:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
