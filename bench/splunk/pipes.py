"""
splunkd's end of a search command's two pipes, as fast as a process can be: rows are written from where they lie and replies
read to where they stay, by system calls that wait. Reads one JSON object on stdin:

  command, cwd, env   the command to start
  getinfo             metadata of the first request
  rows, sizes         a file of chunks, and the bytes of each

Prints what was seen as JSON. The clock runs from the first chunk to the last reply; replies are looked at when it has stopped.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from typing import Any

_EXECUTE = {"action": "execute", "finished": False}
_LAST = {"action": "execute", "finished": True}
#: Headers and metadata of all replies are shorter.
_ROOM = 8 * 1024 * 1024


class Pipes:
    """
    A command under way.

    :param room: where all its replies are put
    """

    def __init__(self, command: list[str], cwd: str, env: dict[str, str], room: memoryview) -> None:
        self._process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self._room = room
        self._at = 0
        self.bodies: list[memoryview] = []
        self.peak_kb = 0

    def exchange(self, metadata: dict, body: memoryview | bytes = b"") -> dict:
        """One request, one reply, of which the metadata is given back."""
        text = json.dumps(metadata).encode()
        assert self._process.stdin is not None
        for piece in (b"chunked 1.0,%d,%d\n%s" % (len(text), len(body), text), body):
            view = memoryview(piece)
            while len(view):
                view = view[self._process.stdin.write(view) :]
        said = self._reply()
        self.peak_kb = max(self.peak_kb, self._peak())
        return said

    def processor_seconds(self) -> float:
        with open("/proc/%d/schedstat" % self._process.pid) as file:
            return int(file.read().split()[0]) / 1e9

    def end(self) -> float:
        """Waits for the end, which must be a good one; returns the processor time of the whole life."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        _, status, usage = os.wait4(self._process.pid, 0)
        if status:
            raise SystemExit("the command ended with %d" % status)
        return usage.ru_utime + usage.ru_stime

    def _reply(self) -> dict:
        assert self._process.stdout is not None
        start, end, sizes = self._at, self._at, None
        while sizes is None or end < start + sum(sizes):
            count = self._process.stdout.readinto(self._room[end:])
            if not count:
                raise SystemExit("the command ended without a whole reply")
            end += count
            sizes = sizes or _sizes(bytes(self._room[start : min(end, start + 64)]))
        if end > start + sum(sizes):
            raise SystemExit("bytes follow a reply that nobody asked for")
        self._at = end
        head, text, _ = sizes
        self.bodies.append(self._room[start + head + text : end])
        return json.loads(bytes(self._room[start + head : start + head + text]))

    def _peak(self) -> int:
        with open("/proc/%d/status" % self._process.pid) as file:
            found = re.search(r"^VmHWM:\s+(\d+) kB$", file.read(), re.M)
        return int(found.group(1)) if found else 0  # A process that has ended has no memory.


def _sizes(head: bytes) -> tuple[int, int, int] | None:
    """Bytes of the first line, of the metadata and of the body; none: the line is not whole."""
    line, newline, _ = head.partition(b"\n")
    if not newline:
        return None
    prefix, text, body = line.split(b",")
    assert prefix == b"chunked 1.0", head
    return len(line) + 1, int(text), int(body)


def measure(asked: dict[str, Any]) -> dict[str, Any]:
    with open(asked["rows"], "rb") as file:
        rows = memoryview(file.read())
    chunks, at = [], 0
    for size in asked["sizes"]:
        chunks.append(rows[at : at + size])
        at += size
    header = bytes(chunks[0][: bytes(chunks[0]).index(b"\n") + 1])

    room = memoryview(bytearray(b" ") * (2 * len(rows) + _ROOM))  # Written once, so that the clock sees no new pages.
    starts = time.perf_counter()
    pipes = Pipes(asked["command"], asked["cwd"], asked["env"], room)
    pipes.exchange(asked["getinfo"])
    getinfo_seconds = time.perf_counter() - starts
    used = pipes.processor_seconds()
    began = time.perf_counter()
    first: float | None = None
    for chunk in chunks:
        said = pipes.exchange(_EXECUTE, chunk)
        if "error" in said or said.get("finished"):
            raise SystemExit("the command is done before the last chunk: %s" % said)
        first = first or time.perf_counter()
    said = pipes.exchange(_LAST, header)
    while not said.get("finished"):
        said = pipes.exchange(_LAST)
    ended = time.perf_counter()
    if "error" in said:
        raise SystemExit("the command failed: %s" % said["error"])
    processor_seconds = pipes.end() - used
    came = b"".join(body[len(header) :] for body in pipes.bodies if len(body))
    return {
        "getinfoSeconds": getinfo_seconds, "firstSeconds": (first or ended) - began, "seconds": ended - began,
        "processorSeconds": processor_seconds, "peakRss": pipes.peak_kb / 1024,
        "returned": sum(map(len, pipes.bodies)), "isSame": came == b"".join(chunk[len(header) :] for chunk in chunks),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
