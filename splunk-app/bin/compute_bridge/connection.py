"""
A byte stream to the bridge or to splunkd: TCP, and TLS on it. Never blocking: each wait also watches for the end of
the search. Proxies are not asked: each request carries a secret.
"""

from __future__ import annotations

import errno
import socket
import time

from .address import Address
from .ends import Ends
from .failure import Failure

_RECEIVE_BYTES = 256 * 1024
#: So much goes to the socket between two looks at what comes back.
_SLICE_BYTES = 256 * 1024


class Connection:
    """
    :param name: who is at the other end, for people
    :param tls: an ssl.SSLContext; None: plain
    :raises Failure: when nobody is there in time, or is not who it should be
    """

    def __init__(self, address: Address, name: str, tls, ends: Ends, seconds: float) -> None:
        self._address = address
        self._name = name
        self._ends = ends
        until = time.monotonic() + seconds
        self._socket = self._connect(until, seconds)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._shake_hands(tls, until, seconds)
        except BaseException:
            self.close()
            raise

    def send(self, view: memoryview, seconds: float, on_readable=None) -> None:
        """
        :param on_readable: called when bytes came back meanwhile; may raise, which ends the sending
        :raises Failure: when the connection is lost, or nothing was taken for so long
        """
        while len(view):
            if on_readable is not None and self._ends.wait(self._socket.fileno(), True, False, 0)[0]:
                on_readable()
            try:
                view = view[self._socket.send(view[:_SLICE_BYTES]) :]
            except OSError as error:
                if not self._would_block(error):
                    if on_readable is not None:
                        on_readable()  # The reason may have come before the reset.
                    raise self._lost(error) from None
                is_write = type(error).__name__ != "SSLWantReadError"
                ready = self._ends.wait(self._socket.fileno(), not is_write or on_readable is not None, is_write, seconds)
                if not any(ready):
                    raise self.late(seconds) from None
                if ready[0] and on_readable is not None:
                    on_readable()

    def receive(self, seconds: float) -> bytes | None:
        """What has come, at most waiting so long; None: nothing yet; empty: the other end has closed."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self._socket.recv(_RECEIVE_BYTES)
            except OSError as error:
                if not self._would_block(error):
                    if type(error).__name__ == "SSLEOFError":
                        return b""
                    raise self._lost(error) from None
                is_write = self._is_write(error)
                left = until - time.monotonic()
                if left < 0 or not any(self._ends.wait(self._socket.fileno(), not is_write, is_write, left)):
                    return None

    @property
    def is_stale(self) -> bool:
        """Whether something came that nobody asked for: while a connection rests, its end."""
        try:
            return self._socket.recv(1) is not None
        except OSError as error:
            return not self._would_block(error)

    def close(self) -> None:
        self._socket.close()

    def late(self, seconds: float) -> Failure:
        return Failure("%s at %s did not answer within %g s." % (self._name, self._address.where, seconds), *_LATE)

    def cut(self, why: str) -> Failure:
        """The other end stopped within an answer."""
        message = "%s at %s closed the connection before its answer was whole: %s." % (self._name, self._address.where, why)
        return Failure(message, *_LOST, can_retry=True)

    def _connect(self, until: float, seconds: float) -> socket.socket:
        host, port = self._address.host, self._address.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise self._away("its name is not known (%s)" % (getattr(error, "strerror", None) or error)) from None
        why = "it has no address"
        for family, kind, protocol, _, place in found:
            made = socket.socket(family, kind, protocol)
            made.setblocking(False)
            try:
                code = made.connect_ex(place)
                if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
                    left = max(0.0, until - time.monotonic())
                    is_there = self._ends.wait(made.fileno(), False, True, left)[1]
                    code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if is_there else errno.ETIMEDOUT
            except BaseException:
                made.close()
                raise
            if code == 0:
                return made
            made.close()
            why = "connection refused" if code == errno.ECONNREFUSED else _text(code)
            if code == errno.ETIMEDOUT:
                why = "no connection within %g s" % seconds
        raise self._away(why)

    def _shake_hands(self, tls, until: float, seconds: float) -> None:
        import ssl

        from .trust import not_trusted

        try:
            self._socket = tls.wrap_socket(self._socket, server_hostname=self._address.host, do_handshake_on_connect=False)
            while True:
                try:
                    return self._socket.do_handshake()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                    is_write = self._is_write(error)
                    left = max(0.0, until - time.monotonic())
                    if not any(self._ends.wait(self._socket.fileno(), not is_write, is_write, left)):
                        raise self.late(seconds) from None
        except ssl.SSLError as error:
            raise not_trusted(error, self._address.where) from None
        except OSError as error:
            raise self._lost(error) from None

    def _would_block(self, error: OSError) -> bool:
        return isinstance(error, BlockingIOError) or type(error).__name__ in ("SSLWantReadError", "SSLWantWriteError")

    def _is_write(self, error: OSError) -> bool:
        """What a read or a handshake waits for: with TLS it may be to write."""
        return type(error).__name__ == "SSLWantWriteError"

    def _away(self, why: str) -> Failure:
        message = "%s at %s cannot be reached: %s." % (self._name, self._address.where, why)
        hint = "Start it, or mend its address in the set-up of the app compute_bridge."
        return Failure(message, hint, "AWAY", can_retry=True)

    def _lost(self, error: OSError) -> Failure:
        return self.cut(error.strerror or type(error).__name__)


_LATE = ("Run the search again with fewer rows, or raise its time-out in the set-up of the app compute_bridge.", "LATE")
_LOST = ("Nothing of it counts. See whether it still runs, then run the search again.", "LOST")


def _text(code: int) -> str:
    import os

    return os.strerror(code)
