"""Old paths: notebooks name `/srv/app/model/data/…` and `/srv/notebooks/…` literally.

String constants that begin with such a path are rewritten as code is compiled. Used by workers and by the
kernels' start-up; needs nothing but the standard library.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

MODEL_DATA = "/srv/app/model/data"
SRV = "/srv"

# What a source holds if one of its string constants, as Python reads it, or a piece of an f-string, begins with /srv: the text itself; a piece of it at the end
# of a literal, or of what an f-string has after a brace, with the rest in the next one; an escape that could be one of its
# letters, or a line that goes on; or an encoding in which it looks different.
TRACES = re.compile(rb"""/srv|['"}]/s?r?['"]|\\[xuUN0-7\r\n]|coding|\x00""")


def rules(data: str, home: str) -> list[tuple[str, str]]:
    """Pairs (old prefix, new prefix), the longest first.

    `data` is what model data means here, always: a worker's own link, or BRIDGE_HOME's folder for kernels.
    Other paths under /srv change only where BRIDGE_HOME (`home`) is not /srv itself.
    """
    found = [(MODEL_DATA, data)]
    if home.rstrip("/") not in ("", SRV):
        found += [(f"{SRV}/{name}", f"{home.rstrip('/')}/{name}") for name in ("app", "notebooks")]
    return [(old, new) for old, new in found if old != new]


def rewritten(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The text with an old prefix replaced, if it begins with one at a path's boundary."""
    for old, new in pairs:
        if text == old or text.startswith(f"{old}/"):
            return new + text[len(old) :]
    return text


def may_hold_old_paths(source: bytes) -> bool:
    """False: PathRewriter would change nothing. To ask takes microseconds, where looking at each node of a short module takes milliseconds."""
    return TRACES.search(source) is not None


class PathRewriter(ast.NodeTransformer):
    """Rewrites string constants, those within f-strings too. Line numbers stay."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Replace a text that begins with an old path."""
        if isinstance(node.value, str) and node.value.startswith(SRV):
            return ast.copy_location(ast.Constant(rewritten(node.value, self._pairs), kind=node.kind), node)
        return node
