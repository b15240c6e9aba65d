"""Writes the rows that are sent and the answers that are right: `rows.py FOLDER LARGE_ROWS`.

train-a.csv and train-b.csv make two models whose labels have no value in common: an answer by the wrong model shows.
Numbers have seven decimals at most, so that every correct reader and writer gives their text back unchanged.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from algorithm_files import fitted

TRAIN_ROWS = 2000
LABELS = {"a": (11, 22), "b": (33, 44)}
FEATURES = ["a", "b", "c", "d"]
ARROW_ROWS = 64_000
# Bodies of a size: enough that neighbours differ, few enough to hold.
BODIES = {1: 64, 100: 16}


def table(random: np.random.Generator, rows: int) -> pd.DataFrame:
    """Rows of four floats."""
    return pd.DataFrame(random.normal(size=(rows, len(FEATURES))).round(7), columns=FEATURES)


def main(folder: Path, large_rows: int) -> None:
    """Write all files."""
    random = np.random.default_rng(7)
    train = table(random, TRAIN_ROWS)
    score = train @ [1.0, -2.0, 0.5, 0.25] + random.normal(size=TRAIN_ROWS)
    for name, (low, high) in LABELS.items():
        train.assign(label=np.where(score > 0, high, low)).to_csv(folder / f"train-{name}.csv", index=False)
    models = {(kind, name): fitted(kind, folder / f"train-{name}.csv") for kind in ("lr", "rf", "mark") for name in LABELS}

    def expected(frame: pd.DataFrame, kind: str, name: str) -> str:
        algorithm, model = models[kind, name]
        return str(algorithm.apply(model, frame, {}).to_csv(index=False))

    bodies = {}
    for rows, count in BODIES.items():
        frames = [table(random, rows) for _ in range(count)]
        bodies[str(rows)] = [
            {
                "rows": frame.to_csv(index=False),
                "predicted": {f"{kind}/{name}": expected(frame, kind, name) for kind, name in models},
            }
            for frame in frames
        ]
    (folder / "bodies.json").write_text(json.dumps(bodies))
    large = table(random, large_rows)
    large.to_csv(folder / "large.csv", index=False)
    rows = pa.Table.from_pandas(large, preserve_index=False)
    with pa.ipc.new_stream(folder / "large.arrow", rows.schema) as stream:
        stream.write_table(rows, max_chunksize=ARROW_ROWS)
    (folder / "large-predicted.csv").write_text(expected(large, "lr", "a"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
