"""splunkd's REST, on the management port of this very search head."""

import http.client
import json
import os
import ssl
from typing import Any, Dict, List, Optional, Set, Tuple, Union
from urllib.parse import quote, urlencode, urlsplit

from .connection import Connection, is_loopback
from .problem import Problem

APP = "compute_bridge"
#: Where the app's own settings and secrets are.
OURS = "/servicesNS/nobody/" + APP
SECONDS = 30

Fields = Union[Dict[str, str], List[Tuple[str, str]]]


class Splunkd:
    """Its requests share a connection, which closes at the end of the `with`."""

    def __init__(self, address: str, key: str, connection: Optional[Connection] = None) -> None:
        self._address = address
        self._key = key
        self._connection = connection or Connection(address, SECONDS, lambda: _tls(address))

    def __enter__(self) -> "Splunkd":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def with_key(self, key: str) -> "Splunkd":
        """The same, asked in another's name."""
        return Splunkd(self._address, key, self._connection)

    def entries(self, path: str) -> List[Dict[str, Any]]:
        """The entries of a collection, or the one of an object; none where there is none.

        :raises Problem: with splunkd's own words where it refuses
        """
        status, body = self._ask("GET", path + "?output_mode=json&count=0", b"")
        if status == 404:
            return []
        return _whole(status, body).get("entry", [])

    def write(self, path: str, fields: Fields) -> None:
        """:raises Problem: with splunkd's own words where it refuses"""
        _whole(*self._ask("POST", path + "?output_mode=json", urlencode(fields).encode()))

    def has(self, path: str) -> bool:
        return bool(self.entries(path))

    def _ask(self, method: str, path: str, body: bytes) -> Tuple[int, bytes]:
        headers = {"Authorization": "Splunk " + self._key}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            return self._connection.ask(method, path, headers, body)
        except (OSError, http.client.HTTPException) as error:
            raise Problem(
                503,
                "splunkd's management port did not answer (%s)." % type(error).__name__,
                "Try again.",
            ) from None

    def who(self) -> Tuple[str, Set[str]]:
        """The name and the capabilities of the user whose session key this is."""
        entries = self.entries("/services/authentication/current-context")
        content = entries[0].get("content", {}) if entries else {}
        if not content.get("username"):
            raise Problem(401, "splunkd does not know who asks.", "Sign in again.")
        return content["username"], set(content.get("capabilities", []))


def part(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _whole(status: int, body: bytes) -> Dict[str, Any]:
    try:
        answer = json.loads(body or b"{}")
    except ValueError:
        answer = {}
    if status < 400:
        return answer
    said = " ".join(each.get("text", "") for each in answer.get("messages", [])).strip()
    hint = "Ask an administrator of Splunk." if status in (401, 403) else ""
    raise Problem(
        403 if status in (401,
        403) else 502, "splunkd refused (%d): %s" % (status,
        said or "it did not say why"), hint,
    )


def _tls(address: str) -> ssl.SSLContext:
    """
    splunkd's certificate is made by Splunk for no host name. What goes to loopback never leaves this machine, so that it
    is not checked there; elsewhere (SPLUNK_BINDIP) it must be signed by Splunk's own authority.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if is_loopback(urlsplit(address).hostname or ""):
        context.verify_mode = ssl.CERT_NONE
        return context
    authority = os.path.join(os.environ.get("SPLUNK_HOME", ""), "etc", "auth", "cacert.pem")
    if os.path.isfile(authority):
        context.load_verify_locations(cafile=authority)
    else:
        context.load_default_certs()
    return context
