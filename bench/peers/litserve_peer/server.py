"""The measured algorithms behind LitServe, in the form of its documentation: one LitAPI with setup, decode, predict and encode.

`server.py PORT TRAIN_CSV`. Each algorithm has a path of its own. Rows come and go as CSV in JSON, as at the other sides.
LIT_SERVER_API_KEY in the environment is the key that calls need.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import litserve as ls
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2]))

from algorithm_files import fitted


class Algorithm(ls.LitAPI):
    """One algorithm and its model."""

    def __init__(self, name: str, train: Path) -> None:
        super().__init__(api_path=f"/{name}")
        self.name, self.train = name, train

    def setup(self, device: str) -> None:
        """Once, in the worker process."""
        self.algorithm, self.model = fitted(self.name, self.train)

    def decode_request(self, request) -> pd.DataFrame:  # type: ignore[no-untyped-def]  # a type would change how LitServe reads the body
        """Rows by pandas' rules."""
        return pd.read_csv(io.StringIO(request["data"]))

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What notebooks' apply does."""
        return self.algorithm.apply(self.model, frame, {})

    def encode_response(self, output: pd.DataFrame) -> dict[str, str]:
        """CSV again."""
        return {"results": output.to_csv(index=False)}


if __name__ == "__main__":
    train = Path(sys.argv[2])
    server = ls.LitServer([Algorithm(name, train) for name in ("trivial", "lr", "rf")], accelerator="cpu", timeout=False)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False)
