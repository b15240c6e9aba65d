"""A socket to a peer, never blocking: TCP, and TLS on it, within a time."""

from __future__ import annotations

import errno
import os
import socket
import time

from .ends import Ends
from .peer import Peer


def dial(peer: Peer, tls, ends: Ends, seconds: float) -> socket.socket:
    """
    :param tls: an ssl.SSLContext; None: plain
    :raises Failure: when nobody is there in time, or is not who it should be
    """
    until = time.monotonic() + seconds
    made = _connect(peer, ends, until, seconds)
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is None:
            return made
        # From here on the plain socket is a part of the other.
        made = tls.wrap_socket(made, server_hostname=_name(peer), do_handshake_on_connect=False)
        _shake_hands(made, peer, ends, until, seconds)
        return made
    except BaseException:
        made.close()
        raise


def _connect(peer: Peer, ends: Ends, until: float, seconds: float) -> socket.socket:
    """The first of the name's addresses that answers."""
    try:
        found = socket.getaddrinfo(_name(peer), peer.address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise peer.away("its name is not known (%s)" % (getattr(error, "strerror", None) or type(error).__name__)) from None
    why = "it has no address"
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        try:
            code = made.connect_ex(place)
            if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
                is_there = ends.wait(made.fileno(), False, True, max(0.0, until - time.monotonic()))[1]
                code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if is_there else errno.ETIMEDOUT
        except BaseException:
            made.close()
            raise
        if code == 0:
            return made
        made.close()
        why = {errno.ECONNREFUSED: "connection refused", errno.ETIMEDOUT: "no connection within %g s" % seconds}.get(code, os.strerror(code))
    raise peer.away(why)


def _name(peer: Peer) -> str | bytes:
    """As bytes where it can be: for text Python loads the tables of international names, whatever the text."""
    host = peer.address.host
    return host.encode("ascii") if host.isascii() else host


def _shake_hands(made, peer: Peer, ends: Ends, until: float, seconds: float) -> None:
    import ssl

    from .trust import not_trusted

    while True:
        try:
            return made.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            is_write = isinstance(error, ssl.SSLWantWriteError)
            if not any(ends.wait(made.fileno(), not is_write, is_write, max(0.0, until - time.monotonic()))):
                raise peer.late(seconds) from None
        except ssl.SSLError as error:
            raise not_trusted(error, peer.address.where) from None
        except OSError as error:
            raise peer.lost(error) from None
