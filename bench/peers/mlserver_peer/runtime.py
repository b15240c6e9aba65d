"""The measured algorithms behind MLServer, in the form of its documentation: a custom runtime that is handed a data frame.

A model's settings name the algorithm and the training rows; requests and answers are the open inference protocol's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
from mlserver import MLModel
from mlserver.codecs import PandasCodec
from mlserver.types import InferenceRequest, InferenceResponse

sys.path.insert(0, str(Path(__file__).parents[2]))

from algorithm_files import fitted


class Algorithm(MLModel):
    """One algorithm and its model."""

    async def load(self) -> bool:
        """Once, in the worker process."""
        self.algorithm, self.model = fitted(self.settings.parameters.extra["algorithm"], Path(self.settings.parameters.uri))
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """What notebooks' apply does."""
        frame: pd.DataFrame = self.decode_request(payload, default_codec=PandasCodec)
        return PandasCodec.encode_response(self.name, self.algorithm.apply(self.model, frame, {}))
