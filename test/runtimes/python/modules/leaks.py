"""Each method changes something and says what it found; the next call is to find it unchanged."""

import asyncio
import builtins
import collections
import csv
import decimal
import functools
import gc
import logging
import os
import signal
import socket
import sys
import threading
import warnings
import weakref

import numpy as np
import pandas as pd

decimal.getcontext()
config = {"deep": {"inner": [1]}, "pair": ([], {})}
counts = collections.Counter(a=1)
groups = collections.defaultdict(list, a=[1])
order = collections.OrderedDict(a=1, b=2)
queue = collections.deque([1], maxlen=3)


class Cache:
    seen = []
    size = 0

    def add(self, value, into=[]):
        into.append(value)
        return len(into)

    @classmethod
    def count(cls, seen={}):
        seen[len(seen)] = 1
        return len(seen)

    class Inner:
        names = {"x"}


class Holder:
    """Its objects are changed in place, and stay so."""

    def __init__(self):
        self.calls = 0


holder = Holder()


def gather(x, acc=[], *, more={}):
    acc.append(x)
    more[len(more)] = x
    return len(acc) + len(more)


@functools.lru_cache
def costly(x):
    return object()


def counter():
    count = 0

    def step():
        nonlocal count
        count += 1
        return count

    return step


step = counter()


def containers(model, df, param):
    found = [config["deep"]["inner"], config["pair"], dict(counts), dict(groups), list(order.items()), list(queue)]
    found = repr(found)
    config["deep"]["inner"].append(2)
    config["deep"]["new"] = 1
    config["pair"][0].append(1)
    config["pair"][1]["x"] = 1
    counts.update("aab")
    groups["a"].append(2)
    groups["b"].append(1)
    order.move_to_end("a")
    order["c"] = 3
    queue.extend([2, 3, 4])
    return [{"found": found}]


def classes(model, df, param):
    found = [Cache.seen, Cache.size, hasattr(Cache, "new"), Cache().add(1), Cache.count(), Cache.Inner.names, Cache.__init__ is object.__init__]
    found = repr(found)
    Cache.seen.append(1)
    Cache.size += 1
    Cache.new = True
    Cache.Inner.names.add("y")
    Cache.__init__ = lambda self: None
    return [{"found": found}]


def functions(model, df, param):
    found = [gather(1), getattr(functions, "calls", 0)]
    functions.calls = 1
    return [{"found": repr(found)}]


def environ(model, df, param):
    found = [os.environ.get("LEFT"), "PATH" in os.environ, os.path.isdir(os.environ["COMPUTE_BRIDGE_HOME"])]
    os.environ["LEFT"] = "over"
    os.environ["COMPUTE_BRIDGE_HOME"] = "/nowhere"
    del os.environ["PATH"]
    return [{"found": repr(found)}]


def pandas_options(model, df, param):
    found = [pd.get_option("display.max_rows"), pd.get_option("display.float_format"), pd.get_option("mode.copy_on_write")]
    pd.set_option("display.max_rows", 3)
    pd.set_option("display.float_format", "{:.1f}".format)
    pd.set_option("mode.copy_on_write", True)
    return [{"found": repr(found)}]


def sklearn_options(model, df, param):
    import sklearn

    found = [sklearn.get_config()["assume_finite"], sklearn.get_config()["transform_output"]]
    sklearn.set_config(assume_finite=True, transform_output="pandas")
    return [{"found": repr(found)}]


def numpy_settings(model, df, param):
    found = [np.geterr()["divide"], np.get_printoptions()["precision"], decimal.getcontext().prec]
    np.seterr(divide="raise")
    np.set_printoptions(precision=2)
    decimal.getcontext().prec = 5
    return [{"found": repr(found)}]


def interpreter_settings():
    return [
        *(sys.gettrace(), sys.getprofile(), threading.gettrace(), threading.getprofile()),
        *(sys.getswitchinterval(), gc.isenabled(), gc.get_threshold(), socket.getdefaulttimeout()),
        *(sys.get_int_max_str_digits(), csv.field_size_limit(), logging.getLogRecordFactory(), warnings.showwarning),
        *(sys.excepthook, sys.unraisablehook, threading.excepthook, list(sys.argv), getattr(sys, "stdin", "none")),
        *(builtins.print, builtins.open, builtins.input),
    ]


