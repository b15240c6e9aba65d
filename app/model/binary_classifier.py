# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 2: mltkc_import
import json

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

try:
    from compute_bridge import call
except ImportError:  # in DSDL's own container

    def call(model, method, df, features):
        return getattr(model, method)(df[features])


MODEL_DIRECTORY = "/srv/app/model/data/"
DEFAULT_THRESHOLD = 0.5


# cell 4: mltkc_stage
def stage(name):
    """Reads the rows that a call with mode=stage left here, and the parameters that came with them."""
    with open("data/" + name + ".json", encoding="utf-8") as file:
        param = json.load(file)
    return pd.read_csv("data/" + name + ".csv"), param


# cell 7: mltkc_init
def _option(param, name, default):
    value = param.get("options", {}).get("params", {}).get(name, default)
    return value.strip("\"' ") if isinstance(value, str) else value


def init(df, param):
    targets = param.get("target_variables") or []
    if len(targets) != 1:
        raise ValueError("Name one column that holds the label: target_variables=<column>.")
    target = targets[0]
    numeric = df.select_dtypes("number").columns
    features = param.get("feature_variables") or [column for column in numeric if column != target]
    labels = sorted(df[target].dropna().unique().tolist())
    if len(labels) != 2:
        raise ValueError(f"The column {target} has {len(labels)} different values; a binary label has two.")
    positive = _option(param, "positive", str(labels[1]))
    if positive not in [str(label) for label in labels]:
        raise ValueError(f"positive={positive} is none of the labels {labels}.")
    return {
        "features": list(features),
        "target": target,
        "labels": labels if str(labels[1]) == positive else labels[::-1],
        "C": float(_option(param, "C", 1.0)),
        "pipeline": None,
        "metrics": {},
    }


# cell 10: mltkc_fit
def fit(model, df, param):
    known = df.dropna(subset=[model["target"]])
    rows = known[model["features"]]
    is_positive = (known[model["target"]] == model["labels"][1]).astype(int).to_numpy()
    pipeline = make_pipeline(
        SimpleImputer(strategy="median"),
        StandardScaler(),
        LogisticRegression(C=model["C"], max_iter=1000),
    )
    folds = int(min(5, np.bincount(is_positive, minlength=2).min()))
    if folds >= 2:
        split = StratifiedKFold(folds, shuffle=True, random_state=0)
        judged = cross_val_predict(pipeline, rows, is_positive, cv=split, method="predict_proba")[:, 1]
        model["metrics"] = {
            "accuracy": float(accuracy_score(is_positive, judged >= DEFAULT_THRESHOLD)),
            "roc_auc": float(roc_auc_score(is_positive, judged)),
            "brier_score": float(brier_score_loss(is_positive, judged)),
        }
    model["pipeline"] = pipeline.fit(rows, is_positive)
    model["rows"] = len(known)
    return model["metrics"]


# cell 13: mltkc_apply
def apply(model, df, param):
    threshold = float(_option(param, "threshold", DEFAULT_THRESHOLD))
    probability = call(model["pipeline"], "predict_proba", df, model["features"])[:, 1]
    negative, positive = model["labels"]
    return pd.DataFrame(
        {
            "predicted_label": [positive if each >= threshold else negative for each in probability],
            "probability": probability.round(6),
        }
    )


# cell 16: mltkc_save
def save(model, name):
    joblib.dump(model, MODEL_DIRECTORY + name + ".joblib")
    return model


# cell 17: mltkc_load
def load(name):
    return joblib.load(MODEL_DIRECTORY + name + ".joblib")


# cell 19: mltkc_summary
def summary(model=None):
    returns = {"versions": {"scikit-learn": sklearn.__version__, "pandas": pd.__version__}}
    if model and model["pipeline"] is not None:
        weights = model["pipeline"][-1].coef_[0]
        returns["metrics"] = model["metrics"]
        returns["rows"] = model["rows"]
        returns["positive"] = str(model["labels"][1])
        returns["weights"] = {name: round(float(weight), 4) for name, weight in zip(model["features"], weights)}
    return returns
