"""Jupyter's post_save_hook: says to the bridge which file was just written.

One JSON line a save over a unix socket that stays open. A hint only: the bridge also watches the folder, so
whatever goes wrong here is swallowed and a save never waits longer than the timeout.
"""

from __future__ import annotations

import json
import os
import socket
from typing import Any

TIMEOUT_SECONDS = 0.05

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
            if _connection is not None:
                _connection.close()
            _connection = None
