"""The token of the app: in Splunk's password store, encrypted, and nowhere else."""

from .problem import Problem
from .splunkd import OURS, Splunkd, part

REALM = "compute_bridge"
NAME = "bridge"
_STORE = OURS + "/storage/passwords"
_ENTRY = _STORE + "/" + part("%s:%s:" % (REALM, NAME))


def find_token(system: Splunkd) -> str:
    """"" where none is kept."""
    for entry in system.entries(_ENTRY):
        return entry.get("content", {}).get("clear_password") or ""
    return ""


def keep_token(system: Splunkd, token: str) -> None:
    if system.has(_ENTRY):
        system.write(_ENTRY, {"password": token})
    else:
        system.write(_STORE, {"realm": REALM, "name": NAME, "password": token})


def to_token(text: str) -> str:
    """:raises Problem: 400 for what is no token; its text is not in the message"""
    token = text.strip()
    if len(token) < 16 or any(not "!" <= each <= "~" for each in token):
        raise Problem(
            400,
            "This is no token: a token has 16 characters or more, and no blanks.",
            "`bridge tokens add splunk` makes one on the bridge's machine.",
        )
    return token
