"""Who has the app's roles. All of it with the session key of the user who asks: splunkd decides what they may change."""

from typing import Any, Dict, List

from .problem import Problem
from .splunkd import Splunkd, part

ROLES = ("bridge_user", "bridge_engineer", "bridge_admin")
_USERS = "/services/authentication/users"
_ROLES = "/services/authorization/roles"


def holders(splunkd: Splunkd) -> Dict[str, List[Dict[str, Any]]]:
    """Users and roles, each with the roles that it has; empty where the one who asks may not see them."""
    return {"users": _listed(splunkd, _USERS, "roles"), "roles": _listed(splunkd, _ROLES, "imported_roles")}


def assign(splunkd: Splunkd, role: str, kind: str, name: str) -> str:
    """Gives a role of the app to a user, or lets a role import it; what they have stays.

    :raises Problem: in splunkd's own words where it refuses
    """
    if role not in ROLES:
        raise Problem(400, "This app has no role of this name.", "Its roles are %s." % ", ".join(ROLES))
    if kind not in ("user", "role"):
        raise Problem(400, "A role is given to a user or to a role.", "Choose one.")
    if kind == "role" and name in ROLES:
        raise Problem(400, "The app's own roles import nothing.", "Give the role to a user, or to a role of yours.")
    where, field = (_USERS, "roles") if kind == "user" else (_ROLES, "imported_roles")
    path = where + "/" + part(name)
    entries = splunkd.entries(path)
    if not entries:
        raise Problem(404, "There is no %s %s." % (kind, name), "Look at the spelling.")
    has = list(entries[0].get("content", {}).get(field) or [])
    if role in has:
        return "%s has the role %s already." % (name, role)
    # splunkd takes the whole list: one that is left out is taken away.
    splunkd.write(path, [(field, each) for each in has + [role]])
    return "%s has the role %s now." % (name, role)


def _listed(splunkd: Splunkd, path: str, field: str) -> List[Dict[str, Any]]:
    try:
        entries = splunkd.entries(path)
    except Problem:
        return []
    return [{"name": each["name"], "has": list(each.get("content", {}).get(field) or [])} for each in entries]
