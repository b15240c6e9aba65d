"""How far splunkd says that the search is: status.csv in its dispatch folder. Where the file says nothing, neither do we."""

from __future__ import annotations

import os
import time


def is_finalized(folder: str) -> bool:
    """
    Whether the user stopped the search to keep what there is. A search that ends by itself may show the state
    FINALIZING, too; the column `finalized` then says 0.
    """
    text = _text(folder)
    if "FINALIZING" not in text:  # Asked often: most times this is all.
        return False
    status = _row(text)
    return status.get("state") == "FINALIZING" and status.get("finalized") not in ("0", "false")


def seconds_left(folder: str) -> float | None:
    """Until splunkd ends the search by its max_time; None: it has no such limit, or it is not known."""
    status = _row(_text(folder))
    try:
        start, limit = float(status["start"]), float(status["max_time"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(1.0, start + limit - time.time()) if limit > 0 else None


def _text(folder: str) -> str:
    try:
        with open(os.path.join(folder, "status.csv"), encoding="utf-8", errors="replace", newline="") as file:
            return file.read(64 * 1024)
    except OSError:
        return ""


def _row(text: str) -> dict:
    import csv
    import io

    try:
        return next(csv.DictReader(io.StringIO(text, newline="")), {})
    except csv.Error:
        return {}
