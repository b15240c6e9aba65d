"""Permits for calls that were sent ahead: bytes in a named pipe, from which the bridge takes back what this worker has not taken."""

from __future__ import annotations

import os


class Permits:
    """A pipe that the bridge writes one byte into for each call that it sends ahead."""

    def __init__(self, path: str) -> None:
        # Named for a moment, until the bridge has opened it.
        os.mkfifo(path, 0o600)
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def take(self) -> bool:
        """Whether the next call that was sent ahead may begin."""
        try:
            return os.read(self._pipe, 1) != b""
        except OSError:
            return False  # there is none, or the code closed the pipe


def permits_at(path: str) -> Permits | None:
    """None where there are no such pipes: then nothing is sent ahead."""
    try:
        return Permits(path)
    except (AttributeError, OSError):
        return None
