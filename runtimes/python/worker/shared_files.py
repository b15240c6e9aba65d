"""The files of a shared folder, visible in a call's own folder by links that are relative: both may move together.

A few are linked before the call. Of many, only those that the code looks at, when it looks: through Python's own functions,
or by a command that names the folder. Library code that opens files by itself finds those that Python was asked about before.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

EAGER_ENTRIES = 256
# File systems count time in steps of up to two seconds: a folder that changed a moment ago may change and keep its time.
TICK_NS = 2_000_000_000
KEPT_FOLDERS = 64

# Events of Python's audit hooks whose first argument is a path that the code is about to use, or the folder that it lists.
ONE_FILE = frozenset({"open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "sqlite3.connect", "ctypes.dlopen"})
TWO_FILES = frozenset({"os.rename", "os.link", "os.symlink"})
ONE_FOLDER = frozenset({"os.listdir", "os.scandir", "os.chdir"})
COMMANDS = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"})
HEARD = ONE_FILE | TWO_FILES | ONE_FOLDER | COMMANDS


# By thread: others go on meanwhile.
OWN = threading.local()


class quietly:
    """What is done with files meanwhile is the worker's own doing, and shows nothing."""

    def __enter__(self) -> None:
        OWN.is_quiet = True

    def __exit__(self, *_: object) -> None:
        OWN.is_quiet = False


def is_quiet() -> bool:
    return getattr(OWN, "is_quiet", False)


class Shown(NamedTuple):
    """A folder in which all that is shared is visible."""

    # The shared folder as it was asked for, as it is, and how the links lead there.
    asked: str
    shared: str
    way: str
    # The folders that were looked through, with the times of each one's last change.
    seen: dict[str, tuple[int, int]]

    def is_still(self, asked: str) -> bool:
        """Whether all is as it was left, so that nothing new can be there to show."""
        try:
            for path, at in self.seen.items():
                found = os.stat(path)
                if (found.st_mtime_ns, found.st_ctime_ns) != at:
                    return False
        except OSError:
            return False
        return asked == self.asked


class SharedFiles:
    """What of a shared folder is visible in the folder that `link` points to."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._folder = ""
        self._shared = ""
        self._way = ""
        self._hidden: set[str] = set()
        self._is_lazy = False
        # Folders in which all is visible, by path: callers ask for several models in turns.
        self._shown: dict[str, Shown] = {}
        # Libraries cause many an event. A method as the hook would take three times as long: Python asks it for an attribute that it lacks each time.
        sys.addaudithook(lambda event, args: self._heard(event, args) if event in HEARD else None)

    def show(self, folder: str, shared: str) -> None:
        """Begin a call: make `shared` visible in `folder`, which may be the same."""
        shown = self._shown.get(folder)
        if shown is not None and shown.is_still(shared):
            if folder != self._folder:
                self._folder, self._shared, self._way, self._is_lazy = folder, shown.shared, shown.way, False
                self._hidden.clear()
            return
        self._shown.pop(folder, None)
        self._folder, self._is_lazy = "", False
        self._hidden.clear()
        if folder == shared:
            return
        self._shared = os.path.realpath(shared)
        began = time.time_ns()
        self._way = os.path.relpath(self._shared, os.path.realpath(folder))
        found = list(itertools.islice(entries(self._shared), EAGER_ENTRIES + 1))
        self._folder = folder
        if len(found) > EAGER_ENTRIES:
            self._is_lazy = True
            look_again(self._look)
            return
        with quietly():
            for name in found:
                self._link_kept(name)
            self._remember(shared, began, found)

    def _remember(self, asked: str, began: int, names: Sequence[str]) -> None:
        folders = ["", *(name for name in names if os.path.isdir(f"{self._shared}/{name}"))]
        paths = [os.path.join(base, name) for base in (self._shared, self._folder) for name in folders]
        with contextlib.suppress(OSError):  # others may remove what is shared at any time
            seen = {path: changed(path) for path in paths}
            if all(began - max(at) > TICK_NS for at in seen.values()):
                if len(self._shown) >= KEPT_FOLDERS:
                    del self._shown[next(iter(self._shown))]
                self._shown[self._folder] = Shown(asked, self._shared, self._way, seen)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        """The code is about to do something. Never raises: the code's own call says what is wrong with it."""
        if not self._folder or is_quiet():
            return
        with quietly(), contextlib.suppress(OSError):
            if event in COMMANDS:
                if self._is_lazy and any(self._link in str(arg) or self._folder in str(arg) for arg in args):
                    self._link_all("", deep=True)
                return
            if self._is_lazy and event in TWO_FILES:
                self._link_one(self._name_of(args[1]) or "")
            name = self._name_of(args[0])
            if name is None:
                return
            if self._is_lazy:
                self._link_one(name)
                if event in ONE_FOLDER:
                    self._link_all(name)
            if event == "os.remove":
                self._hidden.add(name)
            if event == "os.rename" or (event == "open" and writes(*args[1:])):
                self._make_own(os.fsdecode(args[0]), is_kept=event == "os.rename" or not truncates(*args[1:]))

    def _look(self, path: Any) -> bool:
        """Whether something may be there that was not there before."""
        if not self._is_lazy or is_quiet():
            return False
        with quietly(), contextlib.suppress(OSError):
            name = self._name_of(path)
            return name is not None and self._link_one(name)
        return False

    def _name_of(self, path: Any) -> str | None:
        """The path within the folder, "" for the folder itself; None: it is elsewhere, or nothing of ours."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        text = os.path.normpath(os.fsdecode(path))
        for base in (self._link, self._folder):
            if text == base:
                return ""
            if text.startswith(f"{base}/"):
                return text[len(base) + 1 :]
        return None

    def _link_one(self, name: str) -> bool:
        """Show one shared file, and the folders above it: folders are the call's own, files are links."""
        is_new = False
        parts = name.split("/") if name else []
        if any(part.startswith(".") for part in parts):
            return False
        for depth in range(1, len(parts) + 1):
            part = "/".join(parts[:depth])
            here, there = f"{self._folder}/{part}", f"{self._shared}/{part}"
            if part in self._hidden or (os.path.lexists(here) and not is_astray(here)):
                continue
            if os.path.isdir(there):
                os.makedirs(here, exist_ok=True)
            elif os.path.lexists(there):
                if os.path.islink(here):
                    os.unlink(here)
                os.symlink("/".join([*[".."] * (depth - 1), self._way, part]), here)
            else:
                return is_new
            is_new = True
        return is_new

    def _link_kept(self, name: str) -> None:
        """Show one of several, if it can be: an own file may stand where a folder is shared, and what is shared may be gone."""
        with contextlib.suppress(OSError):
            self._link_one(name)

    def _link_all(self, name: str, deep: bool = False) -> None:
        """Show what a shared folder holds."""
        folder = f"{self._shared}/{name}" if name else self._shared
        if not os.path.isdir(folder):
            return
        for each in entries(folder) if deep else [each for each in os.listdir(folder) if not each.startswith(".")]:
            self._link_kept(f"{name}/{each}" if name else each)

    def _make_own(self, path: str, is_kept: bool) -> None:
        """Writing to a shared file through its link would change it for all: the link becomes a file of the call's own."""
        if not os.path.islink(path):
            return
        target = os.path.realpath(path)
        if not target.startswith(os.path.join(self._shared, "")):
            return
        os.unlink(path)
        if is_kept and os.path.isfile(target):
            shutil.copyfile(target, path)


