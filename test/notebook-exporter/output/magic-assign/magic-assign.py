# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
x = get_ipython().getoutput('ls -l')
y = get_ipython().run_line_magic('pwd', '')
a, b = get_ipython().getoutput('ls')
self.z = get_ipython().getoutput('date')
