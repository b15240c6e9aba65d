# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
def f():
    pass


# cell 2: b
x = 1

return x
