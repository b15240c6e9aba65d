# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: crlf
a = 1
b = '''x
y'''
def f():
	return a


# cell 2: cr
c = 1d = 2


# cell 3: feeds
e = 1
f = 2
