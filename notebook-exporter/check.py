"""Look at a notebook's exported cells, or at the files of a module, without running them.

Usage: python -I -X utf8 check.py

One JSON request a line on stdin, one JSON answer a line on stdout, in order. A request holds the
exported cells, the cells that are not exported (only to say which of them defines a missing name)
and the requirements. An answer holds each exported cell as IPython turns it into plain Python, with
the places its lines came from, and what was found. answer.ts has the same shapes as schemas.

Nothing of a user is imported or executed here: cells are tokenized, parsed and compiled, no more.
"""

from __future__ import annotations

import gc
import json
import os
import sys

# An isolated interpreter does not look beside the script; what users import must not be found there either.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from python_check.cells import Cell, Json, Module, parse  # noqa: E402
from python_check.entry_points import entry_points  # noqa: E402
from python_check.files import File, file_problem, settings  # noqa: E402
from python_check.imports import Imports, package_problems, requirement_problems  # noqa: E402
from python_check.names import magic_problems, magics, undefined_problems  # noqa: E402
from python_check.syntax import syntax_problems  # noqa: E402

sys.path.pop(0)


def check_module(request: Json) -> Json:
    """A module laid in as files, the one with the entry points first."""
    files = [File(each["path"], each["source"]) for each in request["files"]]
    said, problems = settings(files[0])
    names: list[str] = []
    star = False
    needs: dict[str, Json] = {}
    for file in files:
        broken, tree = file_problem(file)
        problems += [broken] if broken else []
        if file is files[0]:
            names, star, arity = entry_points(tree, file)
            problems += arity
        imports = Imports(file.package)
        imports.visit(tree)
        found = magics(tree, file)
        problems += magic_problems(found, file) + undefined_problems(tree, file, [], found) + package_problems(imports.packages, file)
        for name, line in imports.siblings.items():
            if name != request["module"]:
                needs.setdefault(name, file.place(line))
    required = said.get("requirements")
    if isinstance(required, list):
        problems += requirement_problems([each for each in required if isinstance(each, str)])
    return {
        "cells": [],
        "problems": problems,
        "entryPoints": names,
        "more": star,
        "needs": [{"module": name, **place} for name, place in needs.items()],
        "settings": said,
    }


def check(request: Json) -> Json:
    if "files" in request:
        return check_module(request)
    cells = [Cell(each["cell"], each["source"]) for each in request["cells"]]
    module = Module(cells)
    problems, broken, tree = syntax_problems(module)
    # The rest is looked at as if the broken cells had no code.
    tree = tree or parse(Module(cells, broken).text)
    names, star, arity = entry_points(tree, module)
    imports = Imports()
    imports.visit(tree)
    found = magics(tree, module)
    problems += arity + magic_problems(found, module)
    if not broken:
        problems += undefined_problems(tree, module, request["unmarked"], found)
    problems += package_problems(imports.packages, module) + requirement_problems(request["requirements"])
    return {
        "cells": [{"cell": each.cell, "source": each.source, "spans": [span._asdict() for span in each.spans]} for each in cells],
        "problems": problems,
        "entryPoints": names,
        "more": star,
        "needs": [{"module": name, **module.place(line)} for name, line in imports.siblings.items()],
    }


def main() -> None:
    # Answers have a descriptor of their own: whatever a library prints goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.freeze()  # the libraries stay: no collection needs to look at them
    gc.disable()  # a save waits for the answer: what it leaves behind is collected afterwards
    for line in sys.stdin.buffer:
        try:
            answer = check(json.loads(line))
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()
        gc.collect()


if __name__ == "__main__":
    main()
