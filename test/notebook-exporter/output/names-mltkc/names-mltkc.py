# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 2: mltkc_import
import numpy as np
import pandas as pd

MODEL_DIRECTORY = '/srv/app/model/data/'


# cell 4: mltkc_stage
def stage(name):
    with open('data/' + name + '.csv') as f:
        return pd.read_csv(f)


# cell 6: mltkc_init
def init(df, param):
    return {'columns': list(df.columns)}


# cell 7: mltkc_fit
def fit(model, df, param):
    model['mean'] = df.mean(numeric_only=True)
    return {'message': 'fitted'}


# cell 8: mltkc_apply
def apply(model, df, param):
    return pd.DataFrame({'rows': [len(df)]})


# cell 9: mltkc_save
def save(model, name):
    pd.to_pickle(model, MODEL_DIRECTORY + name)
    return model


# cell 10: mltkc_load
def load(name):
    return pd.read_pickle(MODEL_DIRECTORY + name)


# cell 11: mltkc_summary
def summary(model=None):
    return {'pandas': pd.__version__}
