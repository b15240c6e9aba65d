"""The warm process: imports the heavy libraries once and forks workers (runtimes/PROTOCOL.md, Warm processes).

It starts no threads of its own, computes no more than rehearsal.py says and never touches a GPU: what it did is in every worker.
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
import time
import traceback

HEAVY = (
    "numpy pandas pyarrow pyarrow.csv pyarrow.ipc pyarrow.parquet joblib threadpoolctl scipy.sparse scipy.special scipy.stats "
    "sklearn.linear_model sklearn.ensemble sklearn.preprocessing sklearn.pipeline sklearn.cluster sklearn.model_selection sklearn.metrics"
).split()

PR_SET_CHILD_SUBREAPER = 36
ORPHAN_SECONDS = 1.0
END_SECONDS = 5.0

# So long nobody must have asked for a worker before a spare is forked, which holds up who asks meanwhile.
QUIET_SECONDS = 0.03


def serve_forks(path: str) -> None:
    """Import, connect, fork when asked. When the bridge is gone all children end with us."""
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    forks = importlib.import_module(f"{__package__}.forks")
    for name in ("arrow_blocks", "staging"):
        importlib.import_module(f"{__package__}.{name}")
    importlib.import_module(f"{__package__}.modules").import_client()
    with contextlib.suppress(ImportError):
        forks.POOLS.append(importlib.import_module("threadpoolctl").ThreadpoolController())
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
    try:
        importlib.import_module(f"{__package__}.rehearsal").rehearse()
    except Exception:
        traceback.print_exc()  # workers are slower to begin, and as good
    gc.collect()
    gc.freeze()
    workers = forks.Forks(connection, (wake_read, wake_write))
    workers.say({"warm": True, "pid": os.getpid()})
    rest = b""
    while True:
        readable, _, _ = select.select([connection, wake_read], [], [], QUIET_SECONDS if workers.wants_spare else None)
        if not readable:
            workers.fork_spare()
        if wake_read in readable:
            os.read(wake_read, 4096)
            workers.reap()
        if connection not in readable:
            continue
        if not (chunk := received(connection)):
            for pid in workers.children:
                end(pid)
            end_descendants()
            if is_orphan(bridge):
                shutil.rmtree(os.path.dirname(path), ignore_errors=True)  # nobody else would
            os._exit(0)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            workers.fork(json.loads(line))


def received(connection: socket.socket) -> bytes:
    """What the bridge says next; nothing when it is gone, also with something unread of ours, which resets the connection."""
    try:
        return connection.recv(65536)
    except ConnectionResetError:
        return b""


def is_orphan(parent: int) -> bool:
    """Whether the parent is gone. A process that dies closes its connections a moment before its children are another's."""
    until = time.monotonic() + ORPHAN_SECONDS
    while os.getppid() == parent and time.monotonic() < until:
        time.sleep(0.005)
    return os.getppid() != parent


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
    reap()
    while time.monotonic() < until and (found := descendants()):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        reap()
        time.sleep(0.01)


def reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def descendants() -> set[int]:
    """All below this process that are not reaped, by /proc; none where there is no such thing.

    One whose first thread is dead looks like a zombie, and as long as another of its threads lives its children stay its own.
    """
    parents: dict[int, int] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as file:
            parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}
