# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
from compute_bridge import predict
import compute_bridge
import compute_bridge_of_another
def apply(model, df, param):
    return compute_bridge.call(model, 'predict_proba', df) + predict(model, df)
