"""Compare what the check makes of cells with what IPython's transformer does, where it is not asked.

Usage: plain_python.py EXPORTER_FOLDER SEED

Prints {"asked": count, "plain": count, "different": [cells]} as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from python_check.cells import IPYTHONS, plain_python, transformed

PIECES = (
    "a = % ! ? != == x ( ) ' \" ''' # , ; / >>> ... In[1]: . 0x 1 @ ` $ \\ { } [ ] : f' * ~ ?a %%b %time lambda await - < := def if try pass print(1) é \x00 \x0c".split(" ")
    + ["\n", "\n", "\n", "\n ", "\n    ", " ", "\t", "\r", "\r\n", "\\\n", "In [1]: ", "[ins] In [1]: ", "[nav] In [2]: ", ">>> ", "\ufeff"]
)


def cells(seed: str) -> list[str]:
    """Texts of pieces that mean something to IPython or to the tokenizer, and files of Python's library, whole and in parts."""
    draw = random.Random(seed)
    found = ["".join(draw.choice(PIECES) for _ in range(draw.randint(1, 12))) for _ in range(30_000)]
    for path in sorted(Path(os.__file__).parent.glob("*.py"))[:60]:
        text = path.read_text(encoding="latin-1")
        found += [text[:40_000], *text.split("\n\n")[:40]]
    return found


asked, plain, different = 0, 0, []
for cell in cells(sys.argv[2]):
    if not cell.strip():
        continue
    if IPYTHONS.search(cell):
        asked += 1
        continue
    plain += 1
    try:
        expected = transformed.__wrapped__(cell)
    except Exception:
        expected = cell if cell.endswith("\n") else cell + "\n"
    if plain_python(cell) != expected:
        different.append(cell)
print(json.dumps({"asked": asked, "plain": plain, "different": different[:10]}))
