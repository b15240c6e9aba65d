# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: mltkc_fit
def f():
    return 1


# cell 2: mltkc_fit
def f():
    return 2


# cell 3: mltkc_apply
g = f()
