"""The measured algorithms behind Ray Serve, in the form of its documentation: a deployment that is called with the request.

`server.py PORT TRAIN_CSV FOLDER`. Each algorithm is an application with a path of its own. Rows come and go as JSON by column.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import ray
from ray import serve
from starlette.requests import Request

BENCH = Path(__file__).parents[2]


@serve.deployment
class Algorithm:
    """One algorithm and its model."""

    def __init__(self, name: str, train: str) -> None:
        sys.path.insert(0, str(BENCH))
        from algorithm_files import fitted

        self.algorithm, self.model = fitted(name, Path(train))

    async def __call__(self, request: Request) -> dict[str, Any]:
        """What notebooks' apply does."""
        frame = pd.DataFrame(await request.json())
        return self.algorithm.apply(self.model, frame, {}).to_dict("list")


if __name__ == "__main__":
    port, train, folder = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # A replica asks for a core of its own; they share what there is, as all sides do.
    ray.init(num_cpus=8, include_dashboard=False, _temp_dir=folder)
    serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
    try:
        for name in ("trivial", "lr", "rf"):
            serve.run(Algorithm.bind(name, train), name=name, route_prefix=f"/{name}")
        signal.pause()
    finally:
        ray.shutdown()
