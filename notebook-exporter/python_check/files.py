"""A module that was laid in as Python files: its lines are the files' own."""

from __future__ import annotations

import ast
import tomllib

from .cells import NOT_PYTHON, Json, parse, problem
from .syntax import compile_problem, syntax_problem

OPENING, CLOSING = "# /// script", "# ///"


class File:
    """One Python file of a module. `path` is relative to app/model."""

    part = "file"

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        # What `from . import x` is relative to.
        self.package = ["app", "model", *path.split("/")[:-1]]

    def place(self, line: int) -> Json:
        return {"file": self.path, "line": line}


def file_problem(file: File) -> tuple[Json | None, ast.Module]:
    """What keeps a file from being compiled, and what there is to look at further: of one that is broken, nothing."""
    try:
        tree = parse(file.text)
    except NOT_PYTHON as error:
        return syntax_problem(error, file.place(getattr(error, "lineno", None) or 1)), parse("")
    broken = compile_problem(file, tree)
    return broken, parse("") if broken else tree


def settings(file: File) -> tuple[Json, list[Json]]:
    """What the file says of itself in a block of TOML comments (PEP 723, "Inline script metadata").

    `dependencies` are requirements; `[tool.compute_bridge]` has the keys of a notebook's metadata.compute_bridge.
    """
    lines = file.text.splitlines()
    if OPENING not in lines:
        return {}, []
    first = lines.index(OPENING)
    rest = lines[first + 1 :]
    block = rest[: next((at for at, line in enumerate(rest) if not line.startswith("#")), len(rest))]
    if CLOSING not in block:
        return {}, [bad(file, first, f'it has no end: a line "{CLOSING}"')]
    last = len(block) - 1 - block[::-1].index(CLOSING)
    try:
        found = tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in block[:last]))
    except tomllib.TOMLDecodeError as error:
        return {}, [bad(file, first, str(error))]
    tool = found.get("tool")
    ours = tool.get("compute_bridge", {}) if isinstance(tool, dict) else {}
    if not isinstance(ours, dict):
        return {}, [bad(file, first, "tool.compute_bridge is no table")]
    return ({"requirements": found["dependencies"]} if "dependencies" in found else {}) | ours, []


def bad(file: File, at: int, why: str) -> Json:
    message = f"The block of settings cannot be read: {why}."
    return problem("error", "bad-setting", message, "Write it as PEP 723 says, in TOML.", file.place(at + 1))
