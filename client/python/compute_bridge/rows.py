"""The values of a data frame as the one array that scikit-learn would make of them."""

from __future__ import annotations

import sys
from typing import Any

TYPES = ("float64", "int64")
# Frames come with few sets of columns; beyond so many they are compared anew.
MOST_SETS = 100


class Columns:
    """The names of a fit, and what is known of each set of columns that was compared with them."""

    def __init__(self, fitted: Any) -> None:
        """`fitted`: the model's `feature_names_in_`, an array of shape (features,)."""
        self._fitted = fitted
        self._positions: dict[tuple[Any, ...], list[int] | None] = {}

    def positions(self, columns: list[Any], features: list[Any] | None) -> list[int] | None:
        """Where the fit's columns are; None when those asked for are not exactly they, or are not there exactly once."""
        if any(type(name) is not str for name in columns):  # those of numpy are equal to ours, but no names to scikit-learn
            return None
        fitted = self._fitted.tolist()  # an array: its contents may have changed
        key = (*columns, None, *fitted, None, *(columns if features is None else features))
        if key not in self._positions:
            if len(self._positions) >= MOST_SETS:
                self._positions.clear()
            self._positions[key] = _positions(columns, columns if features is None else features, fitted)
        return self._positions[key]


def _positions(columns: list[Any], asked: list[Any], fitted: list[Any]) -> list[int] | None:
    if asked != fitted:
        return None
    return [columns.index(name) for name in asked] if all(columns.count(name) == 1 for name in asked) else None


def rows_of(df: Any, features: Any, columns: Columns, most: float) -> Any:
    """The array of shape (rows, features) that scikit-learn makes of `df[features]`, its layout in memory included.

    None when only scikit-learn can say: `df` is no plain data frame, has no row or more than `most`, the names are not the
    fit's, or a column holds other values than int64 or float64, which may be mixed.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None or type(df) is not pandas.DataFrame or not 0 < len(df) <= most:
        return None
    if features is not None and type(features) is not list:
        if not isinstance(features, pandas.Index):
            return None
        features = features.tolist()
    try:
        positions = columns.positions(df.columns.tolist(), features)
        if positions is None:
            return None
        if features is None:
            return _values(df)
        if len(df) == 1:
            values = _row(df._mgr, positions)
            if values is not None:
                return values
        elif len(df._mgr.blocks) == 1:
            values = _values(df)
            # pandas would copy it, and keep its layout.
            if values is None or (values.flags.forc and positions == [*range(values.shape[1])]):
                return values
        # What `df[features]` does once it has found the columns.
        return _values(df.take(positions, axis=1))
    except (TypeError, AttributeError):  # names that cannot be looked up; a pandas that keeps its blocks elsewhere
        return None


def _row(manager: Any, positions: list[int]) -> Any:
    """The only row, if all columns lie in one block, whatever lies in others."""
    import numpy as np

    (number, *others) = {*manager.blknos.take(positions).tolist()}
    values = manager.blocks[number].values
    if others or type(values) is not np.ndarray or values.dtype not in TYPES:
        return None
    return values[manager.blklocs.take(positions), 0].reshape(-1, 1).T


def _values(frame: Any) -> Any:
    import numpy as np

    blocks = frame._mgr.blocks
    for block in blocks:
        # Not what pandas or others add: gaps in integers, sparse columns, dates, text.
        values = block.values
        if type(values) is not np.ndarray or values.dtype not in TYPES:
            return None
    return blocks[0].values.T if len(blocks) == 1 else np.asarray(frame)
