# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
def apply(model, df, param): return df
def evaluate(model, df, param): return df
def _hidden(a, b, c): pass
def two(a, b): pass
def stage(a, b, c): pass
def with_default(a, b, c=1): pass
class K:
    def fit(self): pass
def load(name): return 1
def summary(model=None): return 1
