"""compute_bridge.conf: read through splunkd, so that all layers count and a search head cluster shares it."""

import os
from typing import Any, Dict, List, NamedTuple
from urllib.parse import urlsplit

from .authority import to_pem, write_file
from .connection import is_loopback
from .problem import Problem
from .splunkd import OURS, Splunkd

CONF = OURS + "/configs/conf-compute_bridge"
LOCAL = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "local")

SET_UP = "An administrator opens the app compute-bridge in Splunk Web and enters them on its set-up page."


class Settings(NamedTuple):
    address: str
    #: A file of PEM certificates on this search head, as it was entered; "": none is named.
    ca: str
    #: The same in one line, looked at where no file is named.
    ca_certificates: str
    connect_seconds: int
    answer_seconds: int
    append: bool
    environments: Dict[str, str]

    def ca_pem(self) -> str:
        return "" if self.ca else to_pem(self.ca_certificates)

    def ca_file(self) -> str:
        """For the command, which takes files alone; "": what Splunk's Python trusts."""
        pem = self.ca_pem()
        return write_file(LOCAL, pem) if pem else to_path(self.ca)


def read_settings(splunkd: Splunkd) -> Settings:
    """:raises Problem: 500 for a setting that cannot be used"""
    entries: List[Dict[str, Any]] = splunkd.entries(CONF)
    stanzas = {each["name"]: each.get("content", {}) for each in entries}
    bridge = stanzas.get("bridge", {})
    return Settings(
        address=_text(bridge, "address").rstrip("/"),
        ca=_text(bridge, "ca"),
        ca_certificates=_text(bridge, "ca_certificates"),
        connect_seconds=_seconds(bridge, "connect_seconds", 10, 300),
        answer_seconds=_seconds(bridge, "answer_seconds", 3600, 86400),
        append=_text(bridge, "append").lower() in ("1", "true", "t", "yes", "y"),
        environments={
            name.split(":", 1)[1].strip().lower(): _text(content, "environment") or "default"
            for name, content in stanzas.items()
            if name.startswith("environment:")
        },
    )


def write_settings(splunkd: Splunkd, address: str, ca: str, ca_certificates: str) -> None:
    splunkd.write(CONF + "/bridge", {"address": address, "ca": ca, "ca_certificates": ca_certificates})


def to_path(text: str) -> str:
    """$SPLUNK_HOME stands for its folder. No other variable does: errors show the path, and the environment may hold secrets."""
    return text.replace("$SPLUNK_HOME", os.environ.get("SPLUNK_HOME", ""), 1) if text.startswith("$SPLUNK_HOME/") else text


def to_address(text: str) -> str:
    """https://host:port, as people may have meant it.

    :raises Problem: 400 for an address that cannot be used
    """
    text = text.strip().rstrip("/")
    if not text:
        raise Problem(400, "There is no address of a bridge.", SET_UP)
    hint = "Enter what the bridge prints when it starts, such as https://bridge.example:5000."
    try:
        where = urlsplit(text)
        host, _ = where.hostname, where.port
    except ValueError:
        host, where = None, urlsplit("")
    if where.scheme not in ("https", "http") or not host:
        raise Problem(400, "%s is no address of a bridge." % _shown(text), hint)
    if where.username is not None or where.password is not None:
        raise Problem(400, "The address holds a name or a password.", "Leave them out: the token is entered by itself.")
    if where.path or where.query or where.fragment:
        raise Problem(400, "%s goes on after the port." % _shown(text), hint)
    if where.scheme == "http" and not is_loopback(host):
        raise Problem(
            400,
            "%s is plain HTTP to another machine: rows and tokens could be read on the way." % _shown(text),
            "Use https://. The bridge makes a certificate of its own at its first start.",
        )
    return text


def _shown(text: str) -> str:
    """An address in a message, without what may be a password."""
    return text.rsplit("@", 1)[-1][:200]


def _text(content: Dict[str, Any], name: str) -> str:
    value = content.get(name)
    return "" if value is None else str(value).strip()


def _seconds(content: Dict[str, Any], name: str, default: int, most: int) -> int:
    text = _text(content, name)
    if not text:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        hint = "Give whole seconds from 1 to %d in the stanza [bridge], or take the line away." % most
        raise Problem(500, "%s = %s in compute_bridge.conf cannot be used." % (name, text), hint)
    return int(text)
