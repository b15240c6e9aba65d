import os


def apply(model, df, param):
    return deeper(df, param["kind"])


def deeper(df, kind):
    if kind == "error":
        raise KeyError("k")  # HERE
    if kind == "exit":
        raise SystemExit(3)
    if kind == "interrupt":
        raise KeyboardInterrupt
    if kind == "memory":
        raise MemoryError("too much")
    if kind == "recursion":
        return deeper(df, kind)
    if kind == "library":
        return df["absent"]  # LIBRARY
    if kind == "no table":
        return 42
    if kind == "die":
        os._exit(3)
    if kind == "segfault":
        os.abort()
    return df
