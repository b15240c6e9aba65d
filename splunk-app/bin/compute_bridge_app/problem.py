"""Errors that people read: one sentence of what happened, and what to do."""

from typing import Any, Dict


class Problem(Exception):
    """Is answered with its status and shown as it is. Its texts hold no secrets."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint

    def told(self) -> Dict[str, Any]:
        return {"error": self.error, "hint": self.hint}
