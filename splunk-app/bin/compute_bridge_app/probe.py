"""The test of a connection: step by step, up to the first that fails."""

from typing import Any, Callable, Dict, List, Tuple

from .bridge import Bridge
from .problem import Problem
from .tokens import make_token, refusal

Step = Tuple[str, Callable[[], str]]


def probe(bridge: Bridge, address: str, token: str, user: str) -> Dict[str, Any]:
    """:returns: `ok`, and `steps`, each with `name`, `ok`, `detail` and `hint`"""
    steps: List[Step] = [
        ("reach the bridge", lambda: _reach(bridge, address)),
        ("show it the token", lambda: _be_known(bridge, token)),
        ("get a token for a search", lambda: _get_token(bridge, token, user)),
        ("see its algorithms", lambda: _see_algorithms(bridge, token)),
    ]
    told: List[Dict[str, Any]] = []
    for name, step in steps:
        try:
            told.append({"name": name, "ok": True, "detail": step(), "hint": ""})
        except Problem as problem:
            told.append({"name": name, "ok": False, "detail": problem.error, "hint": problem.hint})
            break
    return {"ok": all(each["ok"] for each in told), "steps": told}


def _reach(bridge: Bridge, address: str) -> str:
    said = bridge.ask("GET", "/health/live", "")
    if said.status != 200 or said.told.get("live") is not True:
        raise Problem(
            502,
            "Something answers at %s, but it is no bridge (%d)." % (address, said.status),
            "Is it the right port? Is a proxy there?",
        )
    return "A bridge answers" + (", its certificate is good." if address.startswith("https:") else ", on this very machine.")


def _be_known(bridge: Bridge, token: str) -> str:
    said = bridge.ask("GET", "/health/ready", token)
    if said.status == 200:
        return "It knows the token, and is ready."
    checks = said.told.get("checks")
    if said.status == 503 and isinstance(checks, list):
        missing = "; ".join("%s: %s" % (each.get("name"), each.get("detail")) for each in checks if not each.get("ok"))
        raise Problem(
            503,
            "It knows the token, but is not ready: %s." % missing,
            "`bridge doctor` on its machine says more.",
        )
    raise refusal(said)


def _get_token(bridge: Bridge, token: str, user: str) -> str:
    made = make_token(bridge, token, user, "apply", 60)
    return "It gives tokens to searches (this one until %s)." % made["expiresAt"]


def _see_algorithms(bridge: Bridge, token: str) -> str:
    said = bridge.ask("GET", "/v1/algorithms", token)
    if said.status != 200:
        raise refusal(said)
    live = [each for each in said.told.get("list", []) if isinstance(each, dict) and each.get("state") == "live"]
    return "%d %s live." % (len(live), "algorithm is" if len(live) == 1 else "algorithms are")
