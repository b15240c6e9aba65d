"""The functions that a call may run, and whether they can be called as calls do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .cells import Code, Json, problem

# What each entry point is called with. summary() is also called without a model; see arity_problem.
ENTRY_POINTS: dict[str, tuple[str, ...]] = {
    "init": ("df", "param"),
    "fit": ("model", "df", "param"),
    "apply": ("model", "df", "param"),
    "save": ("model", "name"),
    "load": ("name",),
    "summary": ("model",),
}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, those inside of if, try, with and loops too."""
    for each in body:
        yield each
        if isinstance(each, (*FUNCTIONS, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from top_level(getattr(each, part, []))
        for part in (*getattr(each, "handlers", []), *getattr(each, "cases", [])):
            yield from top_level(part.body)


def definitions(tree: ast.Module) -> tuple[dict[str, ast.AST], bool]:
    """The module's names and what defines each (the last wins), and whether `import *` may bring more."""
    found: dict[str, ast.AST] = {}
    star = False
    for each in top_level(tree.body):
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = each
            case ast.Assign(targets=targets):
                found.update({one.id: each for one in targets if isinstance(one, ast.Name)})
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
                found[name] = each
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                star = star or any(one.name == "*" for one in names)
                found.update({(one.asname or one.name).split(".")[0]: each for one in names})
    return found, star


def arguments_of(node: ast.AST) -> ast.arguments | None:
    """None where a signature cannot be seen: classes, imports, decorated functions."""
    match node:
        case ast.FunctionDef(decorator_list=[], args=args) | ast.AsyncFunctionDef(decorator_list=[], args=args):
            return args
        case ast.Assign(value=ast.Lambda(args=args)) | ast.AnnAssign(value=ast.Lambda(args=args)):
            return args
    return None


def takes(args: ast.arguments, count: int) -> bool:
    """Whether a function can be called with that many positional arguments and nothing else."""
    places = len(args.posonlyargs) + len(args.args)
    if any(default is None for default in args.kw_defaults):
        return False
    return places - len(args.defaults) <= count and (count <= places or args.vararg is not None)


def arity_problem(name: str, node: ast.AST, place: Json) -> Json | None:
    wanted = ENTRY_POINTS[name]
    call = f"{name}({', '.join(wanted)})"
    if isinstance(node, ast.AsyncFunctionDef):
        return problem("error", "bad-entry-point", f"{name} is an async function, and entry points are called without await.",
                       f"Define it as def {call}, and use asyncio.run(...) inside.", place)
    args = arguments_of(node)
    if args is None:
        return None
    if not takes(args, len(wanted)):
        return problem("error", "bad-entry-point", f"{name} cannot be called as {call}.",
                       f"Define it as def {'summary(model=None)' if name == 'summary' else call}.", place)
    if name == "summary" and not takes(args, 0):
        return problem("warning", "summary-needs-model", "summary is also called without a model, which this one cannot be.",
                       "Define it as def summary(model=None).", place)
    return None


def entry_points(tree: ast.Module, module: Code) -> tuple[list[str], bool, list[Json]]:
    found, star = definitions(tree)
    names = [name for name in ENTRY_POINTS if name in found]
    problems = [arity_problem(name, found[name], module.place(getattr(found[name], "lineno", 1))) for name in names]
    if names:  # a module without any is a library: its functions are for other modules
        for name, node in found.items():
            args = arguments_of(node) if isinstance(node, ast.FunctionDef) else None
            if args is None or name in ENTRY_POINTS or name.startswith("_") or name == "stage":
                continue
            if len(args.posonlyargs) + len(args.args) == 3 and takes(args, 3):
                names.append(name)
    return names, star, [each for each in problems if each]
