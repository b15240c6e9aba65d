"""Run one worker: connect, import the module, answer calls. A spare connects, and does all that needs no module, before it is told of one."""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import traceback
from collections.abc import Callable, Sequence


def run_worker(argv: Sequence[str]) -> None:
    """Serve until the bridge closes the socket. Ends the process."""
    run(connected(), lambda: argv)


def run_spare() -> None:
    """The same, once the bridge says what to serve (runtimes/PROTOCOL.md, Warm processes)."""
    from .rehearsal import rehearse

    connection = connected()
    try:
        rehearse(lambda: bool(select.select([connection], [], [], 0)[0]))
    except Exception:
        traceback.print_exc()  # it is slower to begin, and as good
    run(connection, lambda: told(connection))


def connected() -> socket.socket:
    """The line to the bridge."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(os.environ["COMPUTE_BRIDGE_SOCKET"])
    return connection


def told(connection: socket.socket) -> list[str]:
    """Waits to be told the arguments, and says that they came. EOFError when the bridge is gone."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = connection.recv(65536)
        if not chunk:
            raise EOFError
        line += chunk
    connection.sendall(b"\n")
    return json.loads(line)["argv"][2:]


def run(connection: socket.socket, arguments: Callable[[], Sequence[str]]) -> None:
    """Be the worker that the arguments say, which may be still to come."""
    from .serve import serve

    options = parser()
    serve(connection, lambda: options.parse_args(arguments()), f"{os.environ['COMPUTE_BRIDGE_SOCKET']}.data")


def parser() -> argparse.ArgumentParser:
    """The options that runtimes/python/runtime.ts gives."""
    options = argparse.ArgumentParser(prog="worker", allow_abbrev=False)
    options.add_argument("--plain", action="store_true", help="serve no module: stage and parse only")
    options.add_argument("--module", help="the algorithm's name; its file is FOLDER/app/model/NAME.py")
    options.add_argument("--folder", help="the version's folder")
    options.add_argument("--at", help="the folder of the algorithm's notebook, in which its code runs")
    options.add_argument("--home", default="", help="BRIDGE_HOME")
    return options
