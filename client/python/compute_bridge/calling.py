"""The two functions that notebooks call: both do what the plain call does, and may do it in a quicker way."""

from __future__ import annotations

from typing import Any

from .plans import plan_of, put_back
from .rows import rows_of


def predict(model: Any, df: Any, features: Any = None) -> Any:
    """What `model.predict(df[features])` gives; without `features`, what `model.predict(df)` gives.

    :param model: a fitted model of any library; those of scikit-learn that compute_bridge.known lists may be quicker
    :param df: rows, as a data frame of shape (rows, columns), or whatever else the model takes
    :param features: the names of the columns to use, in the order of the fit, as a list or an index
    :returns: the model's own answer: for most an array of shape (rows,), of the dtype of what it was fitted to
    :raises Exception: what the plain call raises: of scikit-learn ValueError for names that are missing, unexpected or in
        another order than in the fit, and for values that the model does not take; of pandas KeyError for columns that
        are not there
    """
    return call(model, "predict", df, features)


def call(model: Any, method: str, df: Any, features: Any = None) -> Any:
    """What `getattr(model, method)(df[features])` gives, as `predict` does for `model.predict`.

    :param method: of any name; `predict`, `predict_proba`, `predict_log_proba`, `decision_function`, `score_samples`
        and `transform` may be quicker
    :returns: the method's own answer, such as an array of shape (rows, classes) for `predict_proba`
    :raises Exception: what the plain call raises
    """
    put_back()
    plan = plan_of(model, method)
    values = None if plan is None else rows_of(df, features, plan.columns, plan.most_rows(method))
    if plan is None or values is None:
        return _plainly(model, method, df, features)
    if plan.trusts(method):
        try:
            return plan.answer(method, values)
        except Exception:  # the plain call says what is wrong, in its own words
            return _plainly(model, method, df, features)
    answer = _plainly(model, method, df, features)
    plan.learn(method, values, answer)
    return answer


def _plainly(model: Any, method: str, df: Any, features: Any) -> Any:
    return getattr(model, method)(df if features is None else df[features])
