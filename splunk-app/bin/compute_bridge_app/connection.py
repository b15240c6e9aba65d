"""Requests and their whole answers. Neither proxies nor redirects are followed: each request carries a secret."""

import http.client
import ipaddress
import ssl
from typing import Callable, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

#: No answer of the bridge or of splunkd that is read here comes near it.
LARGEST_ANSWER = 8 * 1024 * 1024
#: What a connection says that the other end closed while it rested.
_HUNG_UP = (http.client.RemoteDisconnected, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Answer(NamedTuple):
    status: int
    body: bytes


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Connection:
    """
    To one address, kept as long as the other end does: a handshake takes longer than what splunkd is asked.

    :param address: scheme, host and port
    :param tls: makes the context of an address that is https
    """

    def __init__(self, address: str, seconds: float, tls: Callable[[], Optional[ssl.SSLContext]]) -> None:
        self._address = address
        self._seconds = seconds
        self._tls = tls
        self._kept: Optional[http.client.HTTPConnection] = None

    def ask(self, method: str, path: str, headers: Dict[str, str], body: bytes) -> Answer:
        """
        :raises OSError: no connection, or a broken one (ssl.SSLError is one)
        :raises http.client.HTTPException: something that speaks no HTTP answers
        """
        if method != "GET":
            self.close()  # What changes something is not sent twice, so it goes where nobody can have hung up.
        if self._kept is not None:
            try:
                return self._exchange(self._kept, method, path, headers, body)
            except _HUNG_UP:
                self.close()
        self._kept = self._open()
        return self._exchange(self._kept, method, path, headers, body)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _open(self) -> http.client.HTTPConnection:
        where = urlsplit(self._address)
        host = where.hostname or ""
        if where.scheme == "https":
            return http.client.HTTPSConnection(host, where.port, timeout=self._seconds, context=self._tls())
        if is_loopback(host):
            return http.client.HTTPConnection(host, where.port, timeout=self._seconds)
        raise OSError("plain HTTP goes to this machine alone")

    def _exchange(self, connection: http.client.HTTPConnection, method: str, path: str, headers: Dict[str, str], body: bytes) -> Answer:
        is_whole = False
        try:
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read(LARGEST_ANSWER))
            is_whole = response.isclosed()
            return answer
        finally:
            if not is_whole:  # What is left of an answer is not the next one's.
                self.close()


def ask(
    address: str, method: str, path: str, headers: Dict[str, str], body: bytes, seconds: float, tls: Optional[ssl.SSLContext]
) -> Answer:
    """One request, as Connection.ask."""
    connection = Connection(address, seconds, lambda: tls)
    try:
        return connection.ask(method, path, headers, body)
    finally:
        connection.close()
