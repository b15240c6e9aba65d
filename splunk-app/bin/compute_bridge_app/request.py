"""What splunkd hands to a persistent handler."""

import json
from typing import Any, Dict, NamedTuple, Union
from urllib.parse import parse_qsl

from .problem import Problem


class Request(NamedTuple):
    method: str
    #: The session key of the user who asks.
    user_key: str
    #: splunkd's own (passSystemAuth): reads the password store, which users may not.
    system_key: str
    #: The management port, such as https://127.0.0.1:8089.
    splunkd: str
    #: The fields of a form, or the object of a JSON body.
    body: Dict[str, Any]


def read_request(given: Union[str, bytes]) -> Request:
    """:raises Problem: 400 for a body that is neither a form nor a JSON object"""
    told = json.loads(given)
    return Request(
        method=told.get("method", ""),
        user_key=told.get("session", {}).get("authtoken", ""),
        system_key=told.get("system_authtoken", ""),
        splunkd=told.get("server", {}).get("rest_uri", ""),
        body=_body(told),
    )


def _body(told: Dict[str, Any]) -> Dict[str, Any]:
    text = told.get("payload") or ""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            raise Problem(400, "The body of this request is no JSON.", "Send it again.") from None
    # splunkd gives the fields of a form, its text, or both.
    return {**dict(parse_qsl(text)), **dict(told.get("form") or [])}
