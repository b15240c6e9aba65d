# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
def apply(x): pass


# cell 2: b
if True:
    def apply(model, df, param): return df
else:
    def load(name): return name
try:
    from app.model.base import summary
except ImportError:
    summary = None
