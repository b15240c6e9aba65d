# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: a
from app.model import base
from app.model.shared_rules import rule
import app.model.third as third
import app.model
from . import fourth
from .fifth import x
import importlib
sixth = importlib.import_module('app.model.sixth')
from app.model import siblings


# cell 2: b
def f():
    from app.model.seventh import y
    return base, rule, third, fourth, x, y, app, siblings
