"""Stands in for splunkd's app server: `run_handler.py <bin of the app> <module.Class>`, a request and its answer a line, JSON."""

import importlib
import json
import sys
import types
from typing import Any


class PersistentServerConnectionApplication:
    """The only thing of Splunk's own Python that the handlers use."""


def main() -> None:
    folder, where = sys.argv[1:]
    for name in ("splunk", "splunk.persistconn", "splunk.persistconn.application"):
        sys.modules[name] = types.ModuleType(name)
    module: Any = sys.modules["splunk.persistconn.application"]
    module.PersistentServerConnectionApplication = PersistentServerConnectionApplication
    sys.path.append(folder)
    name, _, kind = where.rpartition(".")
    handler = getattr(importlib.import_module(name), kind)("", "")
    for line in sys.stdin:
        print(json.dumps(handler.handle(line.encode())), flush=True)


main()
