"""The exported cells as plain Python, and as one module whose lines lead back to cells."""

from __future__ import annotations

import ast
import difflib
import functools
import re
import warnings
from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

from IPython.core.inputtransformer2 import TransformerManager

Json = dict[str, Any]

# Whatever a parser may raise about a text that is no program: bad syntax, NUL or half characters, too deep nesting.
NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
# Of longer cells, in characters, nothing is kept.
LONGEST_KEPT = 10_000
LINE_END = re.compile(r"\r\n|\r|\n")
# What IPython may take for its own: magics, commands and questions; at the begin of a line also prompts and calls without
# brackets; and what it takes off or tokenizes in its own way. A cell without any of it is plain Python to it.
IPYTHONS = re.compile(r"%|\?|!(?!=)|\A\s|[^\S \n]|[^\x00-\x7f]|\x00|^ +$|^ *(?:[,;/!]|>>>|\.\.\.|In *\[|\[(?:ins|nav)\])", re.MULTILINE)


class Code(Protocol):
    """A text of Python that somebody wrote: exported cells, or a file."""

    text: str
    # What it consists of, for people.
    part: str

    def place(self, line: int) -> Json:
        """Where its author finds a line, from 1."""


class Span(NamedTuple):
    """`lines` lines of the plain Python, from `line`, that began at `cellLine` of the cell. All from 1."""

    line: int
    lines: int
    cellLine: int


class Cell:
    """One exported cell: as it was typed, and as plain Python."""

    def __init__(self, cell: int, typed: str) -> None:
        self.cell = cell
        self.source = plain_python(typed)
        self.spans = spans(typed, self.source)

    def place(self, line: int) -> Json:
        """Where the author finds a line of the plain Python."""
        before = [span for span in self.spans if span.line <= line]
        if not before:
            return {"cell": self.cell, "line": 1}
        return {"cell": self.cell, "line": before[-1].cellLine + min(line - before[-1].line, max(before[-1].lines - 1, 0))}


class Module:
    """The cells as one module, lines counted through."""

    part = "exported cell"

    def __init__(self, cells: list[Cell], without: Collection[Cell] = ()) -> None:
        """Cells in `without` become as many empty lines."""
        self.starts: list[tuple[int, Cell]] = []
        texts: list[str] = []
        line = 1
        for each in cells:
            self.starts.append((line, each))
            texts.append(("\n" * len(lines_of(each.source)) if each in without else each.source) + "\n\n")
            line += len(lines_of(texts[-1]))
        self.text = "".join(texts)

    def place(self, line: int) -> Json:
        start, cell = [each for each in self.starts if each[0] <= line][-1]
        return cell.place(line - start + 1)


def lines_of(text: str) -> list[str]:
    """Lines as Python's tokenizer counts them, which str.splitlines does not."""
    lines = LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


@functools.lru_cache(maxsize=2000)
def transformed(typed: str) -> str:
    """Kept, for a save changes a cell or two, and IPython takes longer over a cell than all the rest does."""
    return TransformerManager().transform_cell(typed)


def plain_python(typed: str) -> str:
    if not typed.strip():
        return ""
    try:
        if not IPYTHONS.search(typed):
            return typed if typed.endswith("\n") else typed + "\n"
        return (transformed if len(typed) <= LONGEST_KEPT else transformed.__wrapped__)(typed)
    except Exception:  # IPython gives up on some texts, such as hundreds of magics: the parser will say what is wrong
        return typed if typed.endswith("\n") else typed + "\n"


def spans(typed: str, plain: str) -> list[Span]:
    before, after = lines_of(typed), lines_of(plain)
    if not after:
        return [Span(1, 0, 1)]
    blank = len(before) - len(after)
    # The usual case: nothing but leading empty lines went away. Prompts and indents leave the number of lines alone.
    if blank >= 0 and not "".join(before[:blank]).strip():
        return [Span(1, len(after), blank + 1)]
    first = next((at for at, line in enumerate(before) if line.strip()), 0)
    found = []
    for _, i, _, j, end in difflib.SequenceMatcher(None, before[first:], after, autojunk=False).get_opcodes():
        if end > j:
            found.append(Span(j + 1, end - j, min(first + i, len(before) - 1) + 1))
    return found


def problem(severity: str, code: str, message: str, hint: str, place: Json | None = None) -> Json:
    return {"severity": severity, "code": code, **(place or {}), "message": message, "hint": hint}


def parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)
