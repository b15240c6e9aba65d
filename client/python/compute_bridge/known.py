"""Which models may be called in the quick way: those whose methods see nothing of a data frame but its values and names.

Classes of scikit-learn itself, never subclasses; none that hold models of other makers, choose columns by name, or were
told to answer with data frames.
"""

from __future__ import annotations

import sys
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform")
KNOWN = {
    "sklearn.cluster": "KMeans MiniBatchKMeans",
    "sklearn.decomposition": "PCA TruncatedSVD",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.ensemble": "ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor "
    "HistGradientBoostingClassifier HistGradientBoostingRegressor IsolationForest RandomForestClassifier RandomForestRegressor",
    "sklearn.impute": "SimpleImputer",
    "sklearn.linear_model": "BayesianRidge ElasticNet HuberRegressor Lasso LinearRegression LogisticRegression Perceptron "
    "PoissonRegressor Ridge RidgeClassifier SGDClassifier SGDRegressor",
    "sklearn.mixture": "GaussianMixture",
    "sklearn.naive_bayes": "BernoulliNB GaussianNB MultinomialNB",
    "sklearn.neighbors": "KNeighborsClassifier KNeighborsRegressor",
    "sklearn.neural_network": "MLPClassifier MLPRegressor",
    "sklearn.preprocessing": "MaxAbsScaler MinMaxScaler Normalizer PolynomialFeatures PowerTransformer QuantileTransformer "
    "RobustScaler StandardScaler",
    "sklearn.svm": "LinearSVC LinearSVR NuSVC NuSVR OneClassSVM SVC SVR",
    "sklearn.tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}
NAMES = {module: frozenset(names.split()) for module, names in KNOWN.items()}
FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, partial)


def steps_of(model: Any) -> list[Any] | None:
    """The steps of a pipeline, or the model as its only step; None when one of them is not known, or not as it was made."""
    if not _is(model, "sklearn.pipeline", "Pipeline"):
        steps = [model]
    elif _is_overridden(model):
        return None
    else:
        steps = [step for _, step in model.steps]
    if not steps or not all(map(_is_known, steps)):
        return None
    # Without names of its own scikit-learn warns of those that come; later steps that have some warn of arrays.
    named = ["feature_names_in_" in vars(step) for step in steps]
    return steps if named[0] and not any(named[1:]) else None


def _is(model: Any, module: str, name: str) -> bool:
    return type(model) is getattr(sys.modules.get(module), name, None)


def _is_known(step: Any) -> bool:
    cls = type(step)
    module = cls.__module__.partition("._")[0]
    if cls.__name__ not in NAMES.get(module, ()) or not _is(step, module, cls.__name__) or _is_overridden(step):
        return False
    state = vars(step)
    return (
        state.get("copy", True) is True  # others write into the rows that they are given
        and state.get("_preprocessor") is None  # in gradient boosting: columns of categories
        and not state.get("add_indicator")
    )


def _is_overridden(step: Any) -> bool:
    """Whether somebody gave the object a method or a function of their own, or asked it for data frames."""
    state = vars(step)
    return (
        "_sklearn_output_config" in state
        or any(method in state for method in METHODS)
        or any(isinstance(value, FUNCTIONS) for value in state.values())
    )
