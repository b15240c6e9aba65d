"""Writes the demo's rows: the breast cancer data set that ships with scikit-learn, 569 rows with a diagnosis.

Usage: rows.py FOLDER. Writes all.csv, and its rows split into train.csv and test.csv (every fourth row), the same each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def main(folder: Path) -> None:
    """Names the columns as a search would (no spaces) and spells the label out."""
    loaded = load_breast_cancer(as_frame=True)
    rows = loaded.data.rename(columns=lambda name: name.replace(" ", "_"))
    rows["diagnosis"] = [str(loaded.target_names[each]) for each in loaded.target]
    is_test = rows.index % 4 == 3
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("all", rows), ("train", rows[~is_test]), ("test", rows[is_test])):
        part.to_csv(folder / f"{name}.csv", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
