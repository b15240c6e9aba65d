"""What the stand-in answers, without the framework that carries it."""

from __future__ import annotations

import json
from typing import Any

import notebook_calls as calls
from phases import Failed

KNOWN = {"app": "DSDL stand-in", "version": "5.2.4"}


def refusal(authorization: str | None, token: str | None) -> str | None:
    """Why a call may not come in; None when it may. The header's text must contain the token, as any text around it may stand."""
    if authorization is None:
        return "No header with token"
    return None if token and token in authorization else "Invalid token"


def summary() -> str:
    """JSON text, about the last model of this process. Raises what json raises of a summary that it cannot write."""
    known: dict[str, Any] = {**KNOWN, "model": "no model exists", "token": "valid"}
    if "model" in calls.STATE:
        known["model"] = str(calls.STATE["model"])
        known["model_summary"] = calls.STATE.get("summary")
    return json.dumps(known)


def answer(method: str, body: bytes) -> dict[str, str]:
    """`fit` (which may stage) or `apply`. Every failure is an answer, too."""
    try:
        data, meta = calls.read(body)
        frame = calls.to_frame(data, meta)
        staged = calls.stage(frame, meta) if method == "fit" else None
        if staged is not None:
            return {"status": "staged", "message": f"Model data staged successfully in {staged} - no model was built yet."}
        results = calls.fit(frame, meta) if method == "fit" else calls.apply(frame, meta)
        return {"status": "success", "message": f"/{method} done successfully", "results": results}
    except Failed as failed:
        return {"status": "error", "message": f"/{method}: ERROR: {failed}"}
