"""Importing a version's module and its siblings, as `app.model.<name>`, with old paths rewritten."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from .rewriting import RewritingLoader, rewrite_imports

PACKAGE = "app.model"
# What notebooks may import of ours, and where it lies.
CLIENT = "compute_bridge"
CLIENT_FOLDER = str(Path(__file__).resolve().parents[3] / "client" / "python")


def import_client() -> None:
    """Import what notebooks may import of ours, the user's own of that name if there is one. It imports none of the heavy libraries."""
    if CLIENT_FOLDER not in sys.path:
        sys.path.append(CLIENT_FOLDER)
    with contextlib.suppress(Exception):  # the user's own may fail: then where it is asked for
        importlib.import_module(CLIENT)


def install(roots: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    """Put the roots (version's folder, BRIDGE_HOME) first on the path, and their `.py` files through our loader."""
    sys.dont_write_bytecode = True
    rewrite_imports(roots, pairs)
    if PathFinder.find_spec(CLIENT, list(roots)):
        # The warm process has imported ours.
        for name in [each for each in sys.modules if each.partition(".")[0] == CLIENT]:
            del sys.modules[name]
    if CLIENT_FOLDER not in sys.path:
        sys.path.append(CLIENT_FOLDER)
    sys.path[:0] = list(roots)


def load(name: str, folder: str) -> ModuleType:
    """Import the algorithm's module, a file of any name or a package; what its top level raises comes through."""
    path = os.path.join(folder, "app", "model", f"{name}.py")  # pathlib's first path of a process takes half a millisecond
    inner = None
    if not os.path.exists(path):
        inner = [path.removesuffix(".py")]
        path = os.path.join(*inner, "__init__.py")
    fullname = f"{PACKAGE}.{name.replace('.', '_')}"
    package = importlib.import_module(PACKAGE)
    return loaded(fullname, path, inner, lambda module: setattr(package, name, module))


def loaded(fullname: str, path: str, inner: list[str] | None, begun: Callable[[ModuleType], object]) -> ModuleType:
    """Import a file, whose code finds itself among the modules as soon as it runs; `begun` is told of it then."""
    spec = importlib.util.spec_from_file_location(fullname, path, loader=RewritingLoader(fullname, path), submodule_search_locations=inner)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[fullname] = module
    begun(module)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(fullname, None)
        raise
    return module
