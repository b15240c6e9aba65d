"""Loaded models, kept in memory under a byte budget; and the folder that `/srv/app/model/data` is during a call."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

from .shared_files import SharedFiles, quietly

BUDGET_BYTES = 2 << 30
BUDGET_MODELS = 64


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
        with quietly():
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
        self._files = SharedFiles(link)

    def point(self, folder: str, shared: str) -> None:
        """Make the link mean `folder`, in which the files of `shared` are visible."""
        self._files.show(folder, shared)
        if folder == self._at:
            return
        beside = f"{self._link}.new"
        os.symlink(folder, beside)
        os.replace(beside, self._link)
        self._at = folder
