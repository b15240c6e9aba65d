"""What is left of a process that its code ends: where that was, and what it printed before (runtimes/PROTOCOL.md, Start and end)."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from collections.abc import Callable
from typing import NoReturn


def install(output: int, settle: Callable[[], None]) -> None:
    """From now on a crash, and `os._exit`, write their stack to `output`; `os._exit` sends what was printed first."""
    faulthandler.enable(output, all_threads=False)
    leave, owner = os._exit, os.getpid()

    def leave_with_words(status: int) -> NoReturn:
        # Processes that the code forks end so, too: they hold copies of our locks and streams.
        if os.getpid() == owner:
            with contextlib.suppress(Exception):
                faulthandler.dump_traceback(output, all_threads=False)
                settle()
        leave(status)

    os._exit = leave_with_words
