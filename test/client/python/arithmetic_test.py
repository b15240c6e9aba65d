"""Property: where only scikit-learn's arithmetic is done, its answers are the same to the last bit, and what it leaves is left."""

from __future__ import annotations

import os
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import sklearn
from equal_test import CLASSES, made
from frames import odd, ordinary
from outcomes import outcome
from sklearn.base import is_classifier
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from compute_bridge import arithmetic, call
from compute_bridge.arithmetic import LAST
from compute_bridge.plans import plan_of

CASES = int(os.environ.get("CLIENT_CASES", "150"))
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "SimpleImputer")
ASKED = ("predict", "predict_proba", "decision_function", "transform")
# Distances from the centres are left to scikit-learn.
LEFT = [("transform", "KMeans"), ("transform", "MiniBatchKMeans")]
NAMES = ["a", "b", "c"]
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(RANDOM.normal(size=(60, 3)), columns=NAMES)
LABEL = (ROWS["a"] + ROWS["b"] > 0).astype(int)


def is_arithmetic(model: Any, method: str) -> bool:
    """Whether the model's next answer is computed by arithmetic alone."""
    plan = plan_of(model, method)
    return plan is not None and plan.trusts(method) and plan._arithmetic.get(method) is not None


def drawn(random: np.random.Generator, last: str, names: list[str]) -> Any:
    """A fitted model, mostly with scalers before it, of two classes or several, of one target or two."""
    rows = pd.DataFrame(random.normal(size=(80, len(names))) * 10.0 ** random.integers(-2, 3), columns=names)
    target: Any = rows.sum(axis=1)
    if is_classifier(CLASSES[last]()):
        target = pd.qcut(target, int(random.integers(2, 5)), labels=False)
        if random.random() < 0.3:
            target = target.map(lambda value: f"class {value}")
        elif random.random() < 0.3:
            target = target.astype("float64")
    elif last in ("LinearRegression", "Ridge", "Lasso", "ElasticNet") and random.random() < 0.3:
        target = pd.DataFrame({"one": target, "two": -2 * target})
    chosen = random.choice(SCALERS, random.integers(4), replace=False)
    before = [made(name).set_params(**settings(random, name)) for name in chosen]
    model = make_pipeline(*before, made(last)) if before else made(last)
    return model.fit(rows, target)


def settings(random: np.random.Generator, name: str) -> dict[str, Any]:
    """Some scale only, some move only."""
    names = {"StandardScaler": ("with_mean", "with_std"), "RobustScaler": ("with_centering", "with_scaling")}.get(name, ())
    return {each: bool(random.random() < 0.8) for each in names}


