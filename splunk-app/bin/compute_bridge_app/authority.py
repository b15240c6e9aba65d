"""The certificates that the bridge's is checked against: PEM as people paste it, one line as the conf file keeps it."""

import base64
import binascii
import os
import re
import ssl
import tempfile

from .problem import Problem

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


def to_line(pem: str) -> str:
    """What compute_bridge.conf keeps: conf files have no good way for several lines.

    :raises Problem: 400 for a text that is no certificate, or that holds a private key
    """
    kinds = {kind for kind, _ in _BLOCK.findall(pem)}
    if any("PRIVATE KEY" in kind for kind in kinds):
        raise Problem(
            400,
            "This text holds a private key.",
            "Paste the certificates alone, and keep the key where it was.",
        )
    certificates = ["".join(text.split()) for kind, text in _BLOCK.findall(pem) if kind == "CERTIFICATE"]
    if not certificates:
        raise Problem(
            400,
            "This text is no certificate in PEM form.",
            "Paste all of the file, from -----BEGIN CERTIFICATE----- on. The bridge's own is .bridge/tls/ca.pem in its home.",
        )
    line = " ".join(certificates)
    trusting(to_pem(line))
    return line


def to_pem(line: str) -> str:
    """:raises Problem: 400 for text that is not base64"""
    try:
        return "".join(ssl.DER_cert_to_PEM_cert(base64.b64decode(each, validate=True)) for each in line.split())
    except (binascii.Error, ValueError):
        raise Problem(400, "A certificate is not whole: it is no base64.", "Paste all of the file again.") from None


def trusting(pem: str) -> ssl.SSLContext:
    """What trusts these certificates alone, by the same rules as the command's, which gets them as a file.

    :raises Problem: 400 for certificates that TLS cannot read
    """
    try:
        return ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise Problem(400, "A certificate is not whole: TLS cannot read it.", "Paste all of the file again.") from None


def write_file(folder: str, pem: str) -> str:
    """Puts the certificates where the command finds them: <folder>/ca.pem. Every search head writes its own from the conf file."""
    path = os.path.join(folder, "ca.pem")
    try:
        with open(path, encoding="ascii") as file:
            if file.read() == pem:
                return path
    except OSError:
        pass
    draft = ""
    try:
        os.makedirs(folder, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix="ca.", suffix=".new", dir=folder)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(pem)
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except OSError as error:
        if draft and os.path.exists(draft):
            os.unlink(draft)
        raise Problem(
            500,
            "The file %s cannot be written: %s." % (path, error.strerror),
            "Make room, or give splunkd's user the right to.",
        ) from None
    return path
