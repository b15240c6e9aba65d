"""The measured algorithms as Python modules, for sides and scripts that are no bridge."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

FOLDER = Path(__file__).parent / "algorithms"


def module(name: str) -> ModuleType:
    """One of `algorithms/`, freshly imported."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def fitted(name: str, train: Path) -> tuple[ModuleType, Any]:
    """The algorithm and a model of the training rows. Every side fits the same rows, so all models are alike."""
    algorithm, rows = module(name), pd.read_csv(train)
    model = algorithm.init(rows, {})
    algorithm.fit(model, rows, {})
    return algorithm, model
