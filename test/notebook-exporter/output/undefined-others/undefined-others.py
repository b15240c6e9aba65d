# coding: utf-8
# Written by compute-bridge from the marked cells of a notebook. Change them there: each save writes this file anew.


# cell 2: a
def apply(model, df, param):
    helper()
    helper()
    x = np.zeros(k) + nowhere
    return display(pd.DataFrame(x))

def load(name): return helper()
def summary(model=None): return [unmarked_two for unmarked_two in {}]
print(i, __name__, __file__)


# cell 3: b
try:
    maybe
except NameError:
    maybe = 1
del maybe
