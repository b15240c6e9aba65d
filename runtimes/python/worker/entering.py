"""What a load set that ends with its call otherwise: the working folder, and variables of its context, such as numpy's `seterr`."""

from __future__ import annotations

import os
from contextvars import Context, ContextVar, copy_context
from decimal import Context as Decimals
from typing import Any

from .folders import CHANGE


class Entering:
    """For calls with a model that was loaded so. Mostly nothing."""

    def __init__(self) -> None:
        """Before `load`."""
        self._before = copy_context()
        self._variables: list[tuple[ContextVar[Any], Any]] = []
        self._began = _folder()
        self._folder: bytes | None = None

    def loaded(self) -> bool:
        """After `load`, in the same context. Whether it set something."""
        self._variables = [(each, value) for each, value in copy_context().items() if _is_set(each, value, self._before)]
        now = _folder()
        self._folder = None if now == self._began else now
        return bool(self._variables) or self._folder is not None

    def run(self) -> None:
        """In a call's context and working folder."""
        for variable, value in self._variables:
            variable.set(value)
        if self._folder is not None:
            CHANGE(self._folder)


def _is_set(variable: ContextVar[Any], value: Any, before: Context) -> bool:
    # decimal makes a context for whoever asks, which is put back by itself.
    return not isinstance(value, Decimals) and not (variable in before and before[variable] is value)


def _folder() -> bytes | None:
    try:
        return os.getcwdb()
    except OSError:  # it is gone
        return None
