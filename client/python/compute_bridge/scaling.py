"""The arithmetic of steps that scale: what they do with each column, in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# A function of numpy, and what it takes beside the rows.
Operations = list[tuple[Callable[..., Any], Any]]


def scaled(steps: Sequence[tuple[type, Mapping[str, Any]]], features: int) -> Operations | None:
    """The operations of all steps, one after the other; None when one of them is something else."""
    import numpy as np

    made: Operations = []
    for cls, state in steps:
        name = cls.__name__
        if name == "SimpleImputer":
            if not _fills_with_numbers(state):
                return None
            # Finite rows lack nothing; a copy of floats is what it makes of them.
            wanted: list[tuple[Any, str, Any]] = [(None, "statistics_", True)]
        elif name == "StandardScaler":
            wanted = [(np.subtract, "mean_", state.get("with_mean")), (np.divide, "scale_", state.get("with_std"))]
        elif name == "RobustScaler":
            wanted = [(np.subtract, "center_", state.get("with_centering")), (np.divide, "scale_", state.get("with_scaling"))]
        elif name == "MinMaxScaler" and state.get("clip") is False:
            wanted = [(np.multiply, "scale_", True), (np.add, "min_", True)]
        elif name == "MaxAbsScaler" and not state.get("clip"):
            wanted = [(np.divide, "scale_", True)]
        else:
            return None
        for operate, attribute, is_done in wanted:
            learnt = state.get(attribute)
            if is_done is not False and not (is_done is True and is_floats(learnt, (features,))):
                return None
            if is_done and operate is not None:
                made.append((operate, learnt))
    return made


def is_floats(value: Any, shape: tuple[int, ...]) -> bool:
    """Whether it is an array of float64 of this shape, and of no class derived from numpy's."""
    import numpy as np

    return type(value) is np.ndarray and value.dtype == np.float64 and value.shape == shape


def _fills_with_numbers(state: Mapping[str, Any]) -> bool:
    import numpy as np

    missing, statistics = state.get("missing_values"), state.get("statistics_")
    return (
        state.get("strategy") in ("mean", "median")
        and isinstance(missing, float)
        and missing != missing
        and state.get("_fit_dtype") == np.float64
        and type(statistics) is np.ndarray
        and statistics.dtype == np.float64
        and bool(np.isfinite(statistics).all())  # columns that nothing is known of are left out
    )
