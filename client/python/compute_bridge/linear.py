"""The arithmetic of linear models: scores, and what classifiers make of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from .scaling import is_floats

Compute = Callable[[Any], Any]


def classifier(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """Of those that take the class of the greatest score, or of two classes the second for scores above 0."""
    import numpy as np

    coef, intercept, classes = state.get("coef_"), state.get("intercept_"), state.get("classes_")
    if type(classes) is not np.ndarray or classes.ndim != 1 or len(classes) < 2:
        return None
    is_binary = len(classes) == 2
    if not is_floats(coef, (1 if is_binary else len(classes), features)) or not _is_intercept(intercept):
        return None

    def scores(rows: Any) -> Any:
        found = rows @ coef.T + intercept
        return found.reshape(-1) if is_binary else found

    def predict(rows: Any) -> Any:
        found = scores(rows)
        return classes.take((found > 0).astype(np.intp) if is_binary else found.argmax(axis=1), axis=0)

    return {"decision_function": scores, "predict": predict}.get(method)


def logistic(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """A classifier whose scores are logits."""
    import numpy as np
    from scipy.special import expit

    scores = classifier(state, features, "decision_function")
    if method != "predict_proba" or scores is None:
        return classifier(state, features, method)
    # Others are computed one class against the rest.
    if state.get("multi_class", "auto") not in ("auto", "deprecated") or state.get("solver") == "liblinear":
        return None

    # How the columns lie in memory, which shows in the last bits of what is computed from them.
    is_apart = sys.modules["sklearn"].__version__ < "1.9"

    def two(rows: Any) -> Any:
        second = scores(rows)
        expit(second, out=second)
        return np.vstack([1 - second, second]).T if is_apart else np.stack([1 - second, second], axis=1)

    def several(rows: Any) -> Any:
        found = scores(rows)
        found -= found.max(axis=1).reshape(-1, 1)
        np.exp(found, out=found)
        found /= found.sum(axis=1).reshape(-1, 1)
        return found

    return two if len(state["classes_"]) == 2 else several


def regressor(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """One target a row, or several."""
    import numpy as np

    coef, intercept = state.get("coef_"), state.get("intercept_")
    if method != "predict" or type(coef) is not np.ndarray or not _is_intercept(intercept):
        return None
    if is_floats(coef, (features,)):
        return lambda rows: rows @ coef + intercept
    return (lambda rows: rows @ coef.T + intercept) if is_floats(coef, (len(coef), features)) else None


def one_target(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """One target a row, whatever the shape of the intercept."""
    found = regressor(state, features, method)
    return found and (lambda rows: found(rows).ravel())


def _is_intercept(value: Any) -> bool:
    import numpy as np

    return isinstance(value, float) or (type(value) is np.ndarray and value.dtype == np.float64 and value.ndim == 1)


LINEAR = {
    "LogisticRegression": logistic,
    **dict.fromkeys(("LinearSVC", "Perceptron", "SGDClassifier"), classifier),
    **dict.fromkeys(("BayesianRidge", "ElasticNet", "HuberRegressor", "Lasso", "LinearRegression", "LinearSVR", "Ridge"), regressor),
    "SGDRegressor": one_target,
}
