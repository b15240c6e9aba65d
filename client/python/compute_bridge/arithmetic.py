"""What some models compute once scikit-learn has looked at the rows: the same operations of numpy in the same order.

scikit-learn takes a hundred times as long to look at one row as to compute with it. Here only its arithmetic is left, for
steps whose state is what a fit to float64 makes. Rows that hold anything but finite numbers are left to scikit-learn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .clusters import CLUSTERS
from .forests import FORESTS
from .linear import LINEAR
from .scaling import Operations, scaled

# Those whose code was read. In others the answer might be another for rows that were not compared.
VERSIONS = ("1.6", "1.7", "1.8", "1.9")

Compute = Callable[[Any], Any]
# Of a step's state, the number of its features, and the method that is asked for.
Maker = Callable[[Mapping[str, Any], int, str], "Compute | None"]
LAST: dict[str, Maker] = {**LINEAR, **FORESTS, **CLUSTERS}


def compute_of(steps: Sequence[tuple[type, Mapping[str, Any]]], method: str) -> Compute | None:
    """What computes the method's answer for float64 or int64 of shape (rows, features), and None for rows that it leaves.

    None when the steps, of which compute_bridge.known knows the classes, do something else, or are in another state.
    """
    features = steps[0][1].get("n_features_in_")
    if not _is_read() or type(features) is not int or any(state.get("n_features_in_") != features for _, state in steps):
        return None
    methods = [(cls, name, getattr(cls, name, None)) for cls, _ in steps for name in (method, "transform", "decision_function")]
    if not all(_is_own(function) for _, _, function in methods):
        return None
    before = steps if method == "transform" else steps[:-1]
    operations = scaled(before, features)
    if operations is None:
        return None
    cls, state = steps[-1]
    maker = (lambda *_: _as_they_are) if method == "transform" else LAST.get(cls.__name__)
    last = maker(state, features, method) if maker else None
    return last and _unless_replaced(methods, _computing(operations, last) if before else _computing_alone(last))


def _unless_replaced(methods: Sequence[tuple[type, str, Any]], compute: Compute) -> Compute:
    """As long as the classes have the methods that they had: others put theirs there, to watch or to mend them."""

    def checked(values: Any) -> Any:
        for cls, name, function in methods:
            if getattr(cls, name, None) is not function:
                return None
        return compute(values)

    return checked


def _computing(operations: Operations, last: Compute) -> Compute:
    import numpy as np

    def compute(values: Any) -> Any:
        rows = np.array(values, dtype=np.float64)
        # What becomes infinite is computed again by scikit-learn, which tells of it.
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            for operate, operand in operations:
                operate(rows, operand, rows)
        return last(rows) if np.isfinite(rows).all() else None

    return compute


def _computing_alone(last: Compute) -> Compute:
    import numpy as np

    return lambda values: last(values) if np.isfinite(values).all() else None


def _as_they_are(rows: Any) -> Any:
    return rows


def _is_read() -> bool:
    version = str(getattr(sys.modules.get("sklearn"), "__version__", ""))
    return ".".join(version.split(".")[:2]) in VERSIONS


def _is_own(function: Any) -> bool:
    """Whether the class has no such method, or scikit-learn's; somebody may have put their own there."""
    return str(getattr(function, "__module__", "sklearn.")).startswith("sklearn.")
