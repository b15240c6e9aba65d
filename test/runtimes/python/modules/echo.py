import json
import os
import time


def apply(model, df, param):
    return df


def told(model, df, param):
    """The params as the code sees them."""
    return [{"param": json.dumps(param)}]


def waits(model, df, param):
    """Prints, and returns once a file is there: its reader must get the line before the answer."""
    print("waiting")
    while not os.path.exists(param["file"]):
        time.sleep(0.005)
    return df


def endless(model, df, param):
    print("looping")
    while True:
        pass


def prints(model, df, param):
    import logging
    import sys

    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger("mine").warning("logged")
    os.system("echo from a program")
    print("10 %\r50 %\r100 %")
    print("no end", end="")
    return df


def prints_much(model, df, param):
    for n in range(param["lines"]):
        print(n)
    return df
