"""Importing a version's module and its siblings, as `app.model.<name>`, with old paths rewritten."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from .rewriting import RewritingLoader, rewrite_imports

PACKAGE = "app.model"


def install(roots: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    """Put the roots (version's folder, BRIDGE_HOME) first on the path, and their `.py` files through our loader."""
    sys.dont_write_bytecode = True
    rewrite_imports(roots, pairs)
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
