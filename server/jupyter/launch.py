"""Starts JupyterLab as a child of the bridge and ends it with the bridge, however that ends.

Standard input belongs to the bridge. Its first line is the token, which so is in no argument list and in no
environment that kernels and terminals inherit. Its end means that the bridge is gone, killed or not.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

GRACE_SECONDS = 8.0


def end_with_the_bridge() -> None:
    """Waits for the end of standard input, then lets Jupyter shut its kernels down; kills what does not end."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def read_line() -> str:
    """Reads byte by byte: a buffer would swallow what the watching thread waits for."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in (b"", b"\n"):
        line += byte
    return line.decode()


def main(arguments: list[str]) -> None:
    """Runs JupyterLab in this process with the token that standard input gives."""
    token = read_line()
    if not token:
        raise SystemExit("The bridge gave no token.")
    threading.Thread(target=end_with_the_bridge, name="bridge-watch", daemon=True).start()

    from jupyterlab import commands

    # As soon as it is imported Lab runs yarn in whatever Node is on the PATH, for the registry that builds of extensions would
    # use. Nothing is built here; it costs half a second, and a Node that is too old for that yarn logs pages of its code.
    commands._yarn_config = lambda logger: {"yarn config": {}, "npm config": {}}
    from jupyterlab.labapp import LabApp

    # Jupyter takes it from here while it initialises; kernels and terminals are started later and do not see it.
    os.environ["JUPYTER_TOKEN"] = token
    server = LabApp.initialize_server(argv=arguments)
    del os.environ["JUPYTER_TOKEN"]
    server.start()


if __name__ == "__main__":
    main(sys.argv[1:])
