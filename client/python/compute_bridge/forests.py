"""The arithmetic of trees and forests: scikit-learn's compiled trees, asked one after the other, in the order in which it sums them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter, eq, is_
from typing import Any

Compute = Callable[[Any], Any]
CLASSIFIERS = ("DecisionTreeClassifier", "ExtraTreeClassifier")
REGRESSORS = ("DecisionTreeRegressor", "ExtraTreeRegressor")
# What of each tree in a forest decides what it answers.
LEARNT = attrgetter("__class__", "tree_", "n_outputs_", "n_features_in_")


def tree(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """One tree with one target."""
    compiled = state.get("tree_")
    if state.get("n_outputs_") != 1 or getattr(compiled, "n_features", None) != features:
        return None
    if "classes_" not in state:
        return _in_32_bits(lambda rows: compiled.predict(rows)[:, 0]) if method == "predict" else None
    count = state.get("n_classes_")
    probabilities = _in_32_bits(lambda rows: compiled.predict(rows)[:, :count])
    return _classifying(state, probabilities, method)


def forest(state: Mapping[str, Any], features: int, method: str) -> Compute | None:
    """Trees with one target that are summed one after the other; jobs side by side are summed as they end."""
    import numpy as np

    trees = state.get("estimators_")
    is_classifier = "classes_" in state
    if type(trees) is not list or not trees or state.get("n_outputs_") != 1 or state.get("n_jobs") not in (None, 1) or state.get("verbose") != 0:
        return None
    if not all(_is_tree(each, features, is_classifier) for each in trees):
        return None
    # Trees may be exchanged within their list, and what each has learnt within it.
    known, learnt, sizes = list(trees), list(map(LEARNT, trees)), [len(vars(each)) for each in trees]
    count = int(state["n_classes_"]) if is_classifier else 0

    def total(rows: Any) -> Any:
        if len(trees) != len(known) or not all(map(is_, trees, known)) or not all(map(eq, map(len, map(vars, trees)), sizes)):
            return None
        if list(map(LEARNT, trees)) != learnt:
            return None
        total = np.zeros((len(rows), count) if is_classifier else len(rows), dtype=np.float64)
        for _, compiled, _, _ in learnt:
            found = compiled.predict(rows)
            total += found[:, :count] if is_classifier else found[:, 0]
        total /= len(trees)
        return total

    if not is_classifier:
        return _in_32_bits(total) if method == "predict" else None
    return _classifying(state, _in_32_bits(total), method)


def _classifying(state: Mapping[str, Any], probabilities: Compute, method: str) -> Compute | None:
    import numpy as np

    classes = state["classes_"]
    if type(classes) is not np.ndarray or classes.ndim != 1 or state.get("n_classes_") != len(classes):
        return None

    def predict(rows: Any) -> Any:
        found = probabilities(rows)
        return None if found is None else classes.take(found.argmax(axis=1), axis=0)

    return {"predict": predict, "predict_proba": probabilities}.get(method)


def _in_32_bits(compute: Compute) -> Compute:
    """Greater values would be infinite to it: None."""
    import numpy as np

    def computing(rows: Any) -> Any:
        with np.errstate(over="ignore"):
            small = np.asarray(rows, dtype=np.float32)
        return compute(small) if np.isfinite(small).all() else None

    return computing


def _is_tree(each: Any, features: int, is_classifier: bool) -> bool:
    cls = type(each)
    names = CLASSIFIERS if is_classifier else REGRESSORS
    if not cls.__module__.startswith("sklearn.tree.") or cls.__name__ not in names or "predict" in vars(each) or "predict_proba" in vars(each):
        return False
    compiled = getattr(each, "tree_", None)
    return getattr(each, "n_outputs_", None) == 1 and getattr(each, "n_features_in_", None) == features == getattr(compiled, "n_features", None)


FORESTS = {
    **dict.fromkeys(CLASSIFIERS + REGRESSORS, tree),
    **dict.fromkeys(("ExtraTreesClassifier", "ExtraTreesRegressor", "RandomForestClassifier", "RandomForestRegressor"), forest),
}
