"""The JSON of calls, parsed once for calls alike: most differ in the run's name alone, which a worker has no use for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

BEGIN = b'{"run":"'
# So many are kept, of so many bytes at most.
KEPT = 16
KEPT_BYTES = 1 << 15


class KnownCalls:
    """Calls by all that follows their run's name. Nobody changes one: it is for many runs."""

    def __init__(self) -> None:
        self._known: dict[bytes, Mapping[str, Any]] = {}

    def parsed(self, payload: bytes) -> Mapping[str, Any]:
        """The call of a call frame, `run` perhaps that of another one like it."""
        if not payload.startswith(BEGIN) or len(payload) > KEPT_BYTES:
            return json.loads(payload)  # type: ignore[no-any-return]
        rest = payload[payload.index(b'"', len(BEGIN)) :]
        known = self._known.get(rest)
        if known is None:
            if len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            known = self._known[rest] = json.loads(payload)
        return known
