"""Calls that need no module: staging rows for notebooks, and looking whether rows can be read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

import pandas as pd


def stage(frame: pd.DataFrame, param: str, where: Mapping[str, str]) -> None:
    """Write the frame as notebooks read it (CSV, `index=False`), the call's param, and a typed copy. Durable on return."""
    frame.to_csv(where["csv"], index=False)
    with open(where["json"], "w", encoding="utf-8") as file:
        json.dump(json.loads(param), file)
    try:
        frame.to_parquet(where["parquet"], index=False)
    except Exception:
        # Columns of mixed values have no type; the CSV is what notebooks read.
        frame.astype({name: str for name in frame.columns[frame.dtypes == object]}).to_parquet(where["parquet"], index=False)
    for path in where.values():
        with open(path, "rb") as file:
            os.fsync(file.fileno())
