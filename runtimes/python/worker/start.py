"""Command line of the worker: which of the three kinds of process this one is."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Sequence


def main(argv: Sequence[str]) -> None:
    """Run until the bridge closes the socket. Never returns to a caller that would go on."""
    options = parser().parse_args(argv)
    if options.warm:
        from .warm import serve_forks

        serve_forks(os.environ["COMPUTE_BRIDGE_WARM"])
        return
    run_worker(options)


def run_worker(options: argparse.Namespace) -> None:
    """Connect, import the module, answer calls."""
    from .serve import serve

    path = os.environ["COMPUTE_BRIDGE_SOCKET"]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(path)
    serve(connection, module=options.module, folder=options.folder, home=options.home, link=f"{path}.data")


def parser() -> argparse.ArgumentParser:
    """The options that runtimes/python/runtime.ts gives."""
    options = argparse.ArgumentParser(prog="worker")
    options.add_argument("--warm", action="store_true", help="import the heavy libraries and fork workers")
    options.add_argument("--plain", action="store_true", help="serve no module: stage and parse only")
    options.add_argument("--module", help="the algorithm's name; its file is FOLDER/app/model/NAME.py")
    options.add_argument("--folder", help="the version's folder")
    options.add_argument("--home", default="", help="BRIDGE_HOME")
    return options
