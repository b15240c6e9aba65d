"""The bridge's receipt (contract/run.ts) in plain words. Whatever it lacks is left out."""

from __future__ import annotations


def in_words(receipt: dict) -> str:
    """
    Such as: `apply of iris with model m, version 3: 150 rows received, 150 used, 150 returned, computed on cpu in
    0.12 s; run r1, code abc.` Then the notes.
    """
    rows, seconds, model, dataset = (_part(receipt, name) for name in ("rows", "seconds", "model", "dataset"))
    what = str(receipt.get("method") or "call")
    if receipt.get("algorithm"):
        what += " of %s" % receipt["algorithm"]
    if model.get("name"):
        what += " with model %s" % model["name"]
        what += ", version %s" % model["version"] if model.get("version") is not None else ""
    if dataset.get("name"):
        what += " as dataset %s, version %s" % (dataset["name"], dataset.get("version"))
    counts = ["%s rows %s" % (rows[name], name) for name in ("received", "used", "returned") if rows.get(name) is not None]
    facts = ", ".join(counts).replace(" rows used", " used").replace(" rows returned", " returned")
    if seconds.get("computing") is not None:
        facts += ", computed on %s in %.2f s" % (receipt.get("device") or "the worker", seconds["computing"])
    waits = ["%.2f s %s" % (seconds[name], name) for name in ("queued", "loading") if seconds.get(name)]
    if waits:
        facts += " (before: %s)" % ", ".join(waits)
    ids = [name for name in ("run %s" % receipt.get("run"), "code %s" % receipt.get("version")) if not name.endswith("None")]
    text = ": ".join(part for part in (what, "; ".join(part for part in (facts, ", ".join(ids)) if part)) if part) + "."
    return " ".join([text] + [str(note) for note in receipt.get("notes") or []])


def _part(receipt: dict, name: str) -> dict:
    part = receipt.get(name)
    return part if isinstance(part, dict) else {}
