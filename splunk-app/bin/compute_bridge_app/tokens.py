"""Short-lived tokens: what a search may show to the bridge, for one user and one verb."""

from typing import Any, Dict

from .bridge import Bridge, Said
from .problem import Problem
from .request import Request
from .secret import find_token
from .settings import SET_UP, read_settings, to_address, to_path
from .splunkd import Splunkd

VERBS = ("stage", "fit", "apply", "summary", "call")
SECONDS = 3600
_TOO_OLD = Problem(502, "The bridge is too old for this app: it gives no tokens to searches.", "Update the bridge.")


def token_for(request: Request) -> Dict[str, Any]:
    """The answer to the command.

    :raises Problem: when the user may not, when nothing is set up, when the bridge is away or refuses
    """
    if request.method != "POST":
        raise Problem(405, "Tokens are asked for with POST.", "Only the command compute asks for them.")
    verb = request.body.get("verb", "")
    if verb not in VERBS:
        raise Problem(400, "There is no verb of this name.", "The verbs are %s." % ", ".join(VERBS))
    with Splunkd(request.splunkd, request.user_key) as splunkd:
        user = _who_may(splunkd, verb)
        system = splunkd.with_key(request.system_key)
        settings = read_settings(system)
        if not settings.address:
            raise Problem(503, "This app is not set up: the bridge's address and token are missing.", SET_UP)
        address = to_address(settings.address)
        kept = find_token(system)
    if not kept:
        raise Problem(503, "This app is not set up: no token of the bridge is kept.", SET_UP)
    bridge = Bridge(address, to_path(settings.ca), settings.ca_pem(), settings.connect_seconds)
    made = make_token(bridge, kept, user, verb, SECONDS)
    return {
        "address": address,
        "ca": settings.ca_file(),
        "token": made["token"],
        "expires_at": made["expiresAt"],
        "connect_seconds": settings.connect_seconds,
        "answer_seconds": settings.answer_seconds,
        "append": settings.append,
        "environments": settings.environments,
    }


def _who_may(splunkd: Splunkd, verb: str) -> str:
    """The name of the user who asks. :raises Problem: who may not"""
    user, capabilities = splunkd.who()
    if "compute_bridge_" + verb not in capabilities:
        role = "bridge_user" if verb in ("apply", "summary") else "bridge_engineer"
        what = "call methods of its own" if verb == "call" else verb
        raise Problem(
            403,
            "%s may not %s with compute: the capability compute_bridge_%s is missing." % (user, what, verb),
            "An administrator can give you the role %s." % role,
        )
    return user


def make_token(bridge: Bridge, kept: str, user: str, verb: str, seconds: int) -> Dict[str, str]:
    """:raises Problem: when the bridge is away, refuses, or is too old to know such tokens"""
    said = bridge.ask("POST", "/v1/tokens", kept, {"user": user, "verbs": [verb], "seconds": seconds})
    if said.status != 201:
        raise refusal(said)
    made = {name: said.told.get(name) for name in ("token", "expiresAt")}
    if not all(isinstance(each, str) and each for each in made.values()):
        raise _TOO_OLD
    return made


def refusal(said: Said) -> Problem:
    """What an answer means that is not what was asked for."""
    if said.status == 401:
        return Problem(
            502,
            "The bridge does not know the token that this app shows.",
            "Enter the right one on the set-up page: `bridge tokens add splunk` makes one on the bridge's machine.",
        )
    # A bridge from before such tokens asks for the name of a lasting one, or has no such address.
    if said.status in (400, 404, 405):
        return _TOO_OLD
    detail, hint = said.told.get("detail"), said.told.get("hint")
    if isinstance(detail, str) and isinstance(hint, str):
        return Problem(said.status if said.status in (403, 429, 503) else 502, "The bridge refused: " + detail, hint)
    return Problem(
        502,
        "What answers at the bridge's address said %d, and not as a bridge does." % said.status,
        "Is something else there, such as a proxy?",
    )
