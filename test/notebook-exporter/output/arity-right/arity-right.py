# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
def init(df, param, extra=None): pass
def fit(model, df, param, /, **more): pass
def apply(model, *rest): pass
save = lambda model, name: model
load = decorated = staticmethod(len)
import functools
@functools.cache
def summary(a, b, c, d): pass
