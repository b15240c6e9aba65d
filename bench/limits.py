"""What the same work costs in one process, without any server: `limits.py FOLDER CALLS`. Prints JSON.

For each measure (bench/measures.ts) a limit's name and its figures: one-row work in ms, a million rows in seconds.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from algorithm_files import fitted

WARM_UP = 50
BLOCK_ROWS_BYTES = 64_000 * 41
NAMES = ["a", "b", "c", "d"]


def small(work: Callable[[str], str], bodies: list[dict[str, object]], calls: int) -> dict[str, float]:
    """p50 and p99 of one call, in ms."""
    took = []
    for number in range(WARM_UP + calls):
        body = str(bodies[number % len(bodies)]["rows"])
        began = time.perf_counter()
        work(body)
        took.append((time.perf_counter() - began) * 1000)
    p50, p99 = np.percentile(took[WARM_UP:], [50, 99])
    return {"p50 ms": float(p50), "p99 ms": float(p99)}


def large(work: Callable[[bytes], bytes], data: bytes) -> dict[str, float]:
    """Seconds of one call."""
    began = time.perf_counter()
    work(data)
    return {"seconds": time.perf_counter() - began}


def main(folder: Path, calls: int) -> None:
    """Measure all once."""
    bodies = json.loads((folder / "bodies.json").read_text())
    data = (folder / "large.csv").read_bytes()
    train = folder / "train-a.csv"
    (lr, lr_model), (rf, rf_model) = fitted("lr", train), fitted("rf", train)

    def by_pandas(text: str) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(text))

    def by_hand(text: str) -> pd.DataFrame:
        _, *lines = text.splitlines()
        return pd.DataFrame(np.array([line.split(",") for line in lines], dtype=float), columns=NAMES)

    def predictions(frame: pd.DataFrame) -> str:
        return "predicted\n" + "\n".join(map(str, lr.apply(lr_model, frame, {})["predicted"].tolist())) + "\n"

    def whole(bytes_in: bytes) -> bytes:
        frame = csv.read_csv(pa.py_buffer(bytes_in)).to_pandas()
        return predictions(frame).encode()

    def blocks(bytes_in: bytes) -> bytes:
        reader = csv.open_csv(pa.py_buffer(bytes_in), csv.ReadOptions(block_size=BLOCK_ROWS_BYTES))
        return b"".join(predictions(batch.to_pandas()).encode() for batch in reader)

    def echo(bytes_in: bytes) -> bytes:
        sink = io.BytesIO()
        csv.write_csv(csv.read_csv(pa.py_buffer(bytes_in)), sink)
        return sink.getvalue()

    def whole_pandas(bytes_in: bytes) -> bytes:
        return lr.apply(lr_model, pd.read_csv(io.BytesIO(bytes_in)), {}).to_csv(index=False).encode()

    one, hundred = bodies["1"], bodies["100"]
    limits = {
        "one-trivial": {
            "pandas read_csv + to_csv": small(lambda text: by_pandas(text).to_csv(index=False), one, calls),
            "split + float + DataFrame": small(lambda text: str(len(by_hand(text))), one, calls),
        },
        "one-lr": {
            "the same code in process": small(lambda text: lr.apply(lr_model, by_pandas(text), {}).to_csv(index=False), one, calls),
            "split + float + DataFrame, predict": small(lambda text: predictions(by_hand(text)), one, calls),
        },
        "one-rf": {"the same code in process": small(lambda text: rf.apply(rf_model, by_pandas(text), {}).to_csv(index=False), one, calls // 10)},
        "hundred-lr": {"the same code in process": small(lambda text: lr.apply(lr_model, by_pandas(text), {}).to_csv(index=False), hundred, calls)},
        "large-lr": {
            "pandas read_csv, predict, to_csv": large(whole_pandas, data),
            "pyarrow whole": large(whole, data),
            "pyarrow in blocks of 64k rows": large(blocks, data),
        },
        "large-echo": {
            "pandas read_csv + to_csv": large(lambda bytes_in: pd.read_csv(io.BytesIO(bytes_in)).to_csv(index=False).encode(), data),
            "pyarrow": large(echo, data),
        },
    }
    print(json.dumps(limits))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
