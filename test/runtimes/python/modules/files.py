import glob
import os
import pathlib
import subprocess

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
    if kind == "rename":
        os.rename(path, DATA + "/folder/moved.txt")
        os.rename(DATA + "/folder/moved.txt", path)
        open(path, "a").write(" and mine")
    if kind == "remove":
        os.remove(path)
        assert not os.path.exists(path)
        open(path, "w").write("anew")


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


def looks(model, df, param):
    """What each way of looking for files finds."""
    folder = pathlib.Path(DATA) / "folder"
    text = DATA + "/many9.txt"
    return [
        {
            "exists": os.path.exists(DATA + "/many1.txt"),
            "none": os.path.exists(DATA + "/none.txt"),
            "hidden": os.path.exists(DATA + "/.models"),
            "isfile": pathlib.Path(DATA, "many2.txt").is_file(),
            "access": os.access(DATA + "/many3.txt", os.R_OK),
            "size": os.stat(b"/srv/app/model/data/many4.txt".replace(b"/srv/app/model/data", os.fsencode(DATA))).st_size,
            "nested": (folder / "inner.txt").read_text(),
            "folder": os.listdir(folder),
            "command": subprocess.run(["cat", text], capture_output=True, text=True).stdout,
            "listed": len([name for name in os.listdir(DATA) if name.startswith("many")]),
            "globbed": len(glob.glob(DATA + "/many1*")),
        }
    ]


def absent(model, df, param):
    return open("/srv/app/model/data/absent.bin")
