"""What the code imports: sibling modules of app.model, and packages that may be missing."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Sequence

from packaging.requirements import InvalidRequirement, Requirement

from .cells import Code, Json, problem

# Packages that are not named as what they let import.
PACKAGES = {
    "sklearn": "scikit-learn", "skimage": "scikit-image", "cv2": "opencv-python-headless", "PIL": "pillow",
    "yaml": "pyyaml", "bs4": "beautifulsoup4", "dateutil": "python-dateutil", "Crypto": "pycryptodome",
}

# What every worker and kernel has of ours (client/python).
OURS = "compute_bridge"
# By name, the file that a package was found by: as long as that is there, so is the package. To look for it anew takes a millisecond.
FILES: dict[str, str] = {}


class Imports(ast.NodeVisitor):
    """The modules that are imported: `app.model.x` as siblings, all others by their first name."""

    def __init__(self, package: Sequence[str] = ("app", "model")) -> None:
        """`package`: what relative imports are relative to."""
        self.package = package
        self.siblings: dict[str, int] = {}
        self.packages: dict[str, int] = {}
        self.guarded = False

    def note(self, dotted: str, line: int) -> None:
        match dotted.split("."):
            case ["app", "model", sibling, *_]:
                self.siblings.setdefault(sibling, line)
            case ["app", *_]:
                pass
            case [package, *_] if not self.guarded:
                self.packages.setdefault(package, line)

    def visit_Import(self, node: ast.Import) -> None:
        for each in node.names:
            self.note(each.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level > len(self.package):
            return
        if node.level:
            base = ".".join([*self.package[: len(self.package) - node.level + 1], base]).rstrip(".")
        for each in node.names:
            self.note(f"{base}.{each.name}" if base == "app.model" and each.name != "*" else base, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"), args=[ast.Constant(value=str(name)), *_]):
                if name.startswith("app.model."):
                    self.note(name, node.lineno)
        self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        caught = " ".join(ast.unparse(each.type) if each.type else "ImportError" for each in node.handlers)
        before = self.guarded
        self.guarded = before or re.search(r"\b(ImportError|ModuleNotFoundError|Exception|BaseException)\b", caught) is not None
        self.generic_visit(node)
        self.guarded = before

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in ast.unparse(node.test):
            self.generic_visit(node)


def package_problems(packages: dict[str, int], module: Code) -> list[Json]:
    problems = []
    for name, line in packages.items():
        if not (name == OURS or name in sys.stdlib_module_names or is_here(name)):
            problems.append(problem("warning", "missing-package", f'There is no package here that lets "{name}" be imported.',
                                    f"Add it with: npm run python -- add {PACKAGES.get(name, name)}.", module.place(line)))
    return problems


def is_here(name: str) -> bool:
    """Whether a package can be found, which may have been installed or removed a moment ago."""
    if name in FILES and os.path.isfile(FILES[name]):
        return True
    importlib.invalidate_caches()
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    if spec is not None and spec.has_location and spec.origin is not None:
        FILES[name] = spec.origin
    return spec is not None


def requirement_problems(requirements: list[str]) -> list[Json]:
    problems = []
    for text in requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            problems.append(problem("error", "bad-setting", f'requirements: "{text}" is not a requirement.',
                                    'Write it as pip does, such as "scikit-learn>=1.5".'))
            continue
        if wanted.marker and not wanted.marker.evaluate():
            continue
        try:
            installed = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            installed = None
        if installed is None or not wanted.specifier.contains(installed, prereleases=True):
            has = "it is not installed" if installed is None else f"{installed} is installed"
            problems.append(problem("warning", "unmet-requirement", f"The notebook requires {wanted}, but {has}.",
                                    f'Add it with: npm run python -- add "{text}".'))
    return problems
