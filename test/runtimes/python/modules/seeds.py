import random

import numpy as np

np.random.seed(0)
random.seed(0)
rng = np.random.default_rng(42)
fresh = np.random.default_rng()
old = np.random.RandomState(7)
own = random.Random(5)
own_fresh = random.Random()


class Noise:
    source = np.random.default_rng(1)


def drawn():
    return {
        "numpy": np.random.rand(),
        "python": random.random(),
        "generator": rng.random(),
        "state": old.rand(),
        "instance": own.random(),
        "attribute": Noise.source.random(),
        "fresh": fresh.random(),
        "own_fresh": own_fresh.random(),
    }


def init(df, param):
    return {}


def fit(model, df, param):
    model.update(drawn())


def apply(model, df, param):
    return [model or drawn()]