def interpreter(model, df, param):
    found = repr(interpreter_settings())
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        setattr(module, name, lambda *_: None)
    builtins.print, builtins.open, builtins.input = max, max, max
    gc.disable()
    gc.set_threshold(1, 2, 3)
    csv.field_size_limit(5)
    sys.setswitchinterval(1)
    sys.set_int_max_str_digits(1000)
    socket.setdefaulttimeout(0.001)
    sys.argv[:] = ["other"]
    sys.argv = ["another"]
    logging.captureWarnings(True)
    logging.setLogRecordFactory(lambda *_: None)
    for setting in (threading.setprofile, threading.settrace, sys.setprofile, sys.settrace):
        setting(lambda *_: None)
    return [{"found": found}]


def interpreter_deleted(model, df, param):
    found = repr(interpreter_settings())
    del sys.stdin
    socket.setdefaulttimeout(0.001)
    return [{"found": found}]


async def seen():
    return len(asyncio.all_tasks())


def loop_taken(model, df, param):
    """`asyncio.run` leaves the thread without a loop."""
    found = asyncio.get_event_loop().run_until_complete(seen())
    asyncio.run(seen())
    return [{"found": found}]


def loop_closed(model, df, param):
    loop = asyncio.get_event_loop()
    found = loop.run_until_complete(seen())
    loop.close()
    return [{"found": found}]


def loop_left(model, df, param):
    """Open, and with a task."""
    loop = asyncio.get_event_loop()
    found = loop.run_until_complete(seen()), vars(holder).get("left", lambda: None)()
    loop.create_task(asyncio.sleep(1000))
    holder.left = weakref.ref(loop)
    return [{"found": repr(found)}]


def loop_held(model, df, param):
    """By an object that stays: it can go on with it."""
    loop = vars(holder).setdefault("loop", asyncio.get_event_loop())
    return [{"found": loop.run_until_complete(seen())}]


class Policy(asyncio.DefaultEventLoopPolicy):
    """A user's own."""


def loop_policy(model, df, param):
    found = [type(asyncio.get_event_loop_policy()).__name__, asyncio.get_event_loop().run_until_complete(seen())]
    asyncio.set_event_loop_policy(Policy())
    asyncio.get_event_loop().run_until_complete(seen())
    return [{"found": repr(found)}]


def warned(model, df, param):
    found = [each[0] for each in warnings.filters if each[0] == "error"], len(warnings.filters) > 3
    warnings.simplefilter("error")
    return [{"found": repr(found)}]


def logs(model, df, param):
    mine = logging.getLogger("mine")
    found = [len(mine.handlers), mine.level, logging.root.level, len(logging.root.handlers), logging.root.manager.disable, mine.propagate]
    mine.addHandler(logging.NullHandler())
    mine.setLevel(logging.ERROR)
    mine.propagate = False
    logging.basicConfig(level=logging.CRITICAL, force=True)
    logging.disable(logging.ERROR)
    return [{"found": repr(found)}]


def streams(model, df, param):
    print("is told")
    sys.stdout = sys.stderr = open(os.devnull, "w")
    return [{"found": 0}]


def paths(model, df, param):
    found = "/added" in sys.path
    sys.path.insert(0, "/added")
    return [{"found": found}]


def paths_replaced(model, df, param):
    found = "/added" in sys.path
    sys.path = ["/added", *sys.path]
    return [{"found": found}]


def signals(model, df, param):
    found = [signal.getsignal(signal.SIGALRM) == signal.SIG_DFL, signal.getitimer(signal.ITIMER_REAL)[0], callable(signal.getsignal(signal.SIGINT))]
    signal.signal(signal.SIGALRM, lambda *_: 1 / 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.alarm(1000)
    return [{"found": repr(found)}]


def stays(model, df, param):
    """What calls share, as docs/concepts/worker.md says."""
    found = [holder.calls, costly.cache_info().currsize, step(), hasattr(pd.DataFrame, "ours"), "colorsys" in sys.modules, sum(t.name == "mine" for t in threading.enumerate())]
    import colorsys  # noqa: F401

    holder.calls += 1
    costly(1)
    pd.DataFrame.ours = 1
    threading.Thread(target=threading.Event().wait, name="mine", daemon=True).start()
    return [{"found": repr(found)}]


table = pd.DataFrame({"x": [0]})
array = np.zeros(1)


def tables(model, df, param):
    found = [int(table.loc[0, "x"]), array[0] == 1]
    table.loc[0, "x"] += 1
    array[0] = 1
    return [{"found": repr(found)}]


def hashed(model, df, param):
    os.environ["PYTHONHASHSEED"] = "0"
    return [{"found": hash("text")}]
