"""How a search ends early. Each of these is caught in one place, the command's loop."""

from __future__ import annotations


class Failure(Exception):
    """
    Something that the user is told in the search bar.

    :param message: what happened, one sentence
    :param hint: what to do about it
    :param code: the bridge's code, or one of our own; goes to the log
    :param can_retry: whether the same request may be sent again (a part only)
    :param retry_after: seconds that the bridge asks to wait first
    """

    def __init__(
        self, message: str, hint: str = "", code: str = "", can_retry: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.can_retry = can_retry
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """Message and hint on one line, whatever they hold."""
        return " ".join((self.message + " " + self.hint).split())


class Gone(Exception):
    """splunkd went away or ended this process: nobody reads a reply."""


class InputClosed(Gone):
    """splunkd closed its end while it waited for a reply, or before its request was whole."""


class Finalized(Exception):
    """The user stopped the search and wants what there is: splunkd still reads replies."""
