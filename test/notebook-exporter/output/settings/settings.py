# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: x_import
import numpy as np
import pandas as pd

MODEL_DIRECTORY = '/srv/app/model/data/'


# cell 2: x_init
def init(df, param):
    return {'columns': list(df.columns)}


# cell 3: x_fit
def fit(model, df, param):
    model['mean'] = df.mean(numeric_only=True)
    return {'message': 'fitted'}


# cell 4: x_apply
def apply(model, df, param):
    return pd.DataFrame({'rows': [len(df)]})


# cell 5: x_save
def save(model, name):
    pd.to_pickle(model, MODEL_DIRECTORY + name)
    return model


# cell 6: x_load
def load(name):
    return pd.read_pickle(MODEL_DIRECTORY + name)


# cell 7: x_summary
def summary(model=None):
    return {'pandas': pd.__version__}
