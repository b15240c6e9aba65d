"""Loaded models, kept in memory under a byte budget; and the folder that `/srv/app/model/data` is during a call."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

BUDGET_BYTES = 2 << 30
BUDGET_MODELS = 64
LINKED_ENTRIES = 2000


class Models:
    """Models by key, the one used last at the end. Size is the size of its files: what it takes in memory is alike."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def find(self, key: str | None) -> tuple[Any] | None:
        """The model in a tuple (it may be None itself), or None."""
        if key is None or key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return (self._kept[key][0],)

    def keep(self, key: str | None, model: Any, folder: str) -> None:
        """Keep a loaded model, dropping those not used for longest when it gets too much."""
        if key is None:
            return
        size = sum(entry.stat().st_size for entry in Path(folder).rglob("*") if entry.is_file() and not entry.is_symlink())
        self._kept[key] = (model, size)
        self._bytes += size
        while len(self._kept) > 1 and (self._bytes > BUDGET_BYTES or len(self._kept) > BUDGET_MODELS):
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed


class DataFolder:
    """A link at a fixed place, which code names instead of `/srv/app/model/data`; each call points it at its folder."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._at = ""
        self._shared = ""
        sys.addaudithook(self._unlink_before_write)

    def point(self, folder: str, shared: str) -> None:
        """Make the link mean `folder`, in which the files of `shared` are visible."""
        if folder != shared:
            show(shared, folder)
        self._shared = os.path.realpath(shared)
        if folder == self._at:
            return
        beside = f"{self._link}.new"
        os.symlink(folder, beside)
        os.replace(beside, self._link)
        self._at = folder

    def _unlink_before_write(self, event: str, args: tuple[Any, ...]) -> None:
        """Writing to a shared file through its link would change it for all: the link becomes a file of the call's own."""
        if event != "open" or not self._at:
            return
        path, mode, flags = args
        if not isinstance(path, (str, bytes)) or not (flags & (os.O_WRONLY | os.O_RDWR) or (mode and set(mode) & set("wax+"))):
            return
        path = os.fsdecode(path)
        if not path.startswith((self._link, self._at)) or not os.path.islink(path):
            return
        target = os.path.realpath(path)
        if not target.startswith(os.path.join(self._shared, "")):
            return
        os.unlink(path)
        if not (flags & os.O_TRUNC or (mode and "w" in mode)) and os.path.isfile(target):
            import shutil

            shutil.copyfile(target, path)


def show(shared: str, folder: str) -> None:
    """Make the files of `shared` visible in `folder`: real folders, linked files; a folder with very many is one link."""
    for entry in os.scandir(shared):
        if entry.name.startswith("."):
            continue
        here = os.path.join(folder, entry.name)
        if os.path.lexists(here) and not (entry.is_dir() and os.path.isdir(here) and not os.path.islink(here)):
            continue
        if entry.is_dir() and sum(len(names) for _, _, names in os.walk(entry.path)) <= LINKED_ENTRIES:
            os.makedirs(here, exist_ok=True)
            show(entry.path, here)
        else:
            os.symlink(os.path.realpath(entry.path), here)
