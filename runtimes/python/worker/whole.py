"""Which numbers the types of whole ones hold."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LEAST = {"int64": -(2**63), "uint64": 0}
MOST = {"int64": 2**63 - 1, "uint64": 2**64 - 1}


def is_decimal(values: Array, kind: str) -> Array:
    """Which floats a column of a whole type cannot hold; missing ones are not among them."""
    return is_surely_decimal(values, kind) | (values == float(MOST[kind]))


def is_surely_decimal(values: Array, kind: str) -> Array:
    """The same of floats that were read of text, in which the largest number of the type may have been: the float next to it is the first beyond."""
    # The type's largest number as a float is one more.
    least, beyond = float(LEAST[kind]), float(MOST[kind])
    return (values != np.trunc(values)) & ~np.isnan(values) | (values < least) | (values > beyond)


def whole_numbers(texts: Iterable[str | None], kind: str) -> tuple[list[int | None], int]:
    """The numbers of these texts that a whole type can hold, however they are written (`5.0`, `1e18`), and how many others there are."""
    numbers: list[int | None] = []
    unfit = 0
    for text in texts:
        number = None if text is None else _whole_number(text, kind)
        numbers.append(number)
        unfit += number is None and text is not None
    return numbers, unfit


def _whole_number(text: str, kind: str) -> int | None:
    try:
        number = Decimal(text)
        # Only then an int: of `1e999999999` there is none that ends.
        if LEAST[kind] <= number <= MOST[kind] and number == int(number):
            return int(number)
    except InvalidOperation:  # no number to compare, or of an exponent beyond all
        pass
    return None
