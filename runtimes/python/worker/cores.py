"""How much of the machine's processors this process may use at once: containers and services may be allowed less than they see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path


def cores(system: Path = Path("/")) -> float:
    """Cores that it may run on, or as much as the quotas of the control groups above it leave, if that is less (cgroups(7), both versions)."""
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(seen), *_quotas(system)])


def _quotas(system: Path) -> Iterator[float]:
    own = _text(system / "proc/self/cgroup")
    for folder in _above(system / "sys/fs/cgroup", re.search(r"^0::/(.*)$", own, re.MULTILINE)):
        yield from _quota(_text(folder / "cpu.max").split())
    for folder in _above(system / "sys/fs/cgroup/cpu", re.search(r"^\d+:(?:.*,)?cpu(?:,.*)?:/(.*)$", own, re.MULTILINE)):
        yield from _quota([_text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")])


def _above(root: Path, found: re.Match[str] | None) -> list[Path]:
    """The root's folder, and those on the way to the group's; in a container, whose groups have other names inside, the root is its own."""
    own = root / (found[1] if found else "")
    return [root, *(folder for folder in (own, *own.parents) if folder.is_relative_to(root) and folder != root)]


def _quota(said: list[str]) -> list[float]:
    # No number, or one below zero: there is none.
    return [int(said[0]) / int(said[1])] if len(said) == 2 and all(each.strip().isdigit() for each in said) and int(said[1]) > 0 else []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
