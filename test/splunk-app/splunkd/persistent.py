"""Runs an app's persistent REST handler as splunkd's app server does.

Arguments: the app's folder `bin` and the handler as `module.Class`. A line of JSON is a request (`asBytes`: whether the
handler gets bytes, as some releases give, or text; `request`: what it gets); a line of JSON is its answer.
"""

import importlib
import json
import sys
import traceback
import types
from typing import Any, Dict


class PersistentServerConnectionApplication:
    """What handlers derive from, in Splunk's own Python."""

    def __init__(self) -> None:
        pass

    def handle(self, in_string: Any) -> Dict[str, Any]:
        raise NotImplementedError

    def done(self) -> None:
        pass


def install_splunk() -> None:
    """Makes `from splunk.persistconn.application import PersistentServerConnectionApplication` work."""
    for name in ("splunk", "splunk.persistconn", "splunk.persistconn.application"):
        sys.modules[name] = types.ModuleType(name)
    module: Any = sys.modules["splunk.persistconn.application"]
    module.PersistentServerConnectionApplication = PersistentServerConnectionApplication


def answer(handler: Any, line: str) -> Dict[str, Any]:
    asked = json.loads(line)
    text = json.dumps(asked["request"])
    try:
        said = handler.handle(text.encode("utf-8") if asked["asBytes"] else text)
    except Exception:  # splunkd answers so, and logs the traceback
        return {"status": 500, "payload": {"messages": [{"type": "ERROR", "text": traceback.format_exc()}]}}
    return said if isinstance(said, dict) else {"status": 200, "payload": said}


def main() -> None:
    folder, where = sys.argv[1:3]
    answers, sys.stdout = sys.stdout, sys.stderr
    install_splunk()
    sys.path.insert(0, folder)
    module, _, name = where.rpartition(".")
    handler = getattr(importlib.import_module(module), name)("persistent.py", "")
    for line in sys.stdin:
        answers.write(json.dumps(answer(handler, line)) + "\n")
        answers.flush()


main()
