"""Names that work in the notebook alone: magics, and what no exported cell defines."""

from __future__ import annotations

import ast
import symtable
import textwrap
import warnings

from pyflakes.checker import Checker
from pyflakes.messages import UndefinedName

from .cells import NOT_PYTHON, Code, Json, plain_python, problem


def magic(node: ast.AST) -> str | None:
    """How the author wrote a call of get_ipython()."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=how), args=args):
            words = [str(each.value) for each in args if isinstance(each, ast.Constant)]
            match how, words:
                case "run_line_magic", ["pinfo", *rest]:
                    return f"{' '.join(rest)}?"
                case "run_line_magic", ["pinfo2", *rest]:
                    return f"{' '.join(rest)}??"
                case "run_line_magic", _:
                    return f"%{' '.join(words)}".strip()
                case "run_cell_magic", _:
                    return f"%%{' '.join(words[:2])}".strip()
                case ("system" | "getoutput"), _:
                    return f"!{' '.join(words)}"
            return f"get_ipython().{how}"
    return None


def magics(tree: ast.Module, module: Code) -> set[tuple[int, str]]:
    """The lines of the magics, and how each was written."""
    # Python takes other letters for these, too, but none of ASCII.
    if "get_ipython" not in module.text and module.text.isascii():
        return set()
    return {(node.lineno, how) for node in ast.walk(tree) if (how := magic(node)) and isinstance(node, ast.expr)}


def magic_problems(found: set[tuple[int, str]], module: Code) -> list[Json]:
    shown = ((line, textwrap.shorten(how, 80, placeholder=" …")) for line, how in sorted(found))
    return [
        problem("warning", "magic", f'"{how}" works in a notebook only: in a search it ends in NameError: get_ipython.',
                "Write it in Python." if module.part == "file" else "Move it to a cell that is not exported, or write it in Python.",
                module.place(line))
        for line, how in shown
    ]


def names_bound(typed: str) -> set[str]:
    """The names that a cell's top level gives a value."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(plain_python(typed), "<cell>", "exec")
    except NOT_PYTHON:
        return set()
    return {each.get_name() for each in table.get_symbols() if each.is_assigned() or each.is_imported()}


def undefined_problems(tree: ast.Module, module: Code, unmarked: list[Json], found: set[tuple[int, str]]) -> list[Json]:
    """`found`: the magics."""
    lines = {line for line, _ in found}
    uses = sorted({(m.lineno, str(m.message_args[0])) for m in Checker(tree).messages if isinstance(m, UndefinedName)})
    uses = [(line, name) for line, name in uses if not (name == "get_ipython" and line in lines)]
    bound = {each["cell"]: names_bound(each["source"]) for each in unmarked} if uses else {}
    problems, told = [], set()
    for line, name in uses:
        place = module.place(line)
        if (name, place.get("cell")) in told:
            continue
        told.add((name, place.get("cell")))
        cells = [cell for cell, names in bound.items() if name in names]
        hint = (f"Mark cell {cells[0]}, which defines it, or define it in an exported cell." if cells
                else f'Define or import "{name}" in an exported cell.' if module.part != "file" else f'Define or import "{name}".')
        problems.append(problem("warning", "undefined-name", f'"{name}" is used here, but no {module.part} defines it.', hint, place))
    return problems
