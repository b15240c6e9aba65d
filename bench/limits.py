"""What the same work costs without any server: `limits.py FOLDER CALLS MEASURE`. Prints JSON.

The limits of a measure (bench/measures), by name, with their figures: one-row work in ms, or calls/s of a process a core, a million rows in seconds.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from algorithm_files import fitted

WARM_UP = 50
# Of a process a core, which all begin at once; so long each waits for the others, in seconds.
CORES_SECONDS = 2.0
MOST_WAITED = 60.0
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


def on_all_cores(work: Callable[[str], str], bodies: list[dict[str, object]]) -> dict[str, float]:
    """Calls a second of as many processes as there are cores, together. RuntimeError when one of them failed."""
    rows = [str(body["rows"]) for body in bodies]
    context = multiprocessing.get_context("fork")
    cores = joblib.cpu_count()
    together, counted = context.Barrier(cores), context.SimpleQueue()

    def count() -> None:
        for number in range(WARM_UP):
            work(rows[number % len(rows)])
        together.wait(MOST_WAITED)
        number, until = 0, time.perf_counter() + CORES_SECONDS
        while time.perf_counter() < until:
            work(rows[number % len(rows)])
            number += 1
        counted.put(number)

    processes = [context.Process(target=count) for _ in range(cores)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    if any(each.exitcode for each in processes):
        raise RuntimeError("a process that was to call beside others failed")
    return {"calls/s": sum(counted.get() for _ in processes) / CORES_SECONDS}


def large(work: Callable[[bytes], bytes], data: bytes) -> dict[str, float]:
    """Seconds of one call."""
    began = time.perf_counter()
    work(data)
    return {"seconds": time.perf_counter() - began}


def main(folder: Path, calls: int, measure: str) -> None:
    """Measure once what belongs to a measure."""
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

    def lr_alone(text: str) -> str:
        return lr.apply(lr_model, by_pandas(text), {}).to_csv(index=False)

    def rf_alone(text: str) -> str:
        return rf.apply(rf_model, by_pandas(text), {}).to_csv(index=False)

    one, hundred = bodies["1"], bodies["100"]
    limits: dict[str, dict[str, Callable[[], dict[str, float]]]] = {
        "one-trivial": {
            "pandas read_csv + to_csv": lambda: small(lambda text: by_pandas(text).to_csv(index=False), one, calls),
            "split + float + DataFrame": lambda: small(lambda text: str(len(by_hand(text))), one, calls),
        },
        "one-lr": {
            "the same code in process": lambda: small(lr_alone, one, calls),
            "split + float + DataFrame, predict": lambda: small(lambda text: predictions(by_hand(text)), one, calls),
        },
        "one-rf": {"the same code in process": lambda: small(rf_alone, one, calls // 10)},
        "hundred-lr": {"the same code in process": lambda: small(lr_alone, hundred, calls)},
        "flood-lr": {
            "the same code, a process a core": lambda: on_all_cores(lr_alone, one),
            "split + float + DataFrame, predict, a process a core": lambda: on_all_cores(lambda text: predictions(by_hand(text)), one),
        },
        "large-lr": {
            "pandas read_csv, predict, to_csv": lambda: large(whole_pandas, data),
            "pyarrow whole": lambda: large(whole, data),
            "pyarrow in blocks of 64k rows": lambda: large(blocks, data),
        },
        "large-echo": {
            "pandas read_csv + to_csv": lambda: large(lambda bytes_in: pd.read_csv(io.BytesIO(bytes_in)).to_csv(index=False).encode(), data),
            "pyarrow": lambda: large(echo, data),
        },
    }
    print(json.dumps({name: take() for name, take in limits.get(measure, {}).items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
