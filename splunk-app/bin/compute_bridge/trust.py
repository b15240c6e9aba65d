"""Whose certificate is believed. Each context is made here, whatever the environment says (PYTHONHTTPSVERIFY, proxies)."""

from __future__ import annotations

import os
import ssl

from .address import Address
from .failure import Failure


def bridge_context(ca: str) -> ssl.SSLContext:
    """
    TLS 1.2 or newer, name and chain checked.

    :param ca: file of the authority that signed the bridge's certificate; empty: those that the system knows
    :raises Failure: when the file is none
    """
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise Failure(
            "The file of the authority %s cannot be read: %s." % (ca, error.strerror or error),
            "Name the CA file of the bridge in the set-up of the app compute_bridge.",
            "BAD_CA",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def splunkd_context(address: Address, home: str) -> ssl.SSLContext:
    """
    splunkd's own certificate is made for no host name, and its address is always this machine's. What goes to loopback
    is not checked; to another of its addresses (SPLUNK_BINDIP) the chain is, and no name.

    :param home: SPLUNK_HOME, whose etc/auth/cacert.pem signs what splunkd shows
    """
    authority = os.path.join(home, "etc", "auth", "cacert.pem")
    if not address.is_loopback:
        elsewhere = bridge_context(authority if os.path.isfile(authority) else "")
        elsewhere.check_hostname = False
        return elsewhere
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def not_trusted(error: ssl.SSLError, where: str) -> Failure:
    """What a failed handshake means."""
    set_up = "in the set-up of the app compute_bridge."
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "it cannot be verified"
        if error.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            hint = "Enter the address with a name that is in the certificate %s" % set_up
            return Failure("The certificate of %s is for another name: %s." % (where, why), hint, "TLS_NAME")
        hint = "Name the file of the authority that signed it %s" % set_up
        return Failure("The certificate of %s is not trusted: %s." % (where, why), hint, "TLS_TRUST")
    reason = (error.reason or "unknown reason").replace("_", " ").lower()
    if reason in ("wrong version number", "record layer failure", "http request", "packet length too long"):
        reason = "it seems to speak plain HTTP"
    hint = "See that the address begins with https only where the bridge has a certificate, and that it speaks TLS 1.2 or newer."
    return Failure("No secure connection to %s could be made: %s." % (where, reason), hint, "TLS")
