"""Pieces of what is printed, put together to lines: each piece is looked at once, however long a line grows."""

from __future__ import annotations

from codecs import utf_8_decode

LIMIT_BYTES = 1 << 20


def seen(line: str) -> str:
    """What is left of a line on a screen: of a progress bar, its last state."""
    return line.rstrip("\r").rpartition("\r")[2]


class Lines:
    """The line that has not ended. Whoever uses it from several threads locks it."""

    def __init__(self) -> None:
        # Of the line so far, what was overwritten included (a character that came in parts counts for more); 0 means that nothing
        # is there, and to look at it is all that a call without prints pays.
        # An interrupt may come between any two steps: the length is there before the pieces and goes after them, so that none
        # stays unnoticed for the next call.
        self.length = 0
        # No text before the last "\r" that more text follows: that "\r" is kept, as others may have got what it overwrites.
        self._pieces: list[str] = []
        # The beginning of a character.
        self._begun = b""

    def add(self, text: str) -> list[str]:
        """The lines that end with this text. One that grows beyond the limit ends, too."""
        if self._begun:
            text = self._broken() + text
        end, *others = text.split("\n")
        if end:
            self._keep(end)
        if not others:
            lines = []
        else:
            lines = [seen(self.take())]
            rest = others.pop()
            if others:
                lines += map(seen, others)
            if rest:
                self._keep(rest)
        if self.length > LIMIT_BYTES:
            lines += filter(None, [seen(self.take())])
        return lines

    def add_bytes(self, data: bytes) -> list[str]:
        """The same of UTF-8, which may end within a character."""
        if self._begun:
            data, self._begun = self._begun + data, b""
        text, used = utf_8_decode(data, "replace")
        lines = self.add(text)
        if used < len(data):
            self.length += len(data) - used
            self._begun = data[used:]
        return lines

    def take(self) -> str:
        """All that has no line end, which is no longer here."""
        if self._begun:
            self._keep(self._broken())
        pieces, self._pieces = self._pieces, []
        self.length = 0
        return "".join(pieces)

    def _keep(self, text: str) -> None:
        self.length += len(text)
        if "\r" in text and (last := text.rstrip("\r").rfind("\r")) >= 0:
            self._pieces = [text[last:]]
        elif text[0] != "\r" and self._pieces and self._pieces[-1][-1] == "\r":
            self._pieces = ["\r", text]
        else:
            self._pieces.append(text)

    def _broken(self) -> str:
        """Stands for a character whose end did not come."""
        self._begun = b""
        return "\ufffd"
