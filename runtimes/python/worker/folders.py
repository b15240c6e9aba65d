"""The folder that the code works in: its notebook's, as in the kernel, so that what it reads by relative paths is the same."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence

# Going there is quicker than asking whether one is there; os.chdir has its listeners called (shared_files.py), which takes longer than both.
CHANGE = ctypes.CDLL(None).chdir


class WorkingFolder:
    """The first of some folders that can be entered."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = [os.fsencode(folder) for folder in folders]

    def enter(self) -> None:
        """Go there, wherever the code went before, and whatever took the folder's place meanwhile."""
        for folder in self._folders:
            if CHANGE(folder) == 0:
                return
