"""The folder that `/srv/app/model/data` is during a call."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
from os import readlink  # before shared_files puts its own there

from .shared_files import SharedFiles, quietly

AT_WORKING_FOLDER = -100
EXCHANGE = 2
# Links to so many folders are kept.
MOST_READY = 64


class DataFolder:
    """A link at a fixed place, which code names instead of `/srv/app/model/data`; each call points it at its folder.

    Callers ask for several models in turns: links to their folders lie ready beside it, and change places with it.
    """

    def __init__(self, link: str) -> None:
        self._link = link
        self._at = ""
        self._files = SharedFiles(link)
        # By folder, the one used last at the end. Whoever clears up after the worker removes the folder that they lie in.
        self._ready: dict[str, str] = {}
        self._beside = f"{link}.ready"
        self._numbers = itertools.count()

    def point(self, folder: str, shared: str) -> None:
        """Make the link mean `folder`, in which the files of `shared` are visible."""
        self._files.show(folder, shared)
        if folder == self._at:
            return
        ready = self._ready.pop(folder, None)
        # Those that lie ready may be gone: some systems clear their temporary folders by age.
        if ready is not None and exchanged(ready, self._link):
            self._keep(ready)
        else:
            with quietly():
                ready = self._made(folder)
                if self._at and exchanged(ready, self._link):
                    self._keep(ready)
                else:
                    os.replace(ready, self._link)
        self._at = folder

    def _keep(self, path: str) -> None:
        """What was at the link's place until now lies at `path`: the code may have put something else there."""
        if is_link_to(path, self._at):
            self._ready[self._at] = path
        else:
            with quietly(), contextlib.suppress(OSError):
                os.unlink(path)

    def _made(self, folder: str) -> str:
        if len(self._ready) < MOST_READY:
            path = f"{self._beside}/{next(self._numbers)}"
        else:
            path = self._ready.pop(next(iter(self._ready)))
            with contextlib.suppress(OSError):
                os.unlink(path)
        os.makedirs(self._beside, exist_ok=True)
        os.symlink(folder, path)
        return path


def is_link_to(path: str, folder: str) -> bool:
    """Whether it is a link, and leads there."""
    try:
        return readlink(path) == folder
    except OSError:
        return False


# Without Python's audit hooks, which are not to hear of it: shared_files.py.
_rename = getattr(ctypes.CDLL(None), "renameat2", None)


def exchanged(one: str, other: str) -> bool:
    """Let two files change places at once; False where the system or the file system cannot."""
    if _rename is None:
        return False
    return bool(_rename(AT_WORKING_FOLDER, os.fsencode(one), AT_WORKING_FOLDER, os.fsencode(other), EXCHANGE) == 0)
