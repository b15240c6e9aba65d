"""The frame that ends an answer (contract/worker.ts, WorkerDone)."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

from .calls import Report
from .frames import DONE, to_json
from .wording import bounded

# In characters: most clients take 16 kB of headers.
LONGEST_NOTE, ALL_NOTES = 2000, 8000


def done(call: Mapping[str, Any], report: Report, received: int, used: int, returned: int, signature: list[dict[str, str]] | None) -> tuple[int, bytes]:
    """The done frame."""
    # Numbers are each call's own; all else of most calls has been said before. The clock knows nanoseconds; to find the shortest text of a float takes longer.
    loading, computing = report.seconds["loading"], report.seconds["computing"]
    rows = f'{{"received":{received},"used":{used},"returned":{returned}}}'
    counted = f'{{"rows":{rows},"seconds":{{"loading":{loading:.9f},"computing":{computing:.9f}}},'.encode()
    text = report.text() if call["strict"] and call["method"] == "summary" else None
    if signature is None and text is None and report.summary is None and not report.notes and not report.is_spent:
        return DONE, counted + _usual(device(), report.was_loaded)
    return DONE, counted + _rest(device(), report.was_loaded, signature, report.summary, text, shortened(report.notes), report.is_spent)


def shortened(notes: list[str]) -> list[str]:
    """As many notes as a receipt has room for. 20,000 columns can have one each, and clients take no headers of any length."""
    kept, left = [], ALL_NOTES
    for at, note in enumerate(notes):
        note = bounded(note, LONGEST_NOTE)
        left -= len(note)
        if left < 0:
            return [*kept, f"{len(notes) - at} more notes are left out."]
        kept.append(note)
    return kept


def _rest(device: str, was_loaded: bool | None, signature: Any, summary: str | None, text: str | None, notes: list[str], is_spent: bool = False) -> bytes:
    said = {"device": device, "signature": signature, "modelWasLoaded": was_loaded, "summary": summary, "modelText": text, "notes": notes}
    return to_json({**said, "spent": True} if is_spent else said)[1:]


@functools.lru_cache(maxsize=16)
def _usual(device: str, was_loaded: bool | None) -> bytes:
    return _rest(device, was_loaded, None, None, None, [])


def device() -> str:
    """`cuda:N` once torch computes there, else `cpu`."""
    torch = sys.modules.get("torch")
    try:
        if torch is not None and torch.cuda.is_initialized():
            return f"cuda:{torch.cuda.current_device()}"
    except AttributeError:
        pass
    return "cpu"
