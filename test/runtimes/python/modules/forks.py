"""Each method forks in another place. The child does what `how` says, and comes back from wherever it was forked."""

import ctypes
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

children = []


def forks(how, fork=os.fork):
    child = fork()
    if child:
        children.append(child)
        return False
    if how == "raises":
        raise ValueError("of the child")
    if how == "exits":
        sys.exit(7)
    if how == "exits with words":
        sys.exit("no more")
    if how == "prints":
        print("printed by the child")
        print("without an end", end="")
    if how == "sleeps":
        time.sleep(0.3)
    return True


def tell_ends():
    for child in children:
        print(f"ended with {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")


def apply(model, df, param):
    if "how" in param:
        print("begun, ", end="")
        forks(param["how"])
    return df


def process(model, df, param):
    return df.assign(process=os.getpid())


def all_end(model, df, param):
    try:
        while os.wait():
            pass
    except ChildProcessError:
        return df


def waits(model, df, param):
    print("begun, ", end="")
    forks(param["how"])
    tell_ends()
    return df


def in_c(model, df, param):
    forks(param["how"], ctypes.PyDLL(None).fork)
    tell_ends()
    return df


def init(df, param):
    return {}


def fit(model, df, param):
    forks(param["how"])


def load(name):
    return {}


def summary(model=None):
    forks("returns")
    return {"version": 1}


class Odd:
    def __init__(self, text, how):
        self.text, self.how = text, how

    def __str__(self):
        forks(self.how)
        return self.text


def in_a_result(model, df, param):
    def rows():
        forks(param["how"])
        for value in df["a"]:
            yield {"a": value}

    return rows()


def in_a_text(model, df, param):
    result = df.astype(object)
    result.iloc[0, 0] = Odd(str(df.iloc[0, 0]), param["how"])
    return result


def in_a_failure(model, df, param):
    raise ValueError(Odd("told", param["how"]))


class Compared:
    def __hash__(self):
        return 1

    def __eq__(self, other):
        forks("returns")
        return False


compared = {Compared()}


def in_a_comparison(model, df, param):
    compared.clear()
    compared.add(Compared())
    return df


def in_a_thread(model, df, param):
    thread = threading.Thread(target=forks, args=(param["how"],))
    thread.start()
    thread.join()
    return df


def beside_a_thread(model, df, param):
    """Which prints all the time: somebody else holds each lock when one of the children is forked."""
    is_over = threading.Event()

    def printing():
        while not is_over.is_set():
            print("beside")
            time.sleep(0.0005)

    thread = threading.Thread(target=printing)
    thread.start()
    for _ in range(20):
        time.sleep(0.002)
        if forks("prints"):
            return df
    tell_ends()
    is_over.set()
    thread.join()
    return df


def twice(value):
    print(f"twice {value}")
    return 2 * value


def pooled(model, df, param):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        one = pool.map(twice, range(20))
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        other = list(pool.map(twice, range(20)))
    return [{"one": sum(one), "other": sum(other)}]


def with_preparation(model, df, param):
    subprocess.run(["true"], preexec_fn=lambda: print("prepared"), check=True)
    return df
