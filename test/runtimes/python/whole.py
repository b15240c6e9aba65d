"""Reads large whole numbers beside decimal ones: `whole.py MANY SEED`. Prints `fine` where all keep their digits that their type can hold."""

from __future__ import annotations

import random
import sys
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))
sys.path.insert(0, str(Path(__file__).parent))

from chances import by_chance  # noqa: E402

from worker import few  # noqa: E402
from worker.typed import TypedParser  # noqa: E402

HELD = {"int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)}
MOST = few.MOST_BYTES


def number(random: random.Random, kind: str, wild: bool) -> str:
    """A number near one where floats or types end, as text; a wild one may be beyond, or written in other ways."""
    least, most = HELD[kind]
    near = random.choice([0, 2**53, 2**63, 2**64, -(2**53), -(2**63)]) + random.randint(-3, 3)
    if not wild or random.random() < 0.7:
        return str(near) if least <= near <= most else str(random.choice([least, most]) if random.random() < 0.5 else abs(near) % 2**62)
    return random.choice([str(near), f"{near}.0", f"{near // 8}.5", "1e18", "1e19", "1.5e1", "-0", "", "1e999", "inf", "NAN", "-0.0"])


def fits(text: str, kind: str) -> bool:
    """Whether the type holds the number."""
    value = Decimal(text)
    return value.is_finite() and HELD[kind][0] <= value <= HELD[kind][1] and value == value.to_integral_value()


def keep_digits(random: random.Random) -> None:
    """Columns of whole numbers stay what they are whatever is beside them; others become floats, and the receipt says so."""
    few.MOST_BYTES = random.choice([MOST, -1])
    kinds = {"a": "int64", **{f"id{at}": random.choice(["int64", "uint64"]) for at in range(random.randint(1, 3))}}
    wild = {name: random.random() < 0.3 for name in kinds}
    blocks = []
    for _ in range(random.randint(1, 3)):
        rows = range(random.randint(1, 4))
        blocks.append({name: [number(random, kind, wild[name]) for _ in rows] for name, kind in kinds.items()})
    blocks[0]["a"][-1] = "1.5"
    parser = TypedParser(list(kinds), kinds, list(kinds), True)
    for block in blocks:
        text = "".join(",".join(row) + "\n" for row in zip(*block.values(), strict=True))
        before = parser.widened()
        frame = parser.parse(text.encode())
        for name, kind in kinds.items():
            values = block[name]
            is_whole = all(each == "" or fits(each, kind) for each in values)
            assert is_whole or name in parser.widened(), (name, text)
            if name in before or not is_whole or "" in values:
                assert str(frame[name].dtype) == "float64", (name, text, frame.dtypes)
                assert is_whole <= (name in before or name not in parser.widened()), (name, text)
                if not is_whole and name not in before and all(each == "" or abs(float(each)) < 2**53 for each in values):
                    assert parser.decimals[name] == sum(each != "" and not fits(each, kind) for each in values), (name, text, parser.decimals)
                continue
            assert frame[name].tolist() == [int(Decimal(each)) for each in values], (name, text, frame)
            assert str(frame[name].dtype) == kind, (name, text, frame.dtypes)


if __name__ == "__main__":
    by_chance(keep_digits)
