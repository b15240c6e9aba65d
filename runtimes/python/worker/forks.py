"""Forking workers from the warm process; some ahead of need: spares, which get ready and wait to be told what they are to be."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

from .run import run_spare, run_worker

# The thread pools of loaded libraries: looking for them takes 10 ms, so it is done once, before the forks.
POOLS: list[Any] = []


class Forks:
    """The children of the warm process."""

    def __init__(self, connection: socket.socket, descriptors: Sequence[int]) -> None:
        """`connection`: to the bridge, which is told of all. `descriptors`: what else is the warm process's alone."""
        self._connection = connection
        self._descriptors = descriptors
        self.children: set[int] = set()

    def fork(self, asked: dict[str, Any]) -> None:
        """Make a worker, and say its process id."""
        try:
            pid = os.fork()
        except OSError as error:
            self.say({"id": asked["id"], "error": str(error)})
            return
        if pid == 0:
            self._live(asked)
        self.children.add(pid)
        self.say({"id": asked["id"], "pid": pid})

    def _live(self, asked: dict[str, Any]) -> NoReturn:
        """In the child: leave everything of the parent behind, and be a worker."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            lower_session()
            self._connection.close()
            for fd in self._descriptors:
                os.close(fd)
            become_worker(asked)
            code = 0
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)

    def reap(self) -> None:
        """Say of all ended children how they ended."""
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.children.discard(pid)
            killed = os.WIFSIGNALED(status)
            self.say({"pid": pid, "exit": None if killed else os.WEXITSTATUS(status), "signal": signal.Signals(os.WTERMSIG(status)).name if killed else None})

    def say(self, line: dict[str, Any]) -> None:
        """One line to the environment; when it is gone, the next read tells."""
        with contextlib.suppress(OSError):
            self._connection.sendall(json.dumps(line).encode() + b"\n")


def lower_session() -> None:
    """Give the new session our own priority: where Linux weighs each session as one (autogroup), that of its processes means nothing to others."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(os.getpriority(os.PRIO_PROCESS, 0)))


def become_worker(asked: dict[str, Any]) -> None:
    """Run as if started with these arguments, in this environment; without arguments, as a spare."""
    output = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    reseed()
    if "argv" in asked:
        run_worker(asked["argv"][2:])
    else:
        run_spare()


def reseed() -> None:
    """Two workers must not draw the same random numbers, and may use the cores that the parent did not."""
    import random

    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
    if POOLS:
        POOLS[0].limit(limits=int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
