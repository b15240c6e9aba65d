"""Old paths: notebooks name `/srv/app/model/data/…` and `/srv/notebooks/…` literally.

String constants that begin with such a path are rewritten as code is compiled. Used by workers and by the
kernels' start-up; needs nothing but the standard library.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

MODEL_DATA = "/srv/app/model/data"
SRV = "/srv"


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


class PathRewriter(ast.NodeTransformer):
    """Rewrites string constants, those within f-strings too. Line numbers stay."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = pairs

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Replace a text that begins with an old path."""
        if isinstance(node.value, str) and node.value.startswith(SRV):
            return ast.copy_location(ast.Constant(rewritten(node.value, self._pairs), kind=node.kind), node)
        return node
