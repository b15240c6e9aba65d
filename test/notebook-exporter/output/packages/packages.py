# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
import no_such_package_a.inner as a
from no_such_package_b import b
import cv2, numpy, json, os.path
try:
    import no_such_package_c
except ImportError:
    import no_such_package_d
try:
    import no_such_package_e
except ValueError:
    pass
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import no_such_package_f
def f():
    import no_such_package_g
