"""Jupyter's hooks around a save: say to the bridge what is about to be written, and which file just was.

One JSON line each over a unix socket that stays open. Hints only: the bridge also watches the folder, so whatever goes
wrong here is swallowed, and a save never waits longer than the timeouts.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

TIMEOUT_SECONDS = 0.05
# In bytes: the socket's buffer takes a line of that length at once, unless the bridge has not read those before.
LONGEST_ANNOUNCED = 100_000
# What an export depends on, besides the cells.
METADATA = ("kernelspec", "language_info", "compute_bridge")
CELL = ("cell_type", "id", "metadata", "source")

_connection: socket.socket | None = None


def announce(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:
    """Before a notebook is written: sends `{"path": …, "notebook": …}`, without what no export looks at."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    try:
        cells = [{key: cell[key] for key in CELL if key in cell} for cell in content["cells"]]
        if sum(len(cell["source"]) for cell in cells) > LONGEST_ANNOUNCED:
            return
        ids = {cell.get("id") for cell in cells}
        if content.get("nbformat_minor", 0) >= 5 and (None in ids or len(ids) < len(cells)):
            return  # Jupyter writes others
        metadata = {key: value for key, value in content.get("metadata", {}).items() if key in METADATA}
        notebook = {"nbformat": content["nbformat"], "metadata": metadata, "cells": cells}
        line = _line(path=os.path.join(os.path.abspath(contents_manager.root_dir), *path.strip("/").split("/")), notebook=notebook)
    except Exception:
        return  # the save itself says what is wrong
    if len(line) <= LONGEST_ANNOUNCED:
        _send(line)


def tell(os_path: str, model: dict[str, Any], **_: Any) -> None:
    """After one was written: sends `{"path": …}`."""
    if model.get("type") == "notebook":
        _send(_line(path=os.path.abspath(os_path)))


def _line(**said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"


def _send(line: bytes) -> None:
    """Reconnects once when the bridge's side was closed; half a line, where there was no time for more, is ignored there."""
    global _connection
    for _attempt in range(2):
        try:
            if _connection is None:
                _connection = _connect()
            _connection.sendall(line)
            return
        except (OSError, KeyError) as error:
            if _connection is not None:
                _connection.close()
            _connection = None
            if isinstance(error, TimeoutError):
                return  # the bridge has no time


def _connect() -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIMEOUT_SECONDS)
    try:
        connection.connect(os.environ["BRIDGE_SAVES_SOCKET"])
    except OSError:
        connection.close()
        raise
    return connection
