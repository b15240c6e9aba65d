"""What a call ended in, so that two calls can be compared to the last bit: the answer or the error, and the warnings."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).resolve().parents[3] / "client" / "python"))


def outcome(work: Callable[[], Any]) -> tuple[Any, ...]:
    """Comparable by `==`."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            ended: Any = ("answer", shown(work()))
        except Exception as error:
            ended = ("error", type(error), str(error))
    return ended, sorted((each.category.__name__, str(each.message)) for each in told)


def shown(answer: Any) -> Any:
    """Type, shape, memory and bytes of an array; of other answers what they hold."""
    if isinstance(answer, np.ndarray):
        values = [(type(each), repr(each)) for each in answer.flat] if answer.dtype == object else answer.tobytes()
        # The stride of an axis of one is nobody's business.
        strides = [stride for stride, length in zip(answer.strides, answer.shape) if length > 1]
        return "array", str(answer.dtype), answer.shape, strides, values
    if isinstance(answer, list):
        return [shown(each) for each in answer]
    if hasattr(answer, "toarray"):
        return type(answer), shown(answer.toarray())
    if hasattr(answer, "columns"):
        return type(answer), list(answer.columns), [str(each) for each in answer.dtypes], shown(answer.to_numpy())
    return type(answer), repr(answer)
