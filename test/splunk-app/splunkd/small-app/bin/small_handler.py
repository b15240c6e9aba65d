"""A persistent handler that answers what it was asked."""

import json
from typing import Any, Dict

from splunk.persistconn.application import PersistentServerConnectionApplication


class Token(PersistentServerConnectionApplication):
    def __init__(self, command_line: str, command_arg: str) -> None:
        super().__init__()

    def handle(self, in_string: Any) -> Dict[str, Any]:
        request = json.loads(in_string)
        if dict(request["form"])["verb"] == "raise":
            raise ValueError("as asked")
        return {"status": 201, "payload": {"asked": request, "gotBytes": isinstance(in_string, bytes)}}
