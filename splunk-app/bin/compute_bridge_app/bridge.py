"""Requests to the bridge, and what their failures mean."""

import http.client
import json
import os
import socket
import ssl
from typing import Any, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from .authority import trusting
from .connection import ask
from .problem import Problem

#: OpenSSL's X509_V_ERR_… numbers.
_NAMES = {62, 64}
_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}
#: What OpenSSL says, in its several versions, of an answer that is no TLS.
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
_EXPIRED = 10
_NOT_YET = 9

_OWN_CA = "The bridge's own is .bridge/tls/ca.pem in its home; a company's authority gives you its own."


class Said(NamedTuple):
    status: int
    #: The object of a JSON answer; {} for any other.
    told: Dict[str, Any]


class Bridge:
    def __init__(self, address: str, ca: str, ca_pem: str, seconds: float) -> None:
        """
        :param ca: a file of certificates; "": none
        :param ca_pem: certificates, looked at where no file is named
        """
        self._address = address
        self._ca = ca
        self._ca_pem = ca_pem
        self._seconds = seconds

    def ask(self, method: str, path: str, token: str, body: Optional[Dict[str, Any]] = None) -> Said:
        """:raises Problem: 502 or 504, when no answer comes"""
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = "Bearer " + token
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = b"" if body is None else json.dumps(body).encode()
        tls = self._tls() if self._address.startswith("https:") else None
        try:
            status, text = ask(self._address, method, path, headers, content, self._seconds, tls)
        except (OSError, http.client.HTTPException) as error:
            raise self._away(error) from None
        try:
            told = json.loads(text)
        except ValueError:
            told = {}
        return Said(status, told if isinstance(told, dict) else {"list": told})

    def _tls(self) -> ssl.SSLContext:
        """Explicit, because splunkd's environment (PYTHONHTTPSVERIFY=0) weakens what Python does by itself."""
        try:
            context = trusting(self._ca_pem) if self._ca_pem else ssl.create_default_context(cafile=self._ca or None)
        except FileNotFoundError:
            raise Problem(
                502,
                "There is no file %s on this search head." % self._ca,
                "It should hold the certificates to trust. " + _OWN_CA,
            ) from None
        except ssl.SSLError:
            raise Problem(502, "%s holds no certificate in PEM form." % self._ca, _OWN_CA) from None
        except OSError as error:
            hint = "Give splunkd's user the right to read it."
            raise Problem(502, "%s cannot be read: %s." % (self._ca, os.strerror(error.errno or 0)), hint) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _away(self, error: Exception) -> Problem:
        host = urlsplit(self._address).hostname or ""
        if isinstance(error, ssl.SSLCertVerificationError):
            return _untrusted(host, error, bool(self._ca or self._ca_pem))
        if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
            return Problem(
                502,
                "What answers at %s speaks no TLS." % self._address,
                "Is it the bridge's port? A bridge that serves plain HTTP is reached on its own machine alone.",
            )
        if isinstance(error, ssl.SSLError):
            return Problem(
                502,
                "TLS with %s failed (%s)." % (self._address, error.reason or "no reason given"),
                "It takes TLS 1.2 or newer on both ends.",
            )
        if isinstance(error, socket.gaierror):
            return Problem(
                502,
                "No machine is known as %s." % host,
                "Look at the spelling, and at the name service of this search head.",
            )
        if isinstance(error, (socket.timeout, TimeoutError)):
            error_text = "The bridge at %s did not answer within %d seconds." % (self._address, self._seconds)
            return Problem(504, error_text, "Is a firewall between the search head and it? Is the bridge busy?")
        if isinstance(error, ConnectionRefusedError):
            return Problem(
                502,
                "No bridge answers at %s: the connection was refused." % self._address,
                "Start the bridge, or correct its port. Beyond its own machine it listens only with BRIDGE_HOST set.",
            )
        if isinstance(error, http.client.HTTPException):
            return Problem(
                502,
                "What answers at %s speaks no HTTP." % self._address,
                "Is it the bridge's port? Is it https:// that the bridge serves?",
            )
        text = (os.strerror(error.errno) if getattr(error, "errno", None) else type(error).__name__).lower()
        return Problem(
            502,
            "The connection to the bridge at %s failed: %s." % (self._address, text),
            "See that the bridge runs and that this search head reaches it.",
        )


def _untrusted(host: str, error: ssl.SSLCertVerificationError, has_ca: bool) -> Problem:
    code = error.verify_code
    if code in _NAMES:
        return Problem(
            502,
            "The bridge's certificate is not for the name %s." % host,
            "Use a name of the certificate in the address, or give the bridge this name "
            "(BRIDGE_TLS_NAMES, or a certificate by BRIDGE_TLS_CERT).",
        )
    if code in _UNKNOWN_AUTHORITY:
        who = "the authority that is set" if has_ca else "an authority that Splunk's Python trusts"
        what = "The bridge's certificate is not signed by %s." % who
        return Problem(502, what, "Set the certificate of the authority that signed it. " + _OWN_CA)
    if code == _EXPIRED:
        return Problem(502, "The bridge's certificate has expired.", "Renew it on the bridge's machine.")
    if code == _NOT_YET:
        return Problem(502, "The bridge's certificate is not valid yet.", "Compare the clocks of the two machines.")
    return Problem(
        502,
        "The bridge's certificate was not accepted: %s." % error.verify_message,
        "Have it made anew by the rules for TLS servers.",
    )
