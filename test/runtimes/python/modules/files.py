import os

DATA = "/srv/app/model/data"


def fit(model, df, param):
    kind = param["kind"]
    path = DATA + "/shared.txt"
    if kind == "overwrite":
        open(path, "w").write("mine")
    if kind == "append":
        open(path, "a").write(" and mine")
    if kind == "update":
        with open(path, "r+") as file:
            file.write("MINE")
    if kind == "nested":
        open(f"/srv/app/model/data/folder/{'inner'}.txt", "w").write("mine")


def save(model, name):
    open("/srv/app/model/data/" + name + ".txt", "w").write("saved")


def load(name):
    return name


def apply(model, df, param):
    return [{"shared": open(DATA + "/shared.txt").read(), "own": os.path.exists(f"/srv/app/model/data/{'probe_default'}.txt")}]


def where(model, df, param):
    """What became of old paths in code, and what did not."""
    name = "x"
    return [{"home": f"/srv/notebooks/{name}.csv", "exact": "/srv/notebooks", "other": "/srv/other", "alike": "/srv/notebooksx", "cwd": os.getcwd()}]


def absent(model, df, param):
    return open("/srv/app/model/data/absent.bin")
