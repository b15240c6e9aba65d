# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
import math
get_ipython().run_line_magic('pinfo', 'math.sin')
get_ipython().run_line_magic('pinfo2', 'math.cos')
get_ipython().run_line_magic('pinfo', 'math.tan')
get_ipython().run_line_magic('pinfo2', 'math')
get_ipython().run_line_magic('psearch', 'math.*')
get_ipython().run_line_magic('pinfo', 'math.pi')
