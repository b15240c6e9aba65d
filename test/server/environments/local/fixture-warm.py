"""A warm process that forks workers which run the Node fixture: `python fixture-warm.py`. `--broken` ends at once, `--babble` begins with no JSON."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys

if "--broken" in sys.argv:
    sys.exit("it is broken")
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["COMPUTE_BRIDGE_WARM"])
if "--babble" in sys.argv:
    line.sendall(b"hello\n")
line.sendall(json.dumps({"warm": True, "pid": os.getpid()}).encode() + b"\n")
rest = b""
while True:
    if select.select([line], [], [], 0.01)[0]:
        chunk = line.recv(65536)
        if not chunk:
            sys.exit()
        *lines, rest = (rest + chunk).split(b"\n")
        for asked in map(json.loads, lines):
            pid = os.fork()
            if pid == 0:
                os.setsid()
                log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                os.dup2(log, 1)
                os.dup2(log, 2)
                os.chdir(asked["folder"])
                os.execve(asked["argv"][0], asked["argv"], {**asked["env"], "FORKED": "yes"})
            line.sendall(json.dumps({"id": asked["id"], "pid": pid}).encode() + b"\n")
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        continue
    if pid:
        by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None
        line.sendall(json.dumps({"pid": pid, "exit": None if by else os.WEXITSTATUS(status), "signal": by}).encode() + b"\n")
