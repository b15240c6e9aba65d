"""Runs checks of random data, each of which can be run again by itself."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable


def by_chance(*checks: Callable[[random.Random], None]) -> None:
    """Run each check as often as the command line says, from its seed (`MANY SEED`), and print `fine`. AssertionError: which one failed, and its number."""
    many, seed = map(int, sys.argv[1:])
    for check in checks:
        for number in range(many):
            try:
                check(random.Random(f"{seed} {number}"))
            except AssertionError as error:
                raise AssertionError(f"{check.__name__}, {seed} {number}: {error}") from None
    print("fine")
