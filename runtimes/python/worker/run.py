"""Run one worker: connect, import the module, answer calls."""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
from collections.abc import Callable, Sequence
from os import _exit as leave  # before the code's own is another (crashes.py)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frames import Wire


def run_worker(argv: Sequence[str], get_ready: Callable[[Callable[[], bool]], None] = lambda _: None) -> None:
    """Serve until the bridge closes the socket. Ends the process.

    `get_ready`: what a spare does until it is told what to be, which the function that it is given says.
    """
    from .serve import opened, serve

    options = parser().parse_args(argv)
    path = os.environ["COMPUTE_BRIDGE_SOCKET"]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    if options.spare:
        get_ready(lambda: bool(select.select([connection], [], [], 0)[0]))
    own = opened(connection)
    if options.spare:
        parser().parse_args(told(own.wire), namespace=options)
    serve(own, module=options.module, folder=options.folder, home=options.home, place=path, at=options.at)


def told(wire: Wire) -> list[str]:
    """As a spare: wait for the arguments. Ends the process when the bridge is gone."""
    from .frames import BECOME

    try:
        kind, payload = wire.frame()
    except EOFError:
        leave(0)
    if kind != BECOME:
        raise ValueError(f"a spare worker was sent a frame of kind {kind} before it was told what to be")
    arguments: list[str] = json.loads(payload)["arguments"]
    return arguments


def parser() -> argparse.ArgumentParser:
    """The options that runtimes/python/runtime.ts gives."""
    options = argparse.ArgumentParser(prog="worker", allow_abbrev=False)
    options.add_argument("--spare", action="store_true", help="wait to be told the other arguments")
    options.add_argument("--plain", action="store_true", help="serve no module: stage and parse only")
    options.add_argument("--module", help="the algorithm's name; its file is FOLDER/app/model/NAME.py")
    options.add_argument("--folder", help="the version's folder")
    options.add_argument("--at", help="the folder of the algorithm's notebook, in which its code runs")
    options.add_argument("--home", default="", help="BRIDGE_HOME")
    return options
