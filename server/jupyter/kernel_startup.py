"""What each notebook kernel does before its first cell, so that a cell does what the exported code will do.

Works in the notebooks folder, as workers do, and reads the old absolute paths (`/srv/app/model/data/…`) as
those of this BRIDGE_HOME.
"""

from __future__ import annotations

import importlib.util
import os
from typing import Any


def begin(shell: Any, home: str, paths_file: str) -> None:
    """Called by the generated IPython start-up file; `shell` is the kernel's InteractiveShell."""
    os.chdir(os.path.join(home, "notebooks"))
    spec = importlib.util.spec_from_file_location("bridge_paths", paths_file)
    if spec is None or spec.loader is None or not os.path.exists(paths_file):
        return
    paths = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(paths)
    data = os.path.join(home, "app", "model", "data")
    shell.ast_transformers.append(paths.PathRewriter(paths.rules(data, home)))
