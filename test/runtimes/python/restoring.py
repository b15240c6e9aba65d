"""Begins calls of a module, where putting back takes the given times, and prints the notes of each as JSON: `restoring.py < CASE`.

The case: `source`, the module's; `calls`, a list of `{"at", "took", "method"}`, seconds of when a call begins and of what putting back before it took.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parents[3] / "runtimes/python"))

from worker.calls import Report, Session  # noqa: E402
from worker.globals import Snapshots  # noqa: E402
from worker.interrupts import Interrupts  # noqa: E402
from worker.rehearsal import Nowhere  # noqa: E402
from worker.restoring import Restoring  # noqa: E402
from worker.rewriting import RewritingLoader  # noqa: E402
from worker.unattended import Unattended  # noqa: E402

case = json.load(sys.stdin)
module = ModuleType("app.model.probe")
exec(case["source"], module.__dict__)
RewritingLoader.imported.append(module)
snapshots = Snapshots(lambda _: None)
now = taking = 0.0


def take() -> None:
    """Putting back takes as long as it is to take."""
    global now
    now += taking


def begun(at: float, took: float, method: str = "apply") -> list[str]:
    """The notes of a call that begins then."""
    global now, taking
    now, taking = at - took, took
    report = Report()
    session.restore()
    session.begin({"method": method, "model": None}, report)
    return report.notes


class Beginning(Restoring):
    """One that puts back no more than this."""

    def enter(self) -> None:
        """Nothing of a load's."""


restoring = Beginning((snapshots.restore, take), snapshots, clock=lambda: now)
session = Session(module, Interrupts(), Nowhere(), restoring, Unattended())
print(json.dumps([begun(**call) for call in case["calls"]]))
