"""The size of the two pipes to splunkd: what they hold at once is moved without a turn of the other process."""

from __future__ import annotations

import sys

#: A user's pipes may hold 64 MB together, beyond which the kernel gives new ones but two pages: a search takes little of it.
PIPE_BYTES = 256 * 1024
# Of the module fcntl, which names them from Python 3.10 on.
_SET_SIZE, _SIZE = 1031, 1032


def widen(*files) -> None:
    """As far as the system lets: only Linux does, and only with pipes. What is larger already stays as it is."""
    if not sys.platform.startswith("linux"):
        return
    import fcntl

    for file in files:
        try:
            if fcntl.fcntl(file.fileno(), _SIZE) < PIPE_BYTES:
                fcntl.fcntl(file.fileno(), _SET_SIZE, PIPE_BYTES)
        except (AttributeError, OSError):
            pass
