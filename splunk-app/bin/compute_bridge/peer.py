"""Who is at the other end of a connection, and what is told when it is not there."""

from __future__ import annotations

from .address import Address
from .failure import Failure

_SET_UP = "in the set-up of the app compute_bridge."


class Peer:
    """
    :param name: for people, such as `The bridge`
    """

    def __init__(self, name: str, address: Address) -> None:
        self.address = address
        self._who = "%s at %s" % (name, address.where)

    def away(self, why: str) -> Failure:
        message = "%s cannot be reached: %s." % (self._who, why)
        return Failure(message, "Start it, or mend its address %s" % _SET_UP, "AWAY", can_retry=True)

    def late(self, seconds: float) -> Failure:
        """It said nothing for so long."""
        message = "%s did not answer within %g s." % (self._who, seconds)
        return Failure(message, "See whether it still runs and is not overloaded, or raise answer_seconds in compute_bridge.conf.", "LATE")

    def cut(self, why: str) -> Failure:
        """It stopped within an answer."""
        message = "%s closed the connection before its answer was whole: %s." % (self._who, why)
        return Failure(message, "Nothing of it counts. See whether it still runs, then run the search again.", "LOST", can_retry=True)

    def lost(self, error: OSError) -> Failure:
        return self.cut(error.strerror or type(error).__name__)