class Arithmetic(unittest.TestCase):
    """Each compares with the plain call."""

    maxDiff = None

    def same(self, model: Any, method: str, df: pd.DataFrame, features: Any) -> None:
        got = outcome(lambda: call(model, method, df, features))
        self.assertEqual(got, outcome(lambda: getattr(model, method)(df if features is None else df[features])))

    def test_bits_warnings_and_errors_are_the_plain_calls(self) -> None:
        used = set()
        for seed in range(CASES):
            random = np.random.default_rng(seed)
            names = [f"column {at}" for at in random.permutation(int(random.integers(1, 9)))]
            last = sorted(LAST)[seed % len(LAST)]
            with self.subTest(seed=seed, last=last), np.errstate(all="ignore"):
                model = drawn(random, last, names)
                methods = [each for each in ASKED if hasattr(model, each) and (each, last) not in LEFT]
                for method in methods:
                    for _ in range(3):
                        self.same(model, method, ordinary(random, names, 2), names)
                    self.assertTrue(is_arithmetic(model, method), (model, method))
                    used.add(last)
                for rows in (1, 1, 2, 3, 8, 33, 257, 1000):
                    method = methods[random.integers(len(methods))]
                    df = (odd if random.random() < 0.3 else ordinary)(random, names, rows)
                    self.same(model, method, df, [None, names, pd.Index(names)][random.integers(3)])
        self.assertEqual(used, set(LAST))

    def test_scalers_alone(self) -> None:
        for seed in range(CASES // 3):
            random = np.random.default_rng(seed)
            names = NAMES[: random.integers(1, 4)]
            chosen = [made(name).set_params(**settings(random, name)) for name in random.choice(SCALERS, random.integers(1, 5), replace=False)]
            with self.subTest(seed=seed):
                model = make_pipeline(*chosen).fit(pd.DataFrame(random.normal(size=(30, len(names))), columns=names))
                for rows in (1, 2, 2, 1, 50, 1000):
                    self.same(model, "transform", ordinary(random, names, rows), names)
                self.assertTrue(is_arithmetic(model, "transform"), model)
                for _ in range(4):
                    self.same(model, "transform", odd(random, names, 3), names)

    def test_what_becomes_infinite_is_told_as_scikit_learn_tells_it(self) -> None:
        for model in (make_pipeline(StandardScaler(), LogisticRegression()), LinearRegression(), RandomForestClassifier(3), StandardScaler()):
            method = "predict" if hasattr(model, "predict") else "transform"
            model.fit(ROWS, LABEL)
            for _ in range(3):
                call(model, method, ROWS, NAMES)
            self.assertTrue(is_arithmetic(model, method))
            for value in (1e308, -1e308, 1e39, 5e-324, -5e-324, np.inf, np.nan):
                table = ROWS.head(2).assign(b=value)
                for setting in ("ignore", "raise"):
                    with self.subTest(model=model, value=value, setting=setting), np.errstate(all=setting):
                        self.same(model, method, table, NAMES)

    def test_the_rows_are_not_written_to(self) -> None:
        model = make_pipeline(StandardScaler(), MinMaxScaler()).fit(ROWS)
        table = ROWS.copy()
        for features in (None, NAMES):
            for _ in range(4):
                call(model, "transform", table, features)[:] = 7
        self.assertTrue(is_arithmetic(model, "transform"))
        pd.testing.assert_frame_equal(table, ROWS)

    def test_arrays_of_a_model_that_change_where_they_are(self) -> None:
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABEL)
        changes: list[Callable[[], Any]] = [
            lambda: model[0].mean_.__iadd__(3.0),
            lambda: model[0].scale_.__imul__(0.5),
            lambda: model[1].coef_.__imul__(-2.0),
            lambda: model[1].intercept_.__isub__(1.0),
            lambda: model[1].classes_.__iadd__(5),
        ]
        for change in changes:
            for method in ("predict", "predict_proba", "decision_function"):
                for _ in range(4):
                    self.same(model, method, ROWS, NAMES)
                self.assertTrue(is_arithmetic(model, method))
            change()
        for method in ("predict", "predict_proba", "decision_function"):
            self.same(model, method, ROWS, NAMES)

    def test_trees_of_a_forest_that_are_exchanged(self) -> None:
        other = RandomForestClassifier(5, random_state=9).fit(ROWS, 1 - LABEL)

        def change_tree(model: Any) -> None:
            model.estimators_[2].tree_ = other.estimators_[2].tree_

        def override(model: Any) -> None:
            model.estimators_[1].predict_proba = lambda X, check_input: np.ones((len(X), 2))

        changes: list[Callable[[Any], Any]] = [
            lambda model: model.estimators_.__setitem__(0, other.estimators_[0]),
            lambda model: model.estimators_.reverse(),
            lambda model: model.estimators_.pop(),
            lambda model: model.estimators_.append(model.estimators_[0]),
            lambda model: model.set_params(n_jobs=2),
            lambda model: setattr(model.estimators_[0], "n_features_in_", 2),
            lambda model: model.fit(ROWS, 1 - LABEL),
            change_tree,
            override,
        ]
        for number, change in enumerate(changes):
            with self.subTest(number=number):
                model = RandomForestClassifier(5, random_state=1).fit(ROWS, LABEL)
                for _ in range(3):
                    self.same(model, "predict_proba", ROWS, NAMES)
                self.assertTrue(is_arithmetic(model, "predict_proba"))
                change(model)
                for _ in range(4):
                    self.same(model, "predict_proba", ROWS, NAMES)

    def test_what_is_not_as_a_plain_fit_makes_it_is_left_to_scikit_learn(self) -> None:
        singles = LogisticRegression().fit(ROWS, LABEL)
        singles.coef_ = singles.coef_.astype("float32")
        left: dict[str, tuple[Any, str]] = {
            "clip": (MinMaxScaler(clip=True).fit(ROWS), "transform"),
            "of 32 bits": (singles, "predict"),
            "sparse": (LogisticRegression().fit(ROWS, LABEL).sparsify(), "predict"),
            "several targets": (DecisionTreeClassifier().fit(ROWS, pd.DataFrame({"a": LABEL, "b": 1 - LABEL})), "predict"),
            "jobs side by side": (RandomForestRegressor(3, n_jobs=2).fit(ROWS, LABEL), "predict"),
            "told while it computes": (RandomForestRegressor(3).fit(ROWS, LABEL).set_params(verbose=1), "predict"),
        }
        for name, (model, method) in left.items():
            with self.subTest(name), mock.patch("sys.stdout"), mock.patch("sys.stderr"):
                for _ in range(4):
                    self.same(model, method, ROWS, NAMES)
                self.assertFalse(is_arithmetic(model, method))

    def test_other_releases_and_methods_of_somebody_else_are_left_to_scikit_learn(self) -> None:
        for patch in (mock.patch.object(sklearn, "__version__", "1.99.0"), mock.patch.object(LogisticRegression, "predict", lambda self, X: ["mine"] * len(X))):
            model = LogisticRegression().fit(ROWS, LABEL)
            with patch:
                for _ in range(4):
                    self.same(model, "predict", ROWS, NAMES)
                self.assertFalse(is_arithmetic(model, "predict"))

    def test_methods_that_are_replaced_later_are_called(self) -> None:
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABEL)
        for _ in range(4):
            self.same(model, "predict", ROWS, NAMES)
        self.assertTrue(is_arithmetic(model, "predict"))
        with mock.patch.object(LogisticRegression, "predict", lambda self, X: np.array(["mine"] * len(X))):
            self.same(model, "predict", ROWS, NAMES)
        self.same(model, "predict", ROWS, NAMES)

    def test_arithmetic_that_differs_is_found_and_not_used(self) -> None:
        wrong: list[Callable[[Any], Any]] = [
            lambda rows: np.nextafter((rows @ np.ones(3)), np.inf),
            lambda rows: (rows @ np.ones(3)).astype("float32"),
            lambda rows: (rows @ np.ones(3)).tolist(),
            lambda rows: 1 / 0,
        ]
        for number, compute in enumerate(wrong):
            with self.subTest(number=number), mock.patch.dict(arithmetic.LAST, {"LinearRegression": lambda *_: compute}):
                model = LinearRegression(fit_intercept=False).fit(ROWS, ROWS.to_numpy() @ np.ones(3))
                model.coef_[:] = 1.0
                for _ in range(4):
                    self.same(model, "predict", ROWS, NAMES)
                self.assertFalse(is_arithmetic(model, "predict"))


if __name__ == "__main__":
    unittest.main()
