"""How far splunkd says that the search is: status.csv in its dispatch folder."""

from __future__ import annotations

import os


def is_finalized(folder: str) -> bool:
    """
    Whether the user stopped the search to keep what there is. A search that ends by itself may show the state
    FINALIZING, too; the column `finalized` then says 0. False where the file says nothing.
    """
    try:
        with open(os.path.join(folder, "status.csv"), encoding="utf-8", errors="replace", newline="") as file:
            text = file.read(64 * 1024)
    except OSError:
        return False
    if "FINALIZING" not in text:
        return False
    import csv
    import io

    status = next(csv.DictReader(io.StringIO(text, newline="")), {})
    return status.get("state") == "FINALIZING" and status.get("finalized") not in ("0", "false")
