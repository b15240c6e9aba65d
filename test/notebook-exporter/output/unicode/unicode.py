# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 1: ü
grüße = 'äöü 日本語 🚀   end'
π = 3.14
x = "ab".replace('\x00', '') if False else 1
