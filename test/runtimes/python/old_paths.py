"""Sources whose old paths are looked for, against looking at every node: `old_paths.py WORKER SEED`. Prints what differs, and how many took which way."""

from __future__ import annotations

import ast
import glob
import json
import os
import random
import runpy
import sys
import tempfile
import warnings
from types import CodeType

runpy.run_path(os.path.join(sys.argv[1], "__main__.py"))["install"]()
from compute_bridge_worker.paths import MODEL_DATA, PathRewriter, may_hold_old_paths, rules  # noqa: E402
from compute_bridge_worker.rewriting import RewritingLoader  # noqa: E402

RULES = rules("/link", "/home/b")
PATHS = [MODEL_DATA, "/srv/notebooks/x.csv", "/srv", "/srv/app", *("srv/app", "/s/rv", "rv", "data.csv") * 2]
ESCAPES = {"/": ["/", "\\x2f", "\\57", "\\057", "\\u002f", "\\U0000002f", "\\N{SOLIDUS}"], "s": ["s", "\\x73", "\\\n", "s\\\n"], "r": ["r", "\\162"]}


def slow(source: bytes, path: str) -> CodeType:
    """As it was always done."""
    tree = PathRewriter(RULES).visit(ast.parse(source, path))
    return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


def quick(source: bytes, path: str) -> CodeType:
    """As the loader does it."""
    with open(path, "wb") as file:
        file.write(source)
    RewritingLoader.pairs = RULES
    return RewritingLoader("m", path).get_code("m")


def literal(dice: random.Random) -> str:
    """A path in one or more literals, of all kinds, cut anywhere, with escapes."""
    text = dice.choice(PATHS)
    cuts = sorted(dice.sample(range(len(text) + 1), dice.randrange(min(4, len(text) + 1))))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    written = []
    for piece in pieces:
        prefix, quote = dice.choice(["", "", "", "f", "u", "r"]), dice.choice(['"', "'", '"""', "\'\'\'"])
        if dice.random() < 0.1:
            piece = "".join(dice.choice(ESCAPES.get(each, [each])) for each in piece)
            prefix = prefix.replace("f", "").replace("r", "")
        if dice.random() < 0.1:
            prefix, piece = "f", "{1}" + piece.replace("\\", "/")
        written.append(f"{prefix}{quote}{piece}{quote}")
    joint = dice.choice([" ", " \\\n ", "\n"])
    return f"({joint.join(written)})"


def main() -> None:
    warnings.simplefilter("ignore")
    dice = random.Random(int(sys.argv[2]))
    differing: list[str] = []
    taken = {"quick": 0, "slow": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.py")
        sources = [f"a = {literal(dice)}\ndef f(x={literal(dice)}):\n    '''d'''\n    return [{literal(dice)}]\n".encode() for _ in range(3000)]
        sources.append("# coding: utf-7\na = '+AC8-srv/app'\n".encode())
        for name in glob.glob(os.path.join(os.path.dirname(json.__file__), "..", "*.py"))[:60]:
            with open(name, "rb") as file:
                sources.append(file.read())
        for source in sources:
            try:
                expected = slow(source, path)
            except SyntaxError:
                continue
            taken["slow" if may_hold_old_paths(source) else "quick"] += 1
            if quick(source, path) != expected:
                differing.append(source.decode(errors="replace")[:300])
    print(json.dumps({"differing": differing[:5], **taken}))


main()
