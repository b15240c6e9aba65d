"""What getinfo tells of the search."""

from __future__ import annotations


class Search:
    def __init__(self, metadata: dict) -> None:
        info = metadata.get("searchinfo")
        self.info: dict = info if isinstance(info, dict) else {}
        self.is_preview = bool(metadata.get("preview"))
        self.sid = self._text("sid")
        self.app = self._text("app")
        self.user = self._text("username") or self._text("owner")
        self.folder = self._text("dispatch_dir")
        self.splunkd_uri = self._text("splunkd_uri")
        self.session_key = self._text("session_key")

    @property
    def is_parsed_only(self) -> bool:
        """splunkd asks what a command would be and closes: with ids of these kinds."""
        return self.sid.startswith("searchparsetmp") or self.sid.endswith("_tmp") or self.sid == "tmp"

    @property
    def is_scheduled(self) -> bool:
        return self.sid.startswith(("scheduler__", "rt_scheduler__"))

    def _text(self, name: str) -> str:
        return str(self.info.get(name) or "")
