# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: mltkc_import
import pandas as pd


# cell 3: mltkc_init
def init(df, param):
    return {'columns': list(df.columns)}


# cell 4: mltkc_fit
def fit(model, df, param):
    model['mean'] = df.mean(numeric_only=True)
    return {'message': 'fitted'}


# cell 5: mltkc_apply
def apply(model, df, param):
    return pd.DataFrame({'rows': [len(df)]})


# cell 6: mltkc_save
def save(model, name):
    pd.to_pickle(model, '/srv/' + name)
    return model


# cell 7: mltkc_load
def load(name):
    return model


# cell 8: mltkc_summary
def summary(model=None):
    return {'pandas': pd.__version__}
