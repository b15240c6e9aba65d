"""An address that the command may speak to: HTTPS anywhere, plain HTTP on this machine alone."""

from __future__ import annotations

from .failure import Failure


class Address:
    """
    :ivar where: host and port, for people and the Host header
    :ivar path: what stands before each path, without a slash at its end
    """

    def __init__(self, text: str) -> None:
        """:raises Failure: for what is no address, or plain HTTP to another machine"""
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise _no_address(text) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise _no_address(text)
        self.is_secure = parts.scheme == "https"
        self.host: str = parts.hostname
        self.port: int = port or (443 if self.is_secure else 80)
        self.path = parts.path.rstrip("/")
        self.where = ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)
        if not self.is_secure and not self.is_loopback:
            raise Failure(
                "The address of %s is plain HTTP, which would show rows and token to the network." % self.where,
                "Give the bridge a certificate and write https in the set-up of the app compute_bridge.",
                "PLAIN_HTTP",
            )

    @property
    def is_loopback(self) -> bool:
        if self.host in ("localhost", "127.0.0.1", "::1"):
            return True
        import ipaddress

        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _no_address(text: str) -> Failure:
    # What was entered may hold a password: it is not shown.
    return Failure(
        "The address that is set up (%d characters) is none." % len(text),
        "Enter one such as https://bridge.example:5000 in the set-up of the app compute_bridge.",
        "BAD_ADDRESS",
    )
