"""The short-lived token of this search. The app gives it, for this user and what is to be done: nobody else's reaches here."""

from __future__ import annotations

import json
import re
import time

from .address import Address
from .answer import Answer
from .connection import Connection
from .ends import Ends
from .failure import Failure
from .peer import Peer
from .search import Search

_PATH = "/services/compute_bridge/token"
_SECONDS = 30.0
#: A token that ends sooner is not used any more.
_LEFT_SECONDS = 60
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


class Grant:
    """What the app answered: where the bridge is, and the token for it."""

    def __init__(self, given: dict) -> None:
        self.address = str(given["address"])
        self.ca = str(given.get("ca") or "")
        self.token = str(given["token"])
        #: UTC, without fractions of a second. Without a time the token is taken as lasting.
        found = _TIME.match(str(given.get("expires_at")))
        self.ends_at = found.group() if found else ""
        self.connect_seconds = float(given.get("connect_seconds") or 10)
        self.answer_seconds = float(given.get("answer_seconds") or 3600)
        self.append = given.get("append") is True
        environments = given.get("environments")
        self.environments = {str(key).lower(): str(value) for key, value in (environments or {}).items()}

    @property
    def is_ending(self) -> bool:
        # Times of one form are in the order of their texts; the module datetime would cost the first rows milliseconds.
        return bool(self.ends_at) and self.ends_at < time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + _LEFT_SECONDS))


def ask(search: Search, verb: str, ends: Ends, home: str) -> Grant:
    """
    :param home: SPLUNK_HOME
    :raises Failure: with the app's own words, when it refuses or nothing is set up
    """
    from .advice import from_answer
    from .trust import splunkd_context

    if not search.session_key or not search.splunkd_uri:
        raise Failure("Splunk gave the command no session, so that it cannot ask the app for a token.", "Run it as a signed-in user.", "NO_SESSION")
    address = Address(search.splunkd_uri)
    tls = splunkd_context(address, home) if address.is_secure else None
    connection = Connection(Peer("Splunk's management port", address), tls, ends, _SECONDS)
    try:
        body = b"verb=" + verb.encode()
        head = (
            "POST %s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Splunk %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            "Content-Length: %d\r\nConnection: close\r\n\r\n"
        ) % (address.path, _PATH, address.where, search.session_key, len(body))
        connection.send(memoryview(head.encode("latin-1") + body), _SECONDS)
        answer = Answer(connection)
        raw = answer.whole(_SECONDS)
    finally:
        connection.close()
    if answer.status == 404:
        raise Failure("Splunk has no app that gives tokens to this command.", "Restart Splunk after installing the app compute_bridge.", "NO_APP")
    if answer.status == 401 and b'"error"' not in raw:
        raise Failure("Splunk no longer knows the session of this search.", "Sign in again, then run the search again.", "NO_SESSION")
    if answer.is_refusal:
        raise from_answer("Splunk's management port", answer.status, answer.reason, answer.headers, raw)
    try:
        return Grant(json.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure("The app's answer to the command cannot be read.", "Restart Splunk after updating the app compute_bridge.", "APP") from None
