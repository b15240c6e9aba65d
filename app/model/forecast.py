# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 2: mltkc_import
import json

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.linear_model import Ridge

MODEL_DIRECTORY = "/srv/app/model/data/"
DAY = 86400.0
WEEK = 7 * DAY


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
    targets = param.get("target_variables") or ["count"]
    by = _option(param, "by", "") or None
    if len(targets) != 1:
        raise ValueError("Name one column to forecast: target_variables=<column>.")
    for column in ["_time", targets[0], *([by] if by else [])]:
        if column not in df:
            raise ValueError(f"The rows have no column {column}.")
    return {"target": targets[0], "by": by, "series": {}}


# cell 10: mltkc_fit
def seconds(times):
    """`_time` as seconds since 1970, whether it came as numbers or as text."""
    if pd.api.types.is_numeric_dtype(times):
        return times.to_numpy(dtype="float64")
    return pd.to_datetime(times, utc=True, format="ISO8601").astype("int64").to_numpy() / 1e9


def waves(at, model):
    """The columns of the regression: a trend, waves of the day, and waves of the week."""
    columns = [(at - model["from"]) / WEEK]
    for period, count in ((DAY, 8), (WEEK, 10)):
        for each in range(1, count + 1):
            angle = 2 * np.pi * each * at / period
            columns += [np.sin(angle), np.cos(angle)]
    # Days of the week differ in shape, not in height alone.
    hour, day = 2 * np.pi * at / DAY, 2 * np.pi * at / WEEK
    for wave in (np.sin(hour), np.cos(hour)):
        for each in (1, 2, 3):
            columns += [wave * np.sin(each * day), wave * np.cos(each * day)]
    return np.column_stack(columns)


def series(df, by):
    """The rows of each series, by its name; one without a name when nothing tells them apart."""
    return {"": df} if by is None else {str(name): part for name, part in df.groupby(by, sort=True)}


def fit_one(df, target):
    known = df.dropna(subset=[target, "_time"]).sort_values("_time")
    at, numbers = seconds(known["_time"]), known[target].to_numpy(dtype="float64")
    if len(at) < 48:
        raise ValueError(f"{len(at)} rows are too few to learn a day's habits: send 48 or more of each series.")
    one = {"from": float(at[0]), "step": float(np.median(np.diff(at))), "rows": len(at), "floor": 0.0 if numbers.min() >= 0 else None}
    # Without negative numbers habits multiply: a busy day is busy in each of its hours.
    values = np.log1p(numbers) if one["floor"] == 0.0 else numbers
    columns = waves(at, one)
    first = Ridge(alpha=1.0).fit(columns, values)
    rest = values - first.predict(columns)
    middle = np.median(rest)
    ordinary = np.abs(rest - middle) <= 5 * 1.4826 * np.median(np.abs(rest - middle)) + 1e-9
    one["ridge"] = Ridge(alpha=1.0).fit(columns[ordinary], values[ordinary])
    left = values[ordinary] - one["ridge"].predict(columns[ordinary])
    one["range"] = [float(each) for each in np.quantile(left, [0.025, 0.975])]
    one["left_out"] = int((~ordinary).sum())
    return one


def fit(model, df, param):
    model["series"] = {name: fit_one(part, model["target"]) for name, part in series(df, model["by"]).items()}
    return {name: one["rows"] for name, one in model["series"].items()}


# cell 13: mltkc_apply
def _later(part, one, horizon):
    """As many rows more, with `_time` in the form that the others have."""
    last = seconds(part["_time"].dropna()).max() if len(part) else one["from"]
    at = last + one["step"] * np.arange(1, horizon + 1)
    if pd.api.types.is_numeric_dtype(part["_time"]):
        return pd.DataFrame({"_time": at.astype("int64") if (at % 1 == 0).all() else at})
    return pd.DataFrame({"_time": pd.to_datetime(at, unit="s", utc=True).strftime("%Y-%m-%dT%H:%M:%SZ")})


def expected(one, times):
    value = one["ridge"].predict(waves(seconds(times), one))
    shown = [value, value + one["range"][0], value + one["range"][1]]
    if one["floor"] == 0.0:
        shown = [np.maximum(np.expm1(each), 0.0) for each in shown]
    return [np.round(each, 3) for each in shown]


def apply(model, df, param):
    horizon = int(float(_option(param, "horizon", 24)))
    parts = []
    for name, part in series(df, model["by"]).items():
        one = model["series"].get(name)
        if one is None:
            raise ValueError(f"The model knows no series {name!r}: it was fitted with {', '.join(model['series'])}.")
        if horizon > 0:
            more = _later(part, one, horizon)
            if model["by"] is not None:
                more[model["by"]] = part[model["by"]].iloc[0]
            part = pd.concat([part, more], ignore_index=True)
        if len(part) == 0:
            continue
        part["prediction"], part["lower95"], part["upper95"] = expected(one, part["_time"])
        if model["target"] in part:
            number = part[model["target"]].astype("float64")
            outside = ((number < part["lower95"]) | (number > part["upper95"])).astype("float64")
            part["outside"] = outside.where(number.notna())
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else df


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
    if model and model["series"]:
        facts = ("rows", "left_out", "step")
        returns["series"] = {name or "all": {each: one[each] for each in facts} for name, one in model["series"].items()}
    return returns
