"""
A byte stream to the bridge or to splunkd. Never blocking: each wait also watches for the end of the search. Proxies
are not asked: each request carries a secret.
"""

from __future__ import annotations

import time

from .dial import dial
from .ends import Ends
from .peer import Peer

_ROOM_BYTES = 256 * 1024
#: So much goes to the socket between two looks at what comes back.
_SLICE_BYTES = 1024 * 1024
# Of the module ssl, which may not be there to ask: plain connections do without it.
_WANTS_READ, _WANTS_WRITE, _CUT = "SSLWantReadError", "SSLWantWriteError", "SSLEOFError"


class Connection:
    """
    :param tls: an ssl.SSLContext; None: plain
    :ivar room: where its answers come to, one after the other
    :raises Failure: when nobody is there in time, or is not who it should be
    """

    def __init__(self, peer: Peer, tls, ends: Ends, seconds: float) -> None:
        self.peer = peer
        self._ends = ends
        self._socket = dial(peer, tls, ends, seconds)
        self.room = bytearray(_ROOM_BYTES)

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
                if not _would_block(error):
                    if on_readable is not None:
                        on_readable()  # The reason may have come before the reset.
                    raise self.peer.lost(error) from None
                is_write = type(error).__name__ != _WANTS_READ
                ready = self._ends.wait(self._socket.fileno(), not is_write or on_readable is not None, is_write, seconds)
                if not any(ready):
                    raise self.peer.late(seconds) from None
                if ready[0] and on_readable is not None:
                    on_readable()

    def receive(self, view: memoryview, seconds: float) -> int | None:
        """Puts there what has come, at most waiting so long; None: nothing yet; 0: the other end has closed."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self._socket.recv_into(view)
            except OSError as error:
                if type(error).__name__ == _CUT:
                    return 0
                if not _would_block(error):
                    raise self.peer.lost(error) from None
                is_write = type(error).__name__ == _WANTS_WRITE
                left = until - time.monotonic()
                if left < 0 or not any(self._ends.wait(self._socket.fileno(), not is_write, is_write, left)):
                    return None

    @property
    def is_stale(self) -> bool:
        """Whether something came that nobody asked for: while a connection rests, its end."""
        try:
            return self._socket.recv(1) is not None
        except OSError as error:
            return not _would_block(error)

    def close(self) -> None:
        self._socket.close()


def _would_block(error: OSError) -> bool:
    return isinstance(error, BlockingIOError) or type(error).__name__ in (_WANTS_READ, _WANTS_WRITE)
