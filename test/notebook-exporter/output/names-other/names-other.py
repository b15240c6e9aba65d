# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: anything at all
a = 1


# cell 2: 5
b = 2


# cell 3: true
c = 3


# cell 4: ["x"]
d = 4
