"""One request, its whole answer. Neither proxies nor redirects are followed: each request carries a secret."""

import http.client
import ipaddress
import ssl
from typing import Dict, NamedTuple, Optional
from urllib.parse import urlsplit

#: No answer of the bridge or of splunkd that is read here comes near it.
LARGEST_ANSWER = 8 * 1024 * 1024


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


def ask(
    address: str, method: str, path: str, headers: Dict[str, str], body: bytes, seconds: float, tls: Optional[ssl.SSLContext]
) -> Answer:
    """
    :param address: scheme, host and port
    :raises OSError: no connection, or a broken one (ssl.SSLError is one)
    :raises http.client.HTTPException: something that speaks no HTTP answers
    """
    where = urlsplit(address)
    host = where.hostname or ""
    if where.scheme == "https":
        connection = http.client.HTTPSConnection(host, where.port, timeout=seconds, context=tls)
    elif is_loopback(host):
        connection = http.client.HTTPConnection(host, where.port, timeout=seconds)
    else:
        raise OSError("plain HTTP goes to this machine alone")
    try:
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        return Answer(response.status, response.read(LARGEST_ANSWER))
    finally:
        connection.close()
