"""Draws the curves as pictures: `pictures.py CURVES.json FOLDER`.

One picture a curve, one panel for each kind of figure. Text stays text and dates are left out, so that an unchanged curve gives an unchanged file.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "curves", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})

from matplotlib import pyplot  # noqa: E402  (the way of drawing is chosen first)
from matplotlib.ticker import LogFormatter  # noqa: E402


def draw(curve: dict[str, Any], folder: Path) -> None:
    """One curve, whose columns without a panel are in the table alone."""
    panels = list(dict.fromkeys(column["panel"] for column in curve["columns"] if column["panel"]))
    figure, axes = pyplot.subplots(1, len(panels), figsize=(3.4 * len(panels), 2.8), squeeze=False)
    for axis, panel in zip(axes[0], panels, strict=True):
        highest = 0.0
        for column in (each for each in curve["columns"] if each["panel"] == panel):
            points = [(point["x"], point["values"][column["key"]]) for point in curve["points"] if column["key"] in point["values"]]
            axis.plot(*zip(*points, strict=True), marker="o", markersize=3, linewidth=1.2, label=column["title"])
            highest = max(highest, *(value for _, value in points))
        axis.set_xscale("log")
        if panel == "ms":
            axis.set_yscale("log")
            # Numbers as people write them, also where an axis spans less than a power of ten.
            axis.yaxis.set_major_formatter(LogFormatter())
            axis.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
        else:
            axis.set_ylim(0, highest * 1.15 or 1)
        axis.set_xlabel(curve["xTitle"])
        axis.set_ylabel(panel)
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=7)
    figure.tight_layout()
    figure.savefig(folder / f"{curve['id']}.svg", metadata={"Date": None})
    pyplot.close(figure)


def main(curves: Path, folder: Path) -> None:
    """Draw all."""
    folder.mkdir(parents=True, exist_ok=True)
    for curve in json.loads(curves.read_text()):
        draw(curve, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
