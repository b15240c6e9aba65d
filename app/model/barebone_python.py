# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 3: mltkc_import
import json

import joblib
import numpy as np
import pandas as pd

# Files below this path belong to one model: every fit gets its own copy of the folder.
MODEL_DIRECTORY = "/srv/app/model/data/"


# cell 5: mltkc_stage
def stage(name):
    """Reads the rows that a call with mode=stage left here, and the parameters that came with them."""
    with open("data/" + name + ".json", encoding="utf-8") as file:
        param = json.load(file)
    return pd.read_csv("data/" + name + ".csv"), param


# cell 9: mltkc_init
def init(df, param):
    params = param.get("options", {}).get("params", {})
    return {"scale": float(params.get("scale", "1")), "mean": None}


# cell 12: mltkc_fit
def fit(model, df, param):
    columns = param["feature_variables"]
    model["mean"] = df[columns].mean().to_dict()
    return {"rows": len(df)}


# cell 15: mltkc_apply
def apply(model, df, param):
    means = pd.Series(model["mean"])
    distance = np.abs(df[list(means.index)] - means).sum(axis=1) * model["scale"]
    return pd.DataFrame({"distance": distance})


# cell 18: mltkc_save
def save(model, name):
    joblib.dump(model, MODEL_DIRECTORY + name + ".joblib")
    return model


# cell 19: mltkc_load
def load(name):
    return joblib.load(MODEL_DIRECTORY + name + ".joblib")


# cell 22: mltkc_summary
def summary(model=None):
    return {"versions": {"numpy": np.__version__, "pandas": pd.__version__}, "model": model}
