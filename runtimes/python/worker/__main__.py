"""Start a worker, or the warm process that forks them.

Usage: python runtimes/python/worker [--warm | --plain | --module NAME --folder VERSION] --home BRIDGE_HOME

The package is imported under a name of its own and its folder is taken off the path, so that a notebook's
`import frames` can never mean a file of ours. runtimes/PROTOCOL.md says what is spoken.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

PACKAGE = "compute_bridge_worker"


def install() -> None:
    """Make the folder of this file importable as `compute_bridge_worker`."""
    folder = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if entry and Path(entry).resolve() != folder]
    spec = importlib.util.spec_from_file_location(PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    install()
    from compute_bridge_worker.long_turns import take_long_turns  # type: ignore[import-not-found]

    take_long_turns()
    if sys.argv[1:] == ["--warm"]:
        from compute_bridge_worker.warm import serve_forks  # type: ignore[import-not-found]

        serve_forks(os.environ["COMPUTE_BRIDGE_WARM"])
    else:
        from compute_bridge_worker.run import run_worker  # type: ignore[import-not-found]

        run_worker(sys.argv[1:])
