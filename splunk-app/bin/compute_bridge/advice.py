"""Errors of the bridge and of the app, as sentences for the search bar: what, which cell and line, what to do."""

from __future__ import annotations

import json

from .failure import Failure

#: Answers after which the same part may be sent again.
_AGAIN = (429, 502, 503, 504)
#: The same, told within an answer that had begun.
_AGAIN_CODES = ("QUEUE_FULL", "WORKER_LOST", "STORE_AWAY", "STOPPING")
#: A sentence is for the search bar; the run's record at the bridge has all of it.
_MESSAGE_CHARACTERS = 380
_HINT_CHARACTERS = 200


def from_record(record: dict) -> Failure:
    """An error as the bridge tells it in a frame: code, message, hint, details."""
    details = record.get("details")
    code = str(record.get("code") or "")
    return _failure(record.get("message"), record.get("hint"), code, details if isinstance(details, dict) else {}, code in _AGAIN_CODES)


def from_answer(who: str, status: int, reason: str, headers: dict[str, str], body: bytes) -> Failure:
    """
    An answer that is a refusal: problem+json of the bridge, the app's {error, hint}, or whatever a proxy says.

    :param who: who answered, for people
    """
    try:
        said = json.loads(body)
    except ValueError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    again = status in _AGAIN
    retry_after = headers.get("retry-after", "")
    if status == 401 and "error" not in said:
        message = "%s does not take the token that the app got for this search." % who
        failure = Failure(message, "Run the search again; if it goes on, enter the bridge's token in the set-up of the app.", "UNAUTHORIZED")
    elif said.get("error"):
        failure = _failure(said["error"], said.get("hint"), "APP", {}, again)
    elif said.get("detail"):
        failure = _failure(said["detail"], said.get("hint"), str(said.get("code") or status), said, again)
    else:
        message = "%s answered %d %s." % (who, status, reason or "without a word")
        failure = Failure(message, "See that the address in the set-up of the app leads to the bridge itself.", str(status), again)
    failure.retry_after = float(retry_after) if retry_after.isdigit() else None
    return failure


def _failure(message: object, hint: object, code: str, details: dict, can_retry: bool) -> Failure:
    text = _short(str(message or "The bridge failed and did not say why."), _MESSAGE_CHARACTERS)
    advice = _short(str(hint or ""), _HINT_CHARACTERS)
    cell = details.get("cell")
    if cell is not None and "cell" not in text + advice:
        line = "" if details.get("line") is None else ", line %s" % details["line"]
        text = "%s (cell %s%s)" % (text, cell, line)
    if text[-1:] not in ".!?…":
        text += "."
    return Failure(text, advice, code, can_retry)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit].rstrip() + " …"
