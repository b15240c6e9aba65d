"""What keeps the cells from being compiled."""

from __future__ import annotations

import ast
import re
import warnings

from .cells import NOT_PYTHON, Cell, Code, Json, Module, parse, problem


def syntax_problem(error: BaseException, place: Json) -> Json:
    what = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
    if re.search(r"'await' outside function|outside (of an )?async", what):
        return problem("error", "top-level-await", "await stands outside of a function: a notebook can run it, a module cannot.",
                       "Move it into an async function and run that with asyncio.run(...).", place)
    return problem("error", "syntax-error", f"This is not valid Python: {what}.", "Mend the line and save again.", place)


def syntax_problems(module: Module) -> tuple[list[Json], list[Cell], ast.Module | None]:
    """What keeps the module from being compiled, the cells that cannot be parsed, and, if there are none, its tree."""
    try:
        tree = parse(module.text)
    except NOT_PYTHON as error:
        problems, broken = [], []
        for _, cell in module.starts:
            try:
                parse(cell.source)
            except NOT_PYTHON as own:
                broken.append(cell)
                problems.append(syntax_problem(own, cell.place(getattr(own, "lineno", None) or 1)))
        if broken:
            return problems, broken, None
        place = module.place(getattr(error, "lineno", None) or 1)
        return [syntax_problem(error, place)], [cell for _, cell in module.starts], None
    late = compile_problem(module, tree)
    return [late] if late else [], [], tree


def compile_problem(code: Code, tree: ast.Module) -> Json | None:
    """What the compiler refuses of a text that can be parsed, whose tree is given."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                compile(tree, "<code>", "exec", dont_inherit=True)
            except NOT_PYTHON:  # a tree is taken back less deep than a text is read, and says less
                compile(code.text, "<code>", "exec", dont_inherit=True)
    except NOT_PYTHON as error:
        return syntax_problem(error, code.place(getattr(error, "lineno", None) or 1))
    return None
