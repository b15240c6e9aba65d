"""Lines that are put together of pieces, against the whole text looked at for each: `printed.py < CASES`.

Cases: JSON, a list of `{"limit", "pieces"}`; a piece is a text, a list of bytes, or null where a call ends. Prints what differs, one text or null a case.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from worker import lines, printed  # noqa: E402


class Whole:
    """As it was always done: all that has no line end is looked at again with each piece."""

    def __init__(self, limit: int) -> None:
        self.rest, self.limit, self.said = "", limit, []

    def write(self, text: str) -> None:
        *ended, self.rest = (self.rest + text).split("\n")
        for line in ended:
            self.said.append(line.rstrip("\r").rpartition("\r")[2])
        if len(self.rest) > self.limit:
            self.finish()

    def finish(self) -> None:
        rest, self.rest = self.rest.rstrip("\r").rpartition("\r")[2], ""
        if rest:
            self.said.append(rest)


class Said(list):
    """A log that only remembers."""

    def line(self, _level: str, text: str) -> None:
        self.append(text)


def wrong(case: dict[str, Any]) -> str | None:
    """What is wrong with one case."""
    lines.LIMIT_BYTES = case["limit"]
    said, whole, held = Said(), Whole(case["limit"]), b""
    stream = printed.Printed(said, "info", 1, "<stdout>")

    def tell(begun: bytes, is_over: bool) -> bytes:
        """What is a text by now; what is not comes back."""
        text, used = lines.utf_8_decode(begun, "replace", is_over)
        whole.write(text)
        return begun[used:]

    for at, piece in enumerate(case["pieces"]):
        if piece is None:
            held = tell(held, True)
            whole.finish()
            stream.finish()
        elif isinstance(piece, str):
            held = tell(held + piece.encode(), True)
            stream.write(piece)
        else:
            held = tell(held + bytes(piece), False)
            stream.buffer.write(bytes(piece))
        if said != whole.said:
            return f"piece {at}: {said[-3:]!r} is not {whole.said[-3:]!r}"
        if (stream.lines.length == 0) != (not whole.rest and not held):
            return f"piece {at}: whether something is there"
    return None


def drive(writes: int) -> list[int]:
    """So many pieces without a line end, to what stands for a stream and to what reads a descriptor: how long the two lines are, and the most that is held of a bar."""
    said, most = Said(), 0
    stream, read = printed.Printed(said, "info", 1, "<stdout>"), lines.Lines()
    for at in range(writes):
        stream.write(("text", "10 % \r", "\r20 %")[at % 3])
        most = max(most, len(stream.lines._pieces))
        if read.add_bytes(b"text"):
            raise AssertionError("a line that nobody ended")
    stream.write("ends")
    stream.finish()
    return [len("".join(said)), len(read.take()), most]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(drive(asked) if isinstance(asked, int) else [wrong(case) for case in asked]))
