"""What `functools.lru_cache` remembers in the code's modules, which may be what one model's files held: another model must not get it."""

from __future__ import annotations

import sys
from typing import Any

from .reachable import Cache, Reach
from .rewriting import RewritingLoader


class Caches:
    """Caches of functions and methods that the modules under `app` made. They are looked for once, and again when modules are added."""

    def __init__(self) -> None:
        self._found: list[Any] = []
        self._modules = 0

    def empty(self) -> None:
        """Forget all that they remember."""
        modules = list(RewritingLoader.imported)
        if len(modules) != self._modules:
            names = {module.__name__ for module in modules}
            self._found = [each.value for each in Reach(modules) if type(each.value) is Cache and not _is_library(each.value, names)]
            self._modules = len(modules)
        for each in self._found:
            Cache.cache_clear(each)


def _is_library(cache: Any, own: set[str]) -> bool:
    """Whether a library made it, and the code imported it by its name."""
    held = Cache.__dict__["__dict__"].__get__(cache)
    module, name = held.get("__module__"), held.get("__qualname__")
    if type(module) is not str or type(name) is not str or module in own:
        return False
    return vars(sys.modules.get(module, sys)).get(name) is cache
