"""Data frames to predict on, made up at random: ordinary ones, and those that only scikit-learn can judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

ODD_VALUES = (np.nan, np.inf, -np.inf, 1e39, -1e300, 0.0, -0.0, 5e-324)


def ordinary(random: np.random.Generator, names: list[str], rows: int) -> pd.DataFrame:
    """Numbers, in one of the ways in which frames come to be."""
    values = random.normal(size=(rows, len(names))) * 10.0 ** random.integers(-3, 4)
    kind = random.integers(8)
    if kind == 0:
        return pd.DataFrame(values, columns=names)
    if kind == 1:
        return pd.DataFrame(np.asfortranarray(values), columns=names)
    if kind == 2:
        frame = pd.DataFrame(index=range(rows))
        for at, name in enumerate(names):
            frame[name] = values[:, at]
        return frame
    if kind == 3:
        return pd.DataFrame(np.repeat(values, 2, axis=0), columns=names).iloc[::2]
    if kind == 4:
        return pd.DataFrame(values.round().astype("int64"), columns=names)
    frame = pd.DataFrame({name: values[:, at] for at, name in enumerate(names)})
    if kind == 5:
        for name in names[::2]:
            frame[name] = frame[name].round().astype("int64")
    if kind == 6:
        frame.insert(int(random.integers(len(names) + 1)), "text beside", "x")
        frame["number beside"] = 7
    return frame


def odd(random: np.random.Generator, names: list[str], rows: int) -> pd.DataFrame:
    """One that scikit-learn refuses, warns of, or converts."""
    frame = ordinary(random, names, rows)
    column = names[random.integers(len(names))]
    at = frame.columns.get_loc(column)
    kind = random.integers(15)
    if kind < 5:
        frame = frame.astype({name: "float64" for name in names})
        for _ in range(random.integers(1, 3)):
            frame.iloc[random.integers(rows), at] = random.choice(ODD_VALUES)
    elif kind == 5:
        return frame[list(random.permutation(frame.columns))]
    elif kind == 6:
        return frame.drop(columns=column)
    elif kind == 7:
        return frame.rename(columns={column: "unknown"})
    elif kind == 8:
        return pd.concat([frame, frame[[column]]], axis=1)
    elif kind == 9:
        return frame.iloc[:0]
    elif kind == 10:
        frame.columns = range(frame.shape[1])
    elif kind == 11:
        frame.columns = [np.str_(name) for name in frame.columns]
    elif kind == 12:
        frame.columns = pd.MultiIndex.from_tuples([(name, "") for name in frame.columns])
    else:
        types = ("float32", "bool", "Int64", "Float64", "object", "str", "category", "datetime64[ns]", "uint8", "complex128", pd.SparseDtype("float64"))
        wanted: Any = types[random.integers(len(types))]
        chosen = names if kind == 13 else [column]
        # Small whole numbers, which each type can hold.
        frame = frame.astype({name: "float64" for name in names})
        frame[names] = frame[names].abs().round().clip(0, 100).astype("int64")
        frame = frame.astype({name: wanted for name in chosen})
    return frame


def features_for(random: np.random.Generator, names: list[str]) -> Any:
    """How notebooks name columns, mostly as in the fit."""
    kind = random.integers(12)
    if kind < 4:
        return None
    if kind < 8:
        return list(names)
    if kind == 8:
        return pd.Index(names)
    if kind == 9:
        return np.array(names, dtype=object)
    if kind == 10:
        return list(random.permutation(names))
    return [*names[1:], "absent"] if random.random() < 0.5 else names[0]
