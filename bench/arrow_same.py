"""Whether an Arrow stream holds the columns and values of a CSV: `arrow_same.py ANSWER CSV`. Prints what differs, or nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa


def difference(answer: Path, right: Path) -> str:
    """Why the two are not the same; empty when they are."""
    try:
        with pa.ipc.open_stream(pa.memory_map(str(answer))) as stream:
            frame = stream.read_all().to_pandas()
        pd.testing.assert_frame_equal(frame, pd.read_csv(right, float_precision="round_trip"), check_exact=True)
    except (AssertionError, pa.ArrowInvalid, OSError) as error:
        return str(error).replace("\n", " ")
    return ""


if __name__ == "__main__":
    print(difference(Path(sys.argv[1]), Path(sys.argv[2])))
