"""The measured algorithms behind BentoML, in the form of its documentation: a service whose calls take and give data frames.

TRAIN in the environment is the file of training rows.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bentoml
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from algorithm_files import fitted


@bentoml.service
class Algorithms:
    """All algorithms and their models."""

    def __init__(self) -> None:
        train = Path(os.environ["TRAIN"])
        self.fitted = {name: fitted(name, train) for name in ("trivial", "lr", "rf")}

    def _apply(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        algorithm, model = self.fitted[name]
        return algorithm.apply(model, frame, {})

    @bentoml.api
    def trivial(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows themselves."""
        return self._apply("trivial", frame)

    @bentoml.api
    def lr(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Scaler and logistic regression."""
        return self._apply("lr", frame)

    @bentoml.api
    def rf(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A forest."""
        return self._apply("rf", frame)
