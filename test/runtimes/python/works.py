"""The module that every runtime has: each function does one thing that the suite looks at."""

import json
import os
import subprocess
import sys
import time

DATA = "/srv/app/model/data/"
names = ["made at the top"]
table = {"kept": 1}


def init(df, param):
    names.append("init")
    df["added"] = 1
    param["seen"] = True
    return {"rows": len(df), "who": param.get("who")}


def fit(model, df, param):
    names.append("fit")
    model["seen"] = [param["seen"], list(df.columns)]


def apply(model, df, param):
    names.append("apply")
    return {"order": [" ".join(names)], "model": [json.dumps(model)], "param": [json.dumps(param)]}


def save(model, name):
    names.append("save")
    with open(f"{DATA}{name}.json", "w") as file:
        json.dump(model, file)


def load(name):
    names.append("load")
    with open(DATA + name + ".json") as file:
        return json.load(file)


def summary(model=None):
    return {"version": 1, "half": 0.5, "nothing": float("nan")}


def echo(model, df, param):
    return df


def shout(model, df, param):
    print("printed")
    sys.stderr.write("to stderr without end")
    subprocess.run(["echo", "from a program"], check=True)
    return df


def change(model, df, param):
    global names
    table["kept"] += 1
    names = names + ["changed"]
    return {"kept": [table["kept"]], "names": [len(names)]}


def fail(model, df, param):
    raise KeyError("the key")


def leave(model, df, param):
    sys.exit(4)


def crash(model, df, param):
    os._exit(9)


def spin(model, df, param):
    while True:
        time.sleep(0.001)


def scalar(model, df, param):
    return 5


def none(model, df, param):
    return None


def append_shared(model, df, param):
    with open(DATA + "shared.txt", "a") as file:
        file.write("mine")
    with open(DATA + "shared.txt") as file:
        return {"text": [file.read()]}
