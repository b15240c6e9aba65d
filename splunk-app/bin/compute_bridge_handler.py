"""The persistent REST handlers of restmap.conf: /services/compute_bridge/token and /services/compute_bridge/setup."""

import json
import os
import sys
import traceback
from typing import Any, Callable, Dict, Union

from splunk.persistconn.application import PersistentServerConnectionApplication

# splunkd starts handlers with a path of its own.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from compute_bridge_app import log  # noqa: E402
from compute_bridge_app.problem import Problem  # noqa: E402
from compute_bridge_app.request import Request, read_request  # noqa: E402
from compute_bridge_app.set_up import set_up  # noqa: E402
from compute_bridge_app.tokens import token_for  # noqa: E402


class Token(PersistentServerConnectionApplication):
    """Gives a search a short-lived token of the bridge."""

    def __init__(self, _command_line: str, _command_arg: str) -> None:
        super().__init__()

    def handle(self, in_string: Union[str, bytes]) -> Dict[str, Any]:
        return answer("token", token_for, in_string)


class Setup(PersistentServerConnectionApplication):
    """What the set-up page asks."""

    def __init__(self, _command_line: str, _command_arg: str) -> None:
        super().__init__()

    def handle(self, in_string: Union[str, bytes]) -> Dict[str, Any]:
        return answer("set-up", set_up, in_string)


def answer(what: str, work: Callable[[Request], Dict[str, Any]], given: Union[str, bytes]) -> Dict[str, Any]:
    try:
        return _json(200, work(read_request(given)))
    except Problem as problem:
        # Not at ERROR: the command logs the same for its search.
        log.warning("refused", asked=what, status=problem.status, error=problem.error)
        return _json(problem.status, problem.told())
    except Exception as error:  # the last resort: where it happened, without the texts of an exception, which may hold secrets
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join("%s:%d" % (os.path.basename(each.filename), each.lineno or 0) for each in reversed(frames))
        log.error("failed", asked=what, status=500, error=type(error).__name__, where=where)
        hint = "Look at index=_internal sourcetype=compute_bridge, and report it with the line that is there."
        return _json(500, {"error": "The app itself failed (%s)." % type(error).__name__, "hint": hint})


def _json(status: int, told: Dict[str, Any]) -> Dict[str, Any]:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return {"status": status, "payload": json.dumps(told), "headers": headers}
