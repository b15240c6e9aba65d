"""Long turns at the processor, where Linux gives them (from 6.12 on, and without a privilege).

Who asks for long turns is interrupted by those with usual ones as soon as they wake up: the bridge, while workers keep all
cores busy. The worker's share stays what it was. Threads and processes that are started later have it, too.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

# More than the usual 1 to 3 ms. With 10 ms a worker that sleeps often itself, as with many rows, waits longer for its turn beside other programs.
NANOSECONDS = 4_000_000
# struct sched_attr: size, policy, flags, nice, real-time priority, turn, deadline, period.
ATTRIBUTES = struct.Struct("=IIQiIQQQ")
# sched_setattr, for which older C libraries have no name.
CALL = {"x86_64": 314, "aarch64": 274}.get(platform.machine()) if sys.platform == "linux" else None


def take_long_turns() -> None:
    """From now on, for this thread and those that it starts. Where it cannot be had nothing happens: older systems ignore it, or refuse."""
    try:
        if CALL is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
            return
        nice = os.getpriority(os.PRIO_PROCESS, 0)  # it would be given anew
    except OSError:  # musl has no such call, and sandboxes may refuse it
        return
    attributes = ATTRIBUTES.pack(ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, NANOSECONDS, 0, 0)
    ctypes.CDLL(None).syscall(CALL, 0, attributes, 0)
