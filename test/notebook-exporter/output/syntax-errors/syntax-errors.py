# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
def f(:
    pass


# cell 2: b
x = 1
y = = 2


# cell 3: c
z = 3


# cell 4: d
s = '''open


# cell 5: e
import cv_none_such
  bad
