# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1
#| export
a = 1


# cell 2
#|export
b = 2


# cell 3
# | export 
c = 3


# cell 7
#| export
