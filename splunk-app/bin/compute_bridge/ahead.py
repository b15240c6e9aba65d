"""What the first rows will need, imported while splunkd still looks for them: after getinfo was answered, before a chunk comes."""

from __future__ import annotations

import importlib


def load() -> None:
    for name in ("csv", "urllib.parse", "ssl", "compute_bridge.trust", "compute_bridge.advice"):
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # Told where it is needed: plain HTTP on this machine does without TLS.
