# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: m
get_ipython().system('pip install numpy')
get_ipython().getoutput('ls -l')
get_ipython().system('ls {x} $HOME')
