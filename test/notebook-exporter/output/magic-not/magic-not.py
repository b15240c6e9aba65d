# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
a = '%matplotlib inline'
b = '''
%time x
!ls
c?
'''
d = [
    5
    %3,
]
e = 7 \
    %4
f = (a
    != b)
# %magic in a comment
# what?
