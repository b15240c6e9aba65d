# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
import math
print(1, 2)
print("a", "b")
print("a b")
