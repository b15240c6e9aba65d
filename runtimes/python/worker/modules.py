"""Importing a version's module and its siblings, as `app.model.<name>`, with old paths rewritten."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, ClassVar

from .paths import PathRewriter

PACKAGE = "app.model"


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
        tree: Any = ast.parse(self.get_data(path), path)
        if self.pairs:
            tree = ast.fix_missing_locations(PathRewriter(self.pairs).visit(tree))
        return compile(tree, path, "exec", dont_inherit=True)


def install(roots: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    """Put the roots (version's folder, BRIDGE_HOME) first on the path, and their `.py` files through our loader."""
    RewritingLoader.pairs = pairs
    ours = tuple(f"{root.rstrip('/')}/app" for root in roots)
    finder = FileFinder.path_hook((RewritingLoader, [".py"]))

    def hook(path: str) -> FileFinder:
        if not path.startswith(ours):
            raise ImportError
        return finder(path)

    sys.dont_write_bytecode = True
    sys.path_hooks.insert(0, hook)
    sys.path[:0] = list(roots)


def load(name: str, folder: str) -> ModuleType:
    """Import the algorithm's module, a file of any name or a package; what its top level raises comes through."""
    path = Path(folder) / "app" / "model" / f"{name}.py"
    inner = None
    if not path.exists():
        path = path.with_name(name) / "__init__.py"
        inner = [str(path.parent)]
    fullname = f"{PACKAGE}.{name.replace('.', '_')}"
    package = importlib.import_module(PACKAGE)
    spec = importlib.util.spec_from_file_location(fullname, path, loader=RewritingLoader(fullname, str(path)), submodule_search_locations=inner)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[fullname] = module
    setattr(package, name, module)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(fullname, None)
        raise
    return module
