"""The warm process: imports the heavy libraries once and forks workers (runtimes/PROTOCOL.md, Warm processes).

It starts no threads of its own, computes nothing and never touches a GPU: what it did is in every worker.
It adopts what its workers leave behind, so that nothing outlives the bridge: however that ends, we end all the rest.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import Any

from .run import run_worker

HEAVY = (
    "numpy pandas pyarrow pyarrow.csv pyarrow.ipc pyarrow.parquet joblib threadpoolctl scipy.sparse scipy.special scipy.stats "
    "sklearn.linear_model sklearn.ensemble sklearn.preprocessing sklearn.pipeline sklearn.cluster sklearn.model_selection sklearn.metrics"
).split()

PR_SET_CHILD_SUBREAPER = 36
ORPHAN_SECONDS = 1.0
END_SECONDS = 5.0

# Looking for the thread pools of loaded libraries takes 10 ms: done once, before the forks.
POOLS: list[Any] = []


def serve_forks(path: str) -> None:
    """Import, connect, fork when asked. When the bridge is gone all children end with us."""
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for name in ("serve", "calls", "blocks", "arrow_blocks", "staging", "typed", "randomness", "surroundings"):
        importlib.import_module(f"{__package__}.{name}")
    importlib.import_module(f"{__package__}.modules").import_client()
    with contextlib.suppress(ImportError):
        POOLS.append(importlib.import_module("threadpoolctl").ThreadpoolController())
    bridge = os.getppid()
    adopt_orphans()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    # Ended children wake the loop through this pipe.
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    children: set[int] = set()
    say(connection, {"warm": True, "pid": os.getpid()})
    rest = b""
    while True:
        readable, _, _ = select.select([connection, wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 4096)
            reap(connection, children)
        if connection not in readable:
            continue
        chunk = connection.recv(65536)
        if not chunk:
            for pid in children:
                end(pid)
            end_descendants()
            if is_orphan(bridge):
                shutil.rmtree(os.path.dirname(path), ignore_errors=True)  # nobody else would
            os._exit(0)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            fork(connection, json.loads(line), children, (wake_read, wake_write))


def is_orphan(parent: int) -> bool:
    """Whether the parent is gone. A process that dies closes its connections a moment before its children are another's."""
    until = time.monotonic() + ORPHAN_SECONDS
    while os.getppid() == parent and time.monotonic() < until:
        time.sleep(0.005)
    return os.getppid() != parent


def fork(connection: socket.socket, asked: dict[str, Any], children: set[int], pipes: tuple[int, int]) -> None:
    """Fork one worker and say its process id."""
    try:
        pid = os.fork()
    except OSError as error:
        say(connection, {"id": asked["id"], "error": str(error)})
        return
    if pid == 0:
        become_worker(connection, asked, pipes)
    children.add(pid)
    say(connection, {"id": asked["id"], "pid": pid})


def become_worker(connection: socket.socket, asked: dict[str, Any], pipes: tuple[int, int]) -> None:
    """In the child: leave everything of the parent behind and run. Never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        connection.close()
        for fd in pipes:
            os.close(fd)
        output = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.environ.clear()
        os.environ.update(asked["env"])
        os.chdir(asked["folder"])
        reseed()
        run_worker(asked["argv"][2:])
        code = 0
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def reseed() -> None:
    """Two workers must not draw the same random numbers, and may use the cores that the parent did not."""
    import random

    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
    if POOLS:
        POOLS[0].limit(limits=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))


def reap(connection: socket.socket, children: set[int]) -> None:
    """Say of all ended children how they ended."""
    while children:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        killed = os.WIFSIGNALED(status)
        say(connection, {"pid": pid, "exit": None if killed else os.WEXITSTATUS(status), "signal": signal.Signals(os.WTERMSIG(status)).name if killed else None})


def end(pid: int) -> None:
    """End a child and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of what workers leave behind: processes that left the worker's session are found so, too."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """End all that descends from us. Those that are killed hand their children to us, so it looks until none is left."""
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until and (found := descendants()):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        time.sleep(0.01)


def descendants() -> set[int]:
    """The living below this process, by /proc; none where there is no such thing."""
    parents: dict[int, int] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents[int(name)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def say(connection: socket.socket, line: dict[str, Any]) -> None:
    """One line to the environment; when it is gone, the next read tells."""
    with contextlib.suppress(OSError):
        connection.sendall(json.dumps(line).encode() + b"\n")
