"""Old paths in modules of `app.model`: rewritten as they are compiled, in workers and in notebooks' kernels."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import FileFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, ClassVar

from .paths import PathRewriter, may_hold_old_paths


class RewritingLoader(SourceFileLoader):
    """Compiles from source each time: byte code that lies beside it may hold other paths."""

    pairs: Sequence[tuple[str, str]] = ()
    # In their order. To look for them in sys.modules would touch, and so copy, the warm process's memory.
    imported: ClassVar[list[ModuleType]] = []
    # Is told of each module whose top level has run.
    loaded: ClassVar[Callable[[ModuleType], None]] = lambda _: None

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's top level, and say so."""
        super().exec_module(module)
        RewritingLoader.imported.append(module)
        RewritingLoader.loaded(module)

    def get_code(self, fullname: str) -> CodeType:
        """The module's code, old paths rewritten."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        if not self.pairs or not may_hold_old_paths(source):
            return compile(source, path, "exec", dont_inherit=True)
        tree: Any = PathRewriter(self.pairs).visit(ast.parse(source, path))
        return compile(tree, path, "exec", dont_inherit=True)


def rewrite_imports(roots: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    """From now on `.py` files below `app` of the roots (a version's folder, BRIDGE_HOME) are compiled by our loader."""
    RewritingLoader.pairs = pairs
    ours = tuple(f"{root.rstrip('/')}/app" for root in roots)
    finder = FileFinder.path_hook((RewritingLoader, [".py"]))

    def hook(path: str) -> FileFinder:
        if not path.startswith(ours):
            raise ImportError
        return finder(path)

    sys.path_hooks.insert(0, hook)
