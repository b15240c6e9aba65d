# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: x
a = 1
b = 2

def f():
    return a


# cell 2: none
