"""Property: whatever the model and the rows, the helper ends as the plain call does: same bits, warnings, error."""

from __future__ import annotations

import os
import unittest
import warnings
from typing import Any

import numpy as np
import pandas as pd
from outcomes import outcome
from frames import features_for, odd, ordinary
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import all_estimators

from compute_bridge import call
from compute_bridge.known import KNOWN, METHODS
from compute_bridge.plans import plan_of

CASES = int(os.environ.get("CLIENT_CASES", "100"))
# So that each is fitted in milliseconds.
SMALL = {"n_estimators": 4, "max_iter": 40, "hidden_layer_sizes": (4,), "n_quantiles": 10, "n_init": 1, "n_clusters": 3, "n_components": 1, "random_state": 0}
SETTINGS: dict[str, dict[str, Any]] = {"SimpleImputer": {"strategy": "median"}, "GaussianMixture": {"n_components": 2}}
CLASSES = {name: cls for name, cls in all_estimators() if any(name in names.split() for names in KNOWN.values())}
POSITIVE = ("MultinomialNB", "PoissonRegressor")
# Cannot be fitted to columns that a scaler made of few.
ALONE = (*POSITIVE, "QuadraticDiscriminantAnalysis")
# Far from what was fitted, so that a step may make an infinite value of a finite one, and a later one look at it.
EXTREMES = (1e30, -1e30, 1e39, 3.4e38, 1e300, -1e300, 1.7e308, 1e-300, 5e-324, -0.0, -1.0, 1e16, np.nan, np.inf, -np.inf)
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "SimpleImputer", "PolynomialFeatures", "PCA", "QuantileTransformer", "PowerTransformer")


def made(name: str) -> BaseEstimator:
    """A small estimator of a name."""
    parameters = CLASSES[name]().get_params()
    settings = {key: value for key, value in SMALL.items() if key in parameters} | SETTINGS.get(name, {})
    return CLASSES[name](**settings)


def fitted(random: np.random.Generator, last: str, names: list[str]) -> Any:
    """The estimator, mostly with scalers before it."""
    rows = pd.DataFrame(random.normal(size=(40, len(names))), columns=names)
    if last in POSITIVE:
        rows = rows.abs()
    before = [] if last in ALONE else list(random.choice(SCALERS, random.integers(3), replace=False))
    target = rows.sum(axis=1)
    if is_classifier(CLASSES[last]()):
        target = target > target.median()
        if random.random() < 0.5:
            target = target.map({True: "yes", False: "no"})
    model = make_pipeline(*map(made, before), made(last)) if before or random.random() < 0.2 else made(last)
    return model.fit(rows, target)


class Equal(unittest.TestCase):
    """Random cases, each from a number that the failure names."""

    maxDiff = None

    def same(self, model: Any, method: str, df: pd.DataFrame, features: Any) -> None:
        """The helper first, on frames of their own: some steps write into what they are given."""
        mine, theirs = df.copy(), df.copy()
        got = outcome(lambda: call(model, method, mine, features))
        plain = outcome(lambda: getattr(model, method)(theirs if features is None else theirs[features]))
        self.assertEqual(got, plain)
        self.assertEqual(outcome(lambda: mine), outcome(lambda: theirs))

    def test_answers_warnings_and_errors_are_the_plain_calls(self) -> None:
        every = sorted(CLASSES)
        for seed in range(CASES):
            random = np.random.default_rng(seed)
            names = [f"column {at}" for at in random.permutation(int(random.integers(1, 9)))]
            last = every[seed % len(every)]
            with self.subTest(seed=seed, last=last), np.errstate(all="ignore"):
                model = fitted(random, last, names)
                methods = [method for method in METHODS if hasattr(model, method)] + ["get_params", "absent"]
                method = methods[random.integers(len(methods))]
                for _ in range(8):
                    rows = int(random.choice([1, 1, 1, 2, 7, 150]))
                    df = (odd if random.random() < 0.4 else ordinary)(random, names, rows)
                    self.same(model, method, df, features_for(random, names))

    def test_values_far_from_the_fitted_end_as_in_the_plain_call(self) -> None:
        names = ["a", "b"]
        for seed, last in enumerate(sorted(CLASSES)):
            random = np.random.default_rng(seed)
            rows = pd.DataFrame(random.normal(1000, 1, (40, 2)), columns=names)
            target = (rows["a"] > 1000).astype(int)
            for before in [[], ["PowerTransformer"], [random.choice(SCALERS)]][: 1 if last in ALONE else 3]:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of fits
                    model = make_pipeline(*map(made, before), made(last)) if before else made(last)
                    model.fit(rows, target)
                for method in (each for each in METHODS if hasattr(model, each)):
                    for _ in range(2):  # then the quick way is taken
                        call(model, method, rows.head(1), names)
                    for extreme in EXTREMES:
                        with self.subTest(last=last, before=before, method=method, extreme=extreme):
                            far = rows.head(2).copy()
                            far.iloc[random.integers(2), random.integers(2)] = extreme
                            self.same(model, method, far, names)

    def test_every_known_class_takes_the_quick_way_alone_and_last_in_a_pipeline(self) -> None:
        slow = []
        names = ["a", "b", "c"]
        for name in sorted(CLASSES):
            random = np.random.default_rng(1)
            rows = pd.DataFrame(random.normal(size=(40, 3)), columns=names).abs()
            target = (rows["a"] > rows["a"].median()).astype(int)
            for model in (made(name), make_pipeline(made("MinMaxScaler"), made(name))):
                model.fit(rows, target)
                for method in (each for each in METHODS if hasattr(model, each)):
                    for _ in range(3):
                        self.same(model, method, rows.head(1), names)
                    plan = plan_of(model, method)
                    if plan is None or not plan.trusts(method):
                        slow.append((name, isinstance(model, Pipeline), method))
        self.assertEqual(slow, [])

    def test_all_listed_classes_are_scikit_learns(self) -> None:
        listed = {name for names in KNOWN.values() for name in names.split()}
        self.assertEqual(sorted(CLASSES), sorted(listed))


if __name__ == "__main__":
    unittest.main()

