# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 2: mltkc_import
import json

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import IsolationForest

MODEL_DIRECTORY = "/srv/app/model/data/"
# Rows that each tree sees. The paper's 256 are too few to tell a busy hour from an odd one.
SAMPLE = 2048


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
    numeric = [column for column in df.select_dtypes("number").columns if column not in (param.get("target_variables") or [])]
    features = list(param.get("feature_variables") or numeric)
    if not features:
        raise ValueError("There is no numeric column to look at: name some with feature_variables.")
    text = [column for column in features if column in df and not pd.api.types.is_numeric_dtype(df[column])]
    if text:
        raise ValueError(f"These columns are not numeric: {', '.join(text)}. Count or encode them in the search.")
    contamination = float(_option(param, "contamination", 0.01))
    if not 0 < contamination < 0.5:
        raise ValueError(f"contamination={contamination} is no share between 0 and 0.5.")
    return {"features": features, "contamination": contamination, "trees": int(_option(param, "trees", 200)), "forest": None}


# cell 10: mltkc_fit
def deviations(model, df):
    """How far each value is from what is usual for its column; a missing one is usual."""
    values = df[model["features"]].astype("float64")
    return ((values - model["median"]) / model["spread"]).fillna(0.0)


def scores(model, far):
    """From 0 to 1, as in the paper on isolation forests (Liu, Ting and Zhou, 2008); about 0.5 is usual."""
    return -model["forest"].score_samples(far.to_numpy())


def fit(model, df, param):
    values = df[model["features"]].astype("float64")
    model["median"] = values.median()
    middle = (values - model["median"]).abs()
    # A column that hardly ever changes has a median deviation of nothing: then its standard deviation is taken, or 1.
    spread = (1.4826 * middle.median()).where(lambda each: each > 0, values.std())
    model["spread"] = spread.where(spread > 0, 1.0).fillna(1.0)
    far = deviations(model, df)
    model["forest"] = IsolationForest(n_estimators=model["trees"], max_samples=min(SAMPLE, len(df)), random_state=0).fit(far.to_numpy())
    found = scores(model, far)
    model["threshold"] = float(np.quantile(found, 1 - model["contamination"]))
    model["rows"] = len(df)
    return {"threshold": model["threshold"], "anomalies": int((found >= model["threshold"]).sum())}


# cell 13: mltkc_apply
def apply(model, df, param):
    threshold = float(_option(param, "threshold", model["threshold"]))
    far = deviations(model, df)
    score = scores(model, far) if len(df) else np.empty(0)
    farthest = far.abs().to_numpy().argmax(axis=1) if len(df) else []
    return df.assign(
        anomaly_score=np.round(score, 6),
        is_anomaly=(score >= threshold).astype("int64"),
        stands_out=[model["features"][each] for each in farthest],
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
    if model and model["forest"] is not None:
        returns["rows"] = model["rows"]
        returns["threshold"] = round(model["threshold"], 6)
        returns["usual"] = {name: float(model["median"][name]) for name in model["features"]}
    return returns
