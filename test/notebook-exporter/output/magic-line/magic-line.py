# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
get_ipython().run_line_magic('matplotlib', 'inline')
import numpy as np
if True:
    get_ipython().run_line_magic('time', 'np.zeros(3)')
get_ipython().run_line_magic('load_ext', 'autoreload')


# cell 2: n
get_ipython().run_line_magic('', 'spaced out')
