"""Forking workers from the warm process, and one ahead of need: a spare, which waits to be told what it is to be."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from .rehearsal import rehearse
from .run import run_worker

# The thread pools of loaded libraries: looking for them takes 10 ms, so it is done once, before the forks.
POOLS: list[Any] = []


def cores(text: str | None) -> int:
    """How many threads OMP_NUM_THREADS asks for, of its levels the first; as many as there are cores where it says nothing."""
    first = (text or "").split(",")[0].strip()
    return int(first) if first.isdigit() and int(first) > 0 else os.cpu_count() or 1


# What workers will compute in, as their environment says; the warm process itself has one thread.
CORES = cores(os.environ.get("COMPUTE_BRIDGE_CORES"))
# A spare that lived so long was well, and somebody else ended it.
WELL_SECONDS = 0.2
# How long a spare may take to say that it was told.
HEARD_SECONDS = 2.0


class Spare(NamedTuple):
    """The process, the line on which it is told, and since when it lives."""

    pid: int
    line: socket.socket
    born: float


class Forks:
    """The children of the warm process, the spare among them."""

    def __init__(self, connection: socket.socket, descriptors: Sequence[int]) -> None:
        """`connection`: to the bridge, which is told of all. `descriptors`: what else is the warm process's alone."""
        self._connection = connection
        self._descriptors = descriptors
        self._spare: Spare | None = None
        self.children: set[int] = set()
        self.wants_spare = True

    def fork(self, asked: dict[str, Any]) -> None:
        """Make a worker, of the spare if there is one, and say its process id."""
        pid = self._hand_over(asked)
        if pid is None:
            try:
                pid = os.fork()
            except OSError as error:
                self.say({"id": asked["id"], "error": str(error)})
                return
            if pid == 0:
                self._live(None, asked)
            self.children.add(pid)
        # One that the bridge keeps for itself takes the spare's place.
        self.wants_spare = not is_kept(asked)
        self.say({"id": asked["id"], "pid": pid})

    def fork_spare(self) -> None:
        """Have a worker ready that only needs to be told. Without one workers are forked when they are asked for."""
        self.wants_spare = False
        near, far = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            near.close()
            far.close()
            return
        if pid == 0:
            near.close()
            self._live(far, None)
        far.close()
        self.children.add(pid)
        self._spare = Spare(pid, near, time.monotonic())

    def _hand_over(self, asked: dict[str, Any]) -> int | None:
        """Tell the spare what it is, and hear that it knows. None: there is none, or it did not live to know it."""
        self.reap()  # it may have ended a moment ago
        if self._spare is None:
            return None
        spare, self._spare = self._spare, None
        with spare.line:
            spare.line.settimeout(HEARD_SECONDS)
            try:
                spare.line.sendall(json.dumps(asked).encode())
                spare.line.shutdown(socket.SHUT_WR)
                if spare.line.recv(1):
                    return spare.pid
            except OSError:
                pass
        # Should it live, it must not become what another one is now.
        with contextlib.suppress(ProcessLookupError):
            os.kill(spare.pid, signal.SIGKILL)
        return None

    def _live(self, line: socket.socket | None, asked: dict[str, Any] | None) -> NoReturn:
        """In the child: leave everything of the parent behind, and be a worker or wait to become one."""
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
            if self._spare is not None:
                self._spare.line.close()
            if line is not None:
                asked = wait(line)
            if asked is not None:
                become_worker(asked, is_spare=line is not None)
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
            if self._spare is not None and self._spare.pid == pid:
                # One that cannot live is not followed by another until a worker is asked for: it could go on so for ever.
                self.wants_spare = time.monotonic() - self._spare.born > WELL_SECONDS
                self._spare.line.close()
                self._spare = None
                continue
            killed = os.WIFSIGNALED(status)
            self.say({"pid": pid, "exit": None if killed else os.WEXITSTATUS(status), "signal": signal.Signals(os.WTERMSIG(status)).name if killed else None})

    def say(self, line: dict[str, Any]) -> None:
        """One line to the environment; when it is gone, the next read tells."""
        with contextlib.suppress(OSError):
            self._connection.sendall(json.dumps(line).encode() + b"\n")


def is_kept(asked: dict[str, Any]) -> bool:
    """Whether it is to wait for the bridge to tell it what it is."""
    return "--spare" in asked["argv"]


def lower_session() -> None:
    """Give the new session our own priority: where Linux weighs each session as one (autogroup), that of its processes means nothing to others."""
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:
        group.write(str(os.getpriority(os.PRIO_PROCESS, 0)))


def wait(line: socket.socket) -> dict[str, Any] | None:
    """As the spare: get ready, and wait. What to be; None when the warm process is gone."""
    get_ready(lambda: bool(select.select([line], [], [], 0)[0]))
    use_cores(CORES)
    told = b""
    with line:
        while chunk := line.recv(65536):
            told += chunk
        if told:
            line.sendall(b"1")
    return json.loads(told) if told else None


def get_ready(is_enough: Callable[[], bool]) -> None:
    """Rehearse, as far as there is time, and have random numbers of its own."""
    try:
        rehearse(is_enough)
    except Exception:
        traceback.print_exc()  # it is slower to begin, and as good
    reseed()


def become_worker(asked: dict[str, Any], *, is_spare: bool) -> None:
    """Run as if started with these arguments, in this environment."""
    output = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["folder"])
    is_to_wait = is_kept(asked)
    if not is_spare and not is_to_wait:
        reseed()
    count = cores(os.environ.get("OMP_NUM_THREADS"))
    if not is_spare or count != CORES:
        use_cores(count)
    run_worker(asked["argv"][2:], get_ready if is_to_wait and not is_spare else lambda _: None)


def use_cores(count: int) -> None:
    """Have the libraries compute in so many threads, where the parent had one. It takes a millisecond the first time."""
    if POOLS:
        POOLS[0].limit(limits=count)


def reseed() -> None:
    """Two workers must not draw the same random numbers."""
    import random

    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
