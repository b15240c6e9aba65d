"""What `apply` sees of rows, and results of every shape."""

import datetime

import numpy as np
import pandas as pd


def apply(model, df, param):
    return df


def seen(model, df, param):
    """Dtypes, index and values, as text."""
    values = [repr(value.item() if hasattr(value, "item") else value) for value in df.to_numpy(dtype=object).ravel()]
    return [{"types": " ".join(f"{n}:{t}" for n, t in df.dtypes.items()), "index": repr(list(df.index)), "values": " ".join(values)}]


RESULTS = {
    "frame with an index": lambda: pd.DataFrame({"x": [1]}, index=["gone"]),
    "series": lambda: pd.Series([1, 2]),
    "1-d array": lambda: np.array([1.5, 2]),
    "2-d array": lambda: np.array([[1, 2], [3, 4]]),
    "list": lambda: ["a", "b"],
    "list of dicts": lambda: [{"a": 1}, {"a": 2, "b": 3}],
    "dict of lists": lambda: {"a": [1, 2], "b": ["x", None]},
    "none": lambda: None,
    "empty frame": lambda: pd.DataFrame(),
    "no rows": lambda: pd.DataFrame({"a": [], "b": []}),
    "floats": lambda: {"f": [0.1 + 0.2, float("nan"), 1e300, float("inf"), 5.0]},
    "bools": lambda: {"b": [True, False]},
    "dates": lambda: {"d": [datetime.datetime(2026, 1, 31)]},
    "texts": lambda: {"t": ["a,b", 'q"q', "l\nl", "é"]},
    "scalar": lambda: 42,
    "text": lambda: "text",
    "dict of scalars": lambda: {"a": 1},
    "ragged dict": lambda: {"a": [1], "b": [1, 2]},
    "3-d array": lambda: np.zeros((2, 2, 2)),
}


def makes(model, df, param):
    return RESULTS[param["kind"]]()
