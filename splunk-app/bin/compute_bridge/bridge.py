"""Requests to the bridge, on one kept-alive connection, each with the search's token and who asks."""

from __future__ import annotations

import json

from . import token
from .address import Address
from .advice import from_answer
from .answer import Answer
from .call import Call
from .connection import Connection
from .ends import Ends
from .failure import Failure
from .peer import Peer
from .search import Search
from .status import seconds_left

_NAME = "The bridge"


class Bridge:
    """
    :param home: SPLUNK_HOME
    """

    def __init__(self, search: Search, call: Call, ends: Ends, home: str) -> None:
        self._search = search
        self._call = call
        self._ends = ends
        self._home = home
        self._grant: token.Grant | None = None
        self._connection: Connection | None = None
        self._answer: Answer | None = None

    @property
    def grant(self) -> token.Grant:
        """:raises Failure: when the app gives no token"""
        if self._grant is None or self._grant.is_ending:
            before, self._grant = self._grant, token.ask(self._search, self._call.verb, self._ends, self._home)
            if before is not None and before.address != self._grant.address:
                self.close()
        return self._grant

    @property
    def settings(self) -> token.Grant:
        """As they came with the last token, which a request under way needs no more: it is not renewed for them."""
        return self._grant or self.grant

    @property
    def query(self) -> str:
        """The options, as the query of an address."""
        from urllib.parse import urlencode

        options = dict(self._call.query)
        grant = self.grant
        environment = options.get("environment")
        if environment is not None:
            options["environment"] = grant.environments.get(environment.lower(), environment)
        if grant.append and self._call.verb == "apply":
            options.setdefault("append", "true")
        return urlencode(options)

    def check_ends(self) -> None:
        """:raises Finalized: when the user has stopped the search"""
        self._ends.check()

    def forget_token(self) -> None:
        self._grant = None

    def post(self, path: str, headers: dict[str, str], seconds: float | None = None) -> Connection:
        """
        Sends the head of a request; the body is the caller's to send on the connection, then `answer`.

        :param seconds: for the connection to be made; none: as set up
        """
        grant = self.grant
        address = Address(grant.address)
        if self._connection is not None and (self._answer is None or not self._answer.keeps_connection or self._connection.is_stale):
            self.close()
        if self._connection is None:
            self._connection = Connection(
                Peer(_NAME, address), self._tls(address, grant.ca), self._ends, seconds or grant.connect_seconds
            )
        self._answer = Answer(self._connection)
        lines = [
            "POST %s%s HTTP/1.1" % (address.path, path),
            "Host: %s" % address.where,
            "Authorization: Bearer %s" % grant.token,
            "Compute-Search: %s" % _header(self._search.sid),
            "Compute-App: %s" % _header(self._search.app),
            "Compute-Scheduled: %s" % ("true" if self._search.is_scheduled else "false"),
            *("%s: %s" % pair for pair in headers.items()),
        ]
        left = seconds_left(self._search.folder)
        if left is not None:
            lines.append("Compute-Timeout: %d" % left)
        head = "\r\n".join(lines) + "\r\n\r\n"
        self._connection.send(memoryview(head.encode("latin-1", "replace")), grant.answer_seconds)
        return self._connection

    @property
    def answer(self) -> Answer:
        if self._answer is None:
            raise RuntimeError("nothing was asked")
        return self._answer

    def ask(self, path: str, value: object = None, seconds: float | None = None) -> dict:
        """
        A small request and its JSON answer.

        :raises Failure: when the bridge refuses, or is away
        """
        body = b"" if value is None else json.dumps(value).encode()
        headers = {"Accept": "application/json", "Content-Length": str(len(body))}
        if body:
            headers["Content-Type"] = "application/json"
        connection = self.post(path, headers, seconds)
        limit = seconds or self.settings.answer_seconds
        connection.send(memoryview(body), limit)
        return self.said(limit)

    def said(self, seconds: float) -> dict:
        """
        The JSON answer to what was asked last, also after a wait for it was ended.

        :raises Failure: when the bridge refuses, or is away
        """
        raw = self.answer.whole(seconds)
        if self.answer.is_refusal:
            raise self._refusal(raw)
        try:
            said = json.loads(raw or b"{}")
        except ValueError:
            said = None
        if not isinstance(said, dict):
            from .frames import broken

            raise broken("it is no JSON object")
        return said

    def refusal(self) -> Failure:
        """What an answer that is a refusal says; its head has come."""
        return self._refusal(self.answer.whole(self.settings.connect_seconds))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._answer = None

    def _refusal(self, raw: bytes) -> Failure:
        answer = self.answer
        return from_answer(_NAME, answer.status, answer.reason, answer.headers, raw)

    def _tls(self, address: Address, ca: str):
        if not address.is_secure:
            return None
        from .trust import bridge_context

        return bridge_context(ca)


def _header(text: str) -> str:
    """Names of people and apps may hold anything; a header may not."""
    from urllib.parse import quote

    return quote(text, safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~")
