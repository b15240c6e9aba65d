"""The trivial algorithm, which notes at what moments its worker reads, computes and sends; `summary` writes them to a file."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic_ns
from typing import Any

import pandas as pd
from compute_bridge_worker.frames import Wire  # type: ignore[import-not-found]

RECEIVE, SEND = Wire._received, Wire.send_together
# At the class and not at the top level, which is put back after each call.
Wire.moments = []  # type: ignore[attr-defined]


def received(self: Any, into: memoryview) -> int:
    """As the worker's own, and the moment at which the bridge's bytes were there."""
    self.moments.append(("worker waits", monotonic_ns()))
    count = RECEIVE(self, into)
    self.moments.append(("call received", monotonic_ns()))
    return count


def sent(self: Any, *frames: tuple[int, bytes]) -> None:
    """As the worker's own, and the moment at which the answer was ready."""
    self.moments.append(("results written as CSV", monotonic_ns()))
    SEND(self, *frames)


Wire._received, Wire.send_together = received, sent  # type: ignore[method-assign,assignment]


def apply(model: Any, df: pd.DataFrame, param: dict[str, Any]) -> pd.DataFrame:
    """The rows themselves."""
    Wire.moments.append(("rows read", monotonic_ns()))  # type: ignore[attr-defined]
    return df


def summary(model: Any = None) -> dict[str, Any]:
    """Writes all moments, in nanoseconds of the system's clock, to `moments.json` beside the notebook."""
    Path("moments.json").write_text(json.dumps(Wire.moments))  # type: ignore[attr-defined]
    return {"moments": len(Wire.moments)}  # type: ignore[attr-defined]
