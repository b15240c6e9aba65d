"""The set-up page's side: what is set, a test of the connection, keeping it, giving roles."""

import hashlib
from typing import Any, Dict, NamedTuple

from . import authority, log, roles
from .bridge import Bridge
from .probe import probe
from .problem import Problem
from .request import Request
from .secret import find_token, keep_token, to_token
from .settings import Settings, read_settings, to_address, to_path, write_settings
from .splunkd import APP, Splunkd

_MAY = {"compute_bridge_admin", "admin_all_objects"}


class Wanted(NamedTuple):
    """What the page's form says, checked; the token is the one that was entered or, without one, the one that is kept."""

    address: str
    ca: str
    ca_certificates: str
    token: str
    is_new_token: bool


def set_up(request: Request) -> Dict[str, Any]:
    """:raises Problem: with what to say on the page"""
    with Splunkd(request.splunkd, request.user_key) as user_side:
        return _answer(request, user_side)


def _answer(request: Request, user_side: Splunkd) -> Dict[str, Any]:
    user, capabilities = user_side.who()
    # restmap.conf asks for the same; this stays true when somebody changes that file.
    if not _MAY & capabilities:
        raise Problem(403, "%s may not set this app up." % user, "Ask an administrator, or for the role bridge_admin.")
    system = user_side.with_key(request.system_key)
    if request.method == "GET":
        return _shown(system, user_side)
    if request.method != "POST":
        raise Problem(405, "The set-up page asks with GET and POST.", "Open it anew.")
    do = request.body.get("do")
    if do == "assign":
        return _assign(user_side, user, request.body)
    if do not in ("test", "save"):
        raise Problem(400, "The set-up page asked for nothing that is known.", "Open it anew.")
    settings = read_settings(system)
    wanted = _wanted(system, settings, request.body)
    pem = "" if wanted.ca else authority.to_pem(wanted.ca_certificates)
    bridge = Bridge(wanted.address, to_path(wanted.ca), pem, settings.connect_seconds)
    told = probe(bridge, wanted.address, wanted.token, user)
    if do == "test" or not (told["ok"] or request.body.get("anyway") is True):
        return {**told, "saved": False}
    _save(system, wanted)
    log.info("set-up", user=user, address=wanted.address, token="new" if wanted.is_new_token else "as before", tested=told["ok"])
    return {**told, "saved": True}


def _shown(system: Splunkd, user_side: Splunkd) -> Dict[str, Any]:
    settings = read_settings(system)
    pasted = [hashlib.sha256(each.encode()).hexdigest()[:16] for each in settings.ca_certificates.split()]
    return {
        "address": settings.address,
        "ca": settings.ca,
        "pasted": pasted,
        "has_token": bool(find_token(system)),
        "app_roles": list(roles.ROLES),
        **roles.holders(user_side),
    }


def _wanted(system: Splunkd, settings: Settings, body: Dict[str, Any]) -> Wanted:
    address = to_address(_text(body, "address"))
    ca, pem, token = _text(body, "ca"), _text(body, "ca_pem"), _text(body, "token")
    if ca and pem:
        raise Problem(400, "There is a file of certificates and a pasted text.", "Leave one of them empty.")
    keeps_pasted = body.get("keep_pasted") is True and not ca and not pem
    line = authority.to_line(pem) if pem else settings.ca_certificates if keeps_pasted else ""
    if token:
        return Wanted(address, ca, line, to_token(token), True)
    kept = find_token(system)
    if not kept:
        raise Problem(
            400,
            "There is no token yet.",
            "Enter one: `bridge tokens add splunk` makes it on the bridge's machine.",
        )
    # The kept token goes to nobody else than the one it was entered for.
    if address != settings.address:
        raise Problem(
            400,
            "The address is a new one, so the token is needed again.",
            "Enter the token of the bridge at this address.",
        )
    return Wanted(address, ca, line, kept, False)


def _save(system: Splunkd, wanted: Wanted) -> None:
    """The token first: settings without it could show the old one to a new address."""
    if wanted.is_new_token:
        keep_token(system, wanted.token)
    write_settings(system, wanted.address, wanted.ca, wanted.ca_certificates)
    system.write("/servicesNS/nobody/system/apps/local/" + APP, {"configured": "true"})


def _assign(user_side: Splunkd, user: str, body: Dict[str, Any]) -> Dict[str, Any]:
    role, kind, name = _text(body, "role"), _text(body, "kind"), _text(body, "name")
    said = roles.assign(user_side, role, kind, name)
    log.info("role given", user=user, role=role, to=name)
    return {"said": said, **roles.holders(user_side)}


def _text(body: Dict[str, Any], name: str) -> str:
    value = body.get(name)
    return value.strip() if isinstance(value, str) else ""
