"""Property: wherever the link led before, and whatever the code did to it, a call finds its own folder there.

Usage: python data_folder.py runtimes/python STEPS
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
from worker import data_folder  # noqa: E402
from worker.data_folder import MOST_READY, DataFolder  # noqa: E402


def wander(steps: int, seed: int) -> int:
    """Point at random folders, some more often, and look. Gives how many links lie ready at the end."""
    drawn = random.Random(seed)
    with tempfile.TemporaryDirectory() as base:
        link = f"{base}/link"
        folders = [f"{base}/{number}" for number in range(MOST_READY + 20)]
        for number, folder in enumerate(folders):
            os.mkdir(folder)
            with open(f"{folder}/name", "w") as file:
                file.write(str(number))
        data, last = DataFolder(link), -1
        for _ in range(steps):
            number = drawn.choice([0, 1, 2, drawn.randrange(len(folders))])
            data.point(folders[number], folders[number])
            with open(f"{link}/name") as file:
                assert file.read() == str(number), (seed, number, os.readlink(link))
            last = number
            odd = drawn.random()
            if odd < 0.03:
                # As code may do; then the next call must be for another folder to find its own (as it always was).
                os.remove(link)
                if odd < 0.02:
                    os.symlink(folders[3], link)
                data.point(folders[last - 1], folders[last - 1])
            elif odd < 0.04:
                shutil.rmtree(f"{link}.ready", ignore_errors=True)
            assert len(data._ready) <= MOST_READY
        return len(data._ready)


steps = int(sys.argv[2])
assert all(wander(steps, seed) > 0 for seed in range(4)), "nothing lies ready: are links exchanged?"
data_folder._rename = None  # as where the system cannot
assert not any(wander(steps, seed) for seed in range(4))
print("fine")
