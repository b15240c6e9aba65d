"""What each notebook kernel does before its first cell, so that a cell does what the exported code will do.

Works in the notebooks folder, as workers do, and reads the old absolute paths (`/srv/app/model/data/…`) as
those of this BRIDGE_HOME: in cells, and in the modules of `app.model` that they import. `compute_bridge` can be imported;
a user's own of that name goes before it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any

PACKAGE = "compute_bridge_worker"


def begin(shell: Any, home: str, worker: str, client: str) -> None:
    """Called by the generated IPython start-up file.

    `shell` is the kernel's InteractiveShell, `worker` the folder of the workers' code, `client` that of what notebooks may import.
    """
    os.chdir(os.path.join(home, "notebooks"))
    sys.path.append(client)
    spec = importlib.util.spec_from_file_location(PACKAGE, os.path.join(worker, "__init__.py"), submodule_search_locations=[worker])
    if spec is None or not os.path.isdir(worker):
        return
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    paths, rewriting = (importlib.import_module(f"{PACKAGE}.{name}") for name in ("paths", "rewriting"))
    rules = paths.rules(os.path.join(home, "app", "model", "data"), home)
    shell.ast_transformers.append(paths.PathRewriter(rules))
    rewriting.rewrite_imports([home], rules)
