# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: mltkc_import


# cell 2: mltkc_init


# cell 3: mltkc_fit


# cell 4: mltkc_apply
# only a comment


# cell 5: mltkc_save
x = 1
