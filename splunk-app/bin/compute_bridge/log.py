"""
The command's own log: $SPLUNK_HOME/var/log/splunk/compute_bridge.log, one line an event:

    2026-11-21T10:00:00.123Z level=INFO part=command event="part" sid="…" user="alice" run="…" rows="3" seconds="0.012"

Never a secret and never rows: what is logged is named where it is logged. A log that cannot be written ends no search.
"""

from __future__ import annotations

import os
import time

_FILE_BYTES = 10 * 1024 * 1024
_OLD_FILES = 3
_VALUE_CHARACTERS = 8000


class Log:
    """
    :param home: SPLUNK_HOME; empty: nothing is logged
    :ivar facts: what stands on each line, such as sid and user
    """

    def __init__(self, home: str) -> None:
        self._path = os.path.join(home, "var", "log", "splunk", "compute_bridge.log") if home else ""
        self.facts: dict[str, object] = {}

    def debug(self, event: str, **values: object) -> None:
        self._write("DEBUG", event, values)

    def info(self, event: str, **values: object) -> None:
        self._write("INFO", event, values)

    def error(self, event: str, **values: object) -> None:
        self._write("ERROR", event, values)

    def _write(self, level: str, event: str, values: dict[str, object]) -> None:
        if not self._path:
            return
        now = time.time()
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)
        pairs = {"event": event, **self.facts, "pid": os.getpid(), **values}
        text = " ".join('%s="%s"' % (name, _one_line(value)) for name, value in pairs.items() if value is not None)
        line = "%s level=%s part=command %s\n" % (at, level, text)
        try:
            # One write to the end of the file: lines of several searches do not mix.
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line.encode("utf-8", "replace"))
                is_full = os.fstat(file).st_size > _FILE_BYTES
                if is_full:
                    self._rotate(file)
            finally:
                os.close(file)
        except OSError:
            pass

    def _rotate(self, file: int) -> None:
        """By one process alone: who has the lock looks whether the full file still has this name."""
        try:
            import fcntl
        except ImportError:  # Windows renames no open file.
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.stat(self._path).st_ino != os.fstat(file).st_ino:
            return
        for number in range(_OLD_FILES, 0, -1):
            older = self._path if number == 1 else "%s.%d" % (self._path, number - 1)
            if os.path.exists(older):
                os.replace(older, "%s.%d" % (self._path, number))


def _one_line(value: object) -> str:
    if isinstance(value, float):
        value = "%.3f" % value
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return " ".join(text.split())[:_VALUE_CHARACTERS]
