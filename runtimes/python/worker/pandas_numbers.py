"""Decimal numbers as `pandas.read_csv` reads them, whose last digit is not always the nearest.

It adds up 17 digits in floats and scales once by a power of ten. The same here, operation by operation.
"""

from __future__ import annotations

import platform
import re

NUMBER = re.compile(r"(-?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")
DIGITS = 17
# Sums of so many digits are exact.
EXACT_DIGITS = 15
WHOLE_DIGITS = 18
# Beyond, pandas may make text of the whole column.
MOST_WHOLE_DIGITS = 19
MOST_EXPONENT = 290
# Elsewhere compilers may join a product and a sum, which rounds once instead of twice.
IS_KNOWN = platform.machine() in ("x86_64", "AMD64")


def float_as_pandas(text: str) -> float:
    """The number. ValueError for what is none, or is read in other ways, as more than 18 digits of a whole number may be."""
    found = NUMBER.fullmatch(text)
    if not found or not IS_KNOWN:
        raise ValueError(text)
    sign, whole, part, exponent = found.groups("")
    if not whole + part or len(whole) > MOST_WHOLE_DIGITS or (len(whole) > WHOLE_DIGITS and not part and not exponent):
        raise ValueError(text)
    used = (whole + part)[:DIGITS]
    number = float(int(used[:EXACT_DIGITS]))
    for digit in used[EXACT_DIGITS:]:
        number = number * 10.0 + int(digit)
    # Digits of the whole part that were not used count, those of the fraction do not.
    power = len(whole) - len(used) + int(exponent or 0)
    if abs(power) > MOST_EXPONENT:
        raise ValueError(text)
    number = number * float(f"1e{power}") if power > 0 else number / float(f"1e{-power}")
    return -number if sign else number
