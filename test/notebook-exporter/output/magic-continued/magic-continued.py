# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
get_ipython().run_line_magic('alias_magic', '    t     timeit')
x = 1
get_ipython().system('ls    -l')
y = 2
