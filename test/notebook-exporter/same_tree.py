"""Compare exported files with what IPython's transformer makes of the marked cells, as nbconvert joins them.

Usage: same_tree.py INPUT_FOLDER OUTPUT_FOLDER

Prints {"same": count, "different": [names], "unparsable": [names]} as JSON. Where there is no syntax tree the
texts less their comment lines are compared.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import warnings
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager


def is_marked(cell: dict) -> bool:
    metadata = cell.get("metadata", {})
    first = "".join(cell["source"]).split("\n")[0].strip()
    return bool(metadata.get("name") or "export" in metadata.get("tags", []) or re.fullmatch(r"#\s*\|\s*export", first))


def reference(notebook: dict) -> str:
    cells = [each for each in notebook["cells"] if each["cell_type"] == "code" and is_marked({"source": "", **each})]
    plain = [TransformerManager().transform_cell("".join(each.get("source", ""))) for each in cells]
    return "#!/usr/bin/env python\n# coding: utf-8\n\n" + "".join(f"\n# In[ ]:\n\n\n{each}\n\n" for each in plain)


def without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def main() -> None:
    warnings.simplefilter("ignore")
    same, different, unparsable = 0, [], []
    for path in sorted(Path(sys.argv[1]).glob("*.ipynb")):
        exported = Path(sys.argv[2]) / path.stem / f"{path.stem}.py"
        if not exported.exists():
            continue
        wanted = reference(json.loads(path.read_text()))
        found = exported.read_bytes().decode()
        try:
            equal = ast.dump(ast.parse(found)) == ast.dump(ast.parse(wanted))
        except (SyntaxError, ValueError):
            unparsable.append(path.stem)
            equal = without_comments(found) == without_comments(re.sub("[\ud800-\udfff]", "\ufffd", wanted))
        if equal:
            same += 1
        else:
            different.append(path.stem)
    print(json.dumps({"same": same, "different": different, "unparsable": unparsable}))


if __name__ == "__main__":
    main()
