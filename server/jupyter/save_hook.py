"""Jupyter's hooks of a save: say to the bridge what is about to be written, and which file just was.

A JSON line each, over a unix socket that stays open. Hints only: the bridge also watches the folder, so whatever goes
wrong here is swallowed. What is about to be written is sent without waiting at all, or not; of what was written, a save
never waits longer than the timeout.
"""

from __future__ import annotations

import json
import os
import re
import socket
from typing import Any

TIMEOUT_SECONDS = 0.05
# Longer lines would not go at once into the socket's memory.
LONGEST_LINE = 64 * 1024

MARK = "#| export"
MARKED = re.compile(r"[ \t]*#[ \t]*\|[ \t]*export[ \t]*(\r|\n|\Z)")

_connection: socket.socket | None = None


def _connect() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT_SECONDS)
    try:
        connection.connect(os.environ["BRIDGE_SAVES_SOCKET"])
    except OSError:
        connection.close()
        raise
    return connection


def _leave() -> None:
    global _connection
    if _connection is not None:
        _connection.close()
    _connection = None


def announce(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:
    """Sends `{"path": …, "saving": …}` of a notebook that is about to be saved, if the bridge takes it at once."""
    try:
        if model.get("type") != "notebook" or model.get("chunk") is not None or _connection is None:
            return  # the first save connects, when it is written
        line = announcement(os.path.abspath(contents_manager._get_os_path(path)), model["content"])
        if line is None:
            return
        _connection.setblocking(False)
        try:
            is_whole = _connection.send(line) == len(line)
        except BlockingIOError:
            return  # nothing of it was sent
        finally:
            _connection.settimeout(TIMEOUT_SECONDS)
        if not is_whole:
            _leave()  # the rest would have to wait, and half a line is none
    except Exception:
        _leave()


def announcement(os_path: str, notebook: dict[str, Any]) -> bytes | None:
    """The line without what an export never looks at, outputs above all; None for a long one."""
    cells = [
        {name: cell[name] for name in ("cell_type", "id", "metadata") if name in cell} | {"source": _source(cell)} for cell in notebook["cells"]
    ]
    if sum(len(cell["source"]) for cell in cells) > LONGEST_LINE:
        return None
    metadata = {name: value for name, value in notebook.get("metadata", {}).items() if name != "widgets"}
    saving = {"cells": cells, "metadata": metadata, "nbformat": notebook.get("nbformat")}
    line = json.dumps({"path": os_path, "saving": saving}).encode() + b"\n"
    return line if len(line) <= LONGEST_LINE else None


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    source = source if isinstance(source, str) else "".join(source)
    if cell.get("cell_type") == "code":
        return source
    # Of other cells an export sees this alone.
    return MARK if MARKED.match(source) else ""


def tell(os_path: str, model: dict[str, Any], **_: Any) -> None:
    """Sends `{"path": …}` for a saved notebook; reconnects once when the bridge's side was closed."""
    global _connection
    if model.get("type") != "notebook":
        return
    line = json.dumps({"path": os.path.abspath(os_path)}).encode() + b"\n"
    for _attempt in range(2):
        try:
            if _connection is None:
                _connection = _connect()
            _connection.sendall(line)
            return
        except (OSError, KeyError):
            _leave()
