"""The folder that the code works in: its notebook's, as in the kernel, so that what it reads by relative paths is the same."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence


class WorkingFolder:
    """The first of some folders that can be entered."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = folders

    def enter(self) -> None:
        """Go there, wherever the code went before."""
        if self._is_there():
            return
        for folder in self._folders:
            with contextlib.suppress(OSError):
                os.chdir(folder)
                return

    def _is_there(self) -> bool:
        """Whether the first is where one is: not when the code went elsewhere, nor when another folder, or link, took its place."""
        try:
            return os.path.samestat(os.stat("."), os.stat(self._folders[0]))
        except OSError:
            return False
