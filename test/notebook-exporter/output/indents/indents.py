# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: spaces
a = 1
if a:
    b = 2


# cell 2: tabs
c = 3
if c:
	d = 4
