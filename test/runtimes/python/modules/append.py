"""Results of every shape for rows that are to come back beside them."""

import pandas as pd


def apply(model, df, param):
    """A column of its own, on an index that is not the rows'."""
    return pd.DataFrame({"score": [n * 0.5 for n in range(len(df))]}, index=range(100, 100 + len(df)))


def echo(model, df, param):
    return df


def replaces(model, df, param):
    """The columns that param names, each with a new value, and a new one."""
    return {**{name: [f"new {name}"] * len(df) for name in param["columns"]}, "made": [True] * len(df)}


def fewer(model, df, param):
    return df.iloc[1:]


def nothing(model, df, param):
    return pd.DataFrame(index=df.index)


def spoils(model, df, param):
    df["sum"] = df["a"] + 1
    del df["a"], df["b"]
    return df


def told(model, df, param):
    """The columns that it was given."""
    return {"told": [" ".join(df.columns)] * len(df)}


def init(df, param):
    return {}


def fit(model, df, param):
    print("fit", len(df), " ".join(df.columns))


def save(model, name):
    pass


def load(name):
    return {}


def summary(model):
    return "sum"
