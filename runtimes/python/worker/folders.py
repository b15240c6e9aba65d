"""The folder that the code works in: its notebook's, as in the kernel, so that what it reads by relative paths is the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence


class WorkingFolder:
    """The first of some folders that can be entered."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders
        self._first = ""

    def enter(self) -> None:
        """Go there, wherever the code went before."""
        if self._is_there():
            return
        for number, folder in enumerate(self._folders):
            with contextlib.suppress(OSError):
                os.chdir(folder)
                self._first = os.getcwd() if number == 0 else ""
                return

    def _is_there(self) -> bool:
        """Whether nobody went anywhere. The system answers for the folder that one is in: not when another, or another mount, took its
        place or it is gone. A link that leads elsewhere now shows in the folder that it means."""
        try:
            return os.getcwd() == self._first and os.path.samestat(os.stat("."), os.stat(self._folders[0]))
        except OSError:
            return False
