"""A search command that gives back what it gets, or breaks the protocol as its arguments say."""

import json
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

ROWS = b"a\n1\n"


def read() -> Optional[Tuple[Dict[str, Any], bytes]]:
    header = sys.stdin.buffer.readline()
    if not header:
        return None
    _, metadata, body = header.decode().split(",")
    return json.loads(sys.stdin.buffer.read(int(metadata))), sys.stdin.buffer.read(int(body))


def frame(metadata: Dict[str, Any], body: bytes = b"", wrong: int = 0) -> bytes:
    text = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n" % (len(text), len(body) + wrong) + text + body


def write(what: bytes) -> None:
    sys.stdout.buffer.write(what)
    sys.stdout.buffer.flush()


def behave(how: str, metadata: Dict[str, Any], body: bytes, rounds: List[int]) -> bytes:
    reply = {"finished": metadata["finished"]}
    if how == "dies":
        sys.exit(3)
    if how == "twice":
        return frame(reply, body) + frame(reply, body)
    if how == "short":
        return frame(reply, body, -1)
    if how == "long":
        write(frame(reply, body, 1))
        sys.exit(0)
    if how == "noise":
        return b"hello\n"
    if how == "error-first":
        return frame({"error": "x", "inspector": {"messages": [["ERROR", "x"]]}, "finished": True})
    if how == "done-early":
        return frame({"finished": True})
    if how == "drains" and metadata["finished"]:
        rounds[0] += 1
        return frame({"finished": rounds[0] == 3}, ROWS)
    if how == "memory":
        bytearray(120 * 2**20)
    return frame(reply, body)


def main() -> None:
    first = read()
    if first is None:
        return
    info = first[0]["searchinfo"]
    how, _, kind = info["args"][0].partition(":")
    if how == "leaks":
        sys.stderr.write(info["session_key"] + "\n")
        with open("kept.txt", "w") as file:
            file.write(info["session_key"])
    write(frame({"type": kind or "stateful"}))
    if how == "unasked":
        write(frame({"finished": False}))
    if how == "early":
        os.read(0, 10)
        write(frame({"finished": False}))
        with open("wrote", "w"):
            pass
    rounds = [0]
    asked = read()
    while asked is not None:
        write(behave(how, asked[0], asked[1], rounds))
        asked = read()
    if how == "late":
        write(b"more")


main()