def entries(folder: str) -> Iterator[str]:
    """Files and folders below a folder, a folder before what it holds; no dot names, nor what cannot be listed."""
    waiting = [""]
    while waiting:
        base = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(os.path.join(folder, base)) as found:
            for entry in found:
                if entry.name.startswith("."):
                    continue
                name = os.path.join(base, entry.name)
                yield name
                if entry.is_dir():
                    waiting.append(name)


def changed(path: str) -> tuple[int, int]:
    """When a folder changed last. Its first time can be set back, the second cannot."""
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ctime_ns


def writes(mode: str | None, flags: int) -> bool:
    """Whether a file that is opened so can be changed."""
    return bool(flags & (os.O_WRONLY | os.O_RDWR) or (mode and set(mode) & set("wax+")))


def truncates(mode: str | None, flags: int) -> bool:
    """Whether nothing of what the file held is kept."""
    return bool(flags & os.O_TRUNC or (mode and "w" in mode))


def is_astray(path: str) -> bool:
    """Whether it is a link to nothing, as one that an earlier release made is in a home that was moved."""
    return os.path.islink(path) and not os.path.exists(path)


looking: list[Callable[[Any], bool]] = []


def look_again(look: Callable[[Any], bool]) -> None:
    """Let looking for a file that is missing ask `look`, and look again: no audit hook hears of it."""
    is_first = not looking
    looking[:] = [look]
    if not is_first:
        return
    for name in ("stat", "lstat", "readlink"):
        replace(name, functools.partial(asking, getattr(os, name)))
    access = os.access

    def asking_access(path: Any, *args: Any, **options: Any) -> bool:
        return access(path, *args, **options) or (looking[0](path) and access(path, *args, **options))

    replace("access", asking_access)


def asking(function: Callable[..., Any], path: Any, *args: Any, **options: Any) -> Any:
    """Call a function of `os`; where it finds nothing, again if there is something now."""
    try:
        return function(path, *args, **options)
    except FileNotFoundError:
        if not looking[0](path):
            raise
        return function(path, *args, **options)


def replace(name: str, function: Callable[..., Any]) -> None:
    """Put a function in the place of one of `os`, also where it is listed by what it can do."""
    original = getattr(os, name)
    wrapped = functools.wraps(original)(lambda *args, **options: function(*args, **options))
    for able in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if original in able:
            able.add(wrapped)
    setattr(os, name, wrapped)
