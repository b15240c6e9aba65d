"""What the helper must never do: answer from an old state, call what somebody replaced, or keep a model alive."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys
import threading
import unittest
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import sklearn
from outcomes import outcome
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, QuantileTransformer, StandardScaler

from compute_bridge import call, plans, predict
from compute_bridge.plans import plan_of

NAMES = ["a", "b", "c"]
RANDOM = np.random.default_rng(0)
ROWS = pd.DataFrame(RANDOM.normal(size=(60, 3)), columns=NAMES)
LABEL = (ROWS["a"] + ROWS["b"] > 0).astype(int)
CLIENT = Path(__file__).resolve().parents[3] / "client" / "python"


class Subclassed(LogisticRegression):
    """A user's own."""

    def predict(self, X: Any) -> Any:
        return ["mine"] * len(X)


def warmed(model: Any, method: str = "predict") -> Any:
    """A fitted model whose quick way is trusted."""
    model.fit(ROWS, LABEL)
    for _ in range(3):
        call(model, method, ROWS.head(2), NAMES)
    return model


def is_quick(model: Any, method: str = "predict") -> bool:
    plan = plan_of(model, method)
    return plan is not None and plan.trusts(method)


class States(unittest.TestCase):
    """Each compares with the plain call."""

    def same(self, model: Any, method: str = "predict", df: pd.DataFrame = ROWS) -> None:
        for _ in range(4):
            got, plain = (outcome(work) for work in (lambda: call(model, method, df, NAMES), lambda: getattr(model, method)(df[NAMES])))
            self.assertEqual(got, plain)

    def test_a_model_that_changes_gives_new_answers(self) -> None:
        def exchange(model: Pipeline) -> None:
            model.steps[1] = ("logisticregression", LogisticRegression(C=1e-3).fit(-ROWS.to_numpy(), LABEL))

        def rename(model: Pipeline) -> None:
            model[0].feature_names_in_[0] = "z"

        changes: list[Callable[[Any], object]] = [
            lambda model: model.fit(ROWS, 1 - LABEL),
            lambda model: model[1].fit(-ROWS.to_numpy(), LABEL),
            lambda model: model[1].coef_.__imul__(-1),
            lambda model: setattr(model[1], "coef_", -model[1].coef_),
            lambda model: setattr(model[1], "classes_", np.array(["no", "yes"])),
            lambda model: setattr(model[1], "predict", lambda X: "replaced"),
            lambda model: setattr(model, "predict", lambda X: "replaced"),
            lambda model: setattr(model[0], "feature_names_in_", np.array(["x", "y", "z"], dtype=object)),
            lambda model: delattr(model[1], "coef_"),
            lambda model: model.set_params(standardscaler=MinMaxScaler().fit(ROWS)),
            lambda model: model.steps.pop(0),
            lambda model: model.steps.__setitem__(0, ("standardscaler", "passthrough")),
            lambda model: model.steps.__setitem__(0, ("standardscaler", None)),
            lambda model: model.set_output(transform="pandas"),
            lambda model: setattr(model[0], "n_features_in_", 5),
            lambda model: setattr(model[1], "__class__", Subclassed),
            exchange,
            rename,
        ]
        for number, change in enumerate(changes):
            with self.subTest(number=number):
                model = warmed(make_pipeline(StandardScaler(), LogisticRegression()))
                self.assertTrue(is_quick(model))
                before = outcome(lambda: predict(model, ROWS, NAMES))
                change(model)
                self.assertNotEqual(outcome(lambda: model.predict(ROWS[NAMES])), before) if number not in (9, 13) else None
                self.same(model)

    def test_learning_step_by_step(self) -> None:
        model = SGDClassifier(random_state=0, warm_start=True)
        model.fit(ROWS, LABEL)
        for _ in range(4):
            model.partial_fit(ROWS, LABEL)
            self.same(model, "decision_function")

    def test_a_copy_is_a_model_of_its_own(self) -> None:
        model = warmed(LogisticRegression())
        other = copy.copy(model)
        other.coef_ = -other.coef_
        self.same(other)
        self.same(model)

    def test_what_is_not_known_is_called_plainly(self) -> None:
        number = make_pipeline(StandardScaler(), LogisticRegression())
        columns = ColumnTransformer([("a", StandardScaler(), ["a"]), ("rest", MinMaxScaler(), ["b", "c"])])
        models = {
            "subclass": Subclassed(),
            "subclass last": make_pipeline(StandardScaler(), Subclassed()),
            "columns by name": make_pipeline(columns, LogisticRegression()),
            "union": make_pipeline(FeatureUnion([("a", StandardScaler())]), LogisticRegression()),
            "function": make_pipeline(FunctionTransformer(lambda df: df[["a"]]), LogisticRegression()),
            "search": GridSearchCV(number, {"logisticregression__C": [1.0, 2.0]}, cv=2),
            "vote": VotingClassifier([("a", LogisticRegression())]),
            "target": TransformedTargetRegressor(LinearRegression()),
            "nested": make_pipeline(number[:-1], LogisticRegression()),
            "nothing": make_pipeline("passthrough", LogisticRegression()),
            "writes into its rows": make_pipeline(StandardScaler(copy=False), LogisticRegression()),
            "data frames": make_pipeline(StandardScaler(), LogisticRegression()).set_output(transform="pandas"),
            "forest of a subclass": type("RandomForestClassifier", (RandomForestClassifier,), {})(n_estimators=3),
        }
        for name, model in models.items():
            with self.subTest(name):
                model.fit(ROWS, LABEL)
                self.same(model)
                self.assertFalse(is_quick(model))

    def test_other_libraries_and_other_tables(self) -> None:
        class Other:
            def predict(self, table: Any) -> Any:
                return ("asked", table)

        self.assertEqual(predict(Other(), [1, 2]), ("asked", [1, 2]))
        self.assertEqual(call(Other(), "predict", {"a": 1}, "a"), ("asked", 1))
        model = warmed(LogisticRegression())
        for table in (ROWS.to_numpy(), ROWS.to_numpy().tolist(), ROWS["a"], None, type("Frame", (pd.DataFrame,), {})(ROWS)):
            self.assertEqual(outcome(lambda: predict(model, table)), outcome(lambda: model.predict(table)))

    def test_not_fitted(self) -> None:
        self.same(LogisticRegression())
        self.same(make_pipeline(StandardScaler(), LogisticRegression()))
        self.same(LogisticRegression().fit(ROWS.to_numpy(), LABEL))

    def test_values_out_of_range_between_the_steps(self) -> None:
        model = warmed(make_pipeline(StandardScaler(), LogisticRegression()))
        model[0].scale_[:] = 1e-200
        self.same(model, df=ROWS * 1e36)
        self.same(warmed(RandomForestClassifier(n_estimators=3)), df=ROWS * 1e300)

    def test_scikit_learns_settings_stay_and_count(self) -> None:
        model = warmed(make_pipeline(StandardScaler(), MinMaxScaler()), "transform")
        self.assertTrue(is_quick(model, "transform"))
        before = sklearn.get_config()
        call(model, "transform", ROWS, NAMES)
        self.assertEqual(sklearn.get_config(), before)
        with sklearn.config_context(transform_output="pandas"):
            self.same(model, "transform")
        with sklearn.config_context(enable_metadata_routing=True):
            self.same(model, "transform")
        self.same(model, "transform")

    def test_an_interrupt_leaves_no_settings_behind(self) -> None:
        model = warmed(QuantileTransformer(n_quantiles=10), "transform")  # whose arithmetic is left to scikit-learn
        before, work = sklearn.get_config(), sklearn.set_config
        told: list[dict[str, Any]] = []

        def interrupted(**options: Any) -> None:
            told.append(options)
            if len(told) == 2:
                raise KeyboardInterrupt
            work(**options)

        with mock.patch.object(sklearn, "set_config", interrupted), self.assertRaises(KeyboardInterrupt):
            call(model, "transform", ROWS, NAMES)
        self.assertNotEqual(sklearn.get_config(), before)
        self.same(model, "transform", ROWS.assign(a=np.inf))
        self.assertEqual(sklearn.get_config(), before)

    def test_the_model_is_not_changed_and_not_kept_alive(self) -> None:
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABEL)
        state = [dict(vars(each)) for each in (model, model[0], model[1])]
        self.same(model)
        self.assertEqual([list(vars(each)) for each in (model, model[0], model[1])], [list(each) for each in state])
        for each in (model, LogisticRegression().fit(ROWS, LABEL)):
            self.same(each)
            self.assertIn(id(each), plans._plans)
        gone, identity = weakref.ref(model), id(model)
        del model
        gc.collect()
        self.assertIsNone(gone())
        self.assertNotIn(identity, plans._plans)

    def test_threads(self) -> None:
        models = [warmed(make_pipeline(StandardScaler(), LogisticRegression(C=10.0**-at))) for at in range(4)]
        wanted = [model.predict_proba(ROWS[NAMES]) for model in models]
        wrong: list[object] = []

        def work(at: int) -> None:
            try:
                for turn in range(60):
                    which = (at + turn) % 4
                    rows = slice(turn % 50, turn % 50 + 3)
                    if not np.array_equal(call(models[which], "predict_proba", ROWS[rows], NAMES), models[which].predict_proba(ROWS[rows])):
                        wrong.append(which)
                    if turn % 20 == at:
                        models[which].set_params(logisticregression__verbose=turn)
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        for model, proba in zip(models, wanted):
            np.testing.assert_array_equal(call(model, "predict_proba", ROWS, NAMES), proba)

    def test_importing_it_imports_no_library(self) -> None:
        code = "import sys, compute_bridge; print({'numpy', 'pandas', 'sklearn'} & set(sys.modules), compute_bridge.predict(type('M', (), {'predict': len})(), 'x') if 0 else '')"
        printed = subprocess.run([sys.executable, "-c", code], cwd=CLIENT, capture_output=True, text=True, check=True).stdout
        self.assertEqual(printed.strip(), "set()")


if __name__ == "__main__":
    unittest.main()
