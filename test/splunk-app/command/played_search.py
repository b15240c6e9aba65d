"""splunkd for one search: runs the command as a process and speaks with it in lock step."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile

COMMAND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "splunk-app", "bin", "compute.py")
SESSION = "session-key-of-alice"


def chunk(metadata: dict, body: bytes = b"") -> bytes:
    text = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n%s%s" % (len(text), len(body), text, body)


class Reply:
    def __init__(self, metadata: dict, body: bytes, order: list) -> None:
        self.metadata = metadata
        self.body = body
        #: Keys of the metadata as they came.
        self.order = order

    @property
    def finished(self) -> bool:
        return self.metadata.get("finished") is True

    @property
    def error(self):
        return self.metadata.get("error")

    @property
    def messages(self) -> list:
        return [tuple(each) for each in self.metadata.get("inspector", {}).get("messages", [])]


class PlayedSearch:
    """
    :param options: as they stand in the search; quotes kept
    :param info: other keys of searchinfo, or None to leave one out
    """

    def __init__(self, *options: str, uri: str = "", preview: bool = False, preexec=None, stdin=subprocess.PIPE, **info) -> None:
        self.home = tempfile.mkdtemp(prefix="splunk-home-")
        self.folder = os.path.join(self.home, "dispatch")
        os.makedirs(os.path.join(self.home, "var", "log", "splunk"))
        os.makedirs(self.folder)
        self.status("RUNNING")
        self.searchinfo = {
            "raw_args": list(options), "args": [each.replace('"', "") for each in options], "dispatch_dir": self.folder,
            "sid": "1767225600.1", "app": "search", "owner": "alice", "username": "alice", "session_key": SESSION,
            "splunkd_uri": uri, "splunk_version": "10.0.2", "search": "", "command": "compute", "maxresultrows": 50000, **info,
        }  # fmt: skip
        self.preview = preview
        self.process = subprocess.Popen(
            [sys.executable, COMMAND], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
            env={"SPLUNK_HOME": self.home, "PYTHONHTTPSVERIFY": "0", "HTTPS_PROXY": "http://127.0.0.1:1", "PATH": os.defpath},
            preexec_fn=preexec, bufsize=0,
        )  # fmt: skip

    def getinfo(self) -> Reply:
        info = {key: value for key, value in self.searchinfo.items() if value is not None}
        return self.ask({"action": "getinfo", "preview": self.preview, "searchinfo": info})

    def execute(self, body: bytes = b"", finished: bool = False) -> Reply:
        return self.ask({"action": "execute", "finished": finished}, body)

    def drain(self, body: bytes = b"") -> list:
        """The last chunk, and empty ones until the command is done."""
        replies = [self.execute(body, True)]
        while not replies[-1].finished:
            replies.append(self.execute(b"", True))
        return replies

    def ask(self, metadata: dict, body: bytes = b"") -> Reply:
        self.write(chunk(metadata, body))
        return self.reply()

    def write(self, data: bytes) -> None:
        assert not select.select([self.process.stdout], [], [], 0)[0], "the command speaks unasked"
        view = memoryview(data)
        while len(view):
            view = view[self.process.stdin.write(view) :]

    def reply(self) -> Reply:
        head = b""
        while not head.endswith(b"\n"):
            byte = self.process.stdout.read(1)
            if not byte:
                raise EOFError("no reply: %r %r" % (head, self.process.stderr.read()))
            head += byte
        prefix, size, body_size = head.decode().strip().split(",")
        assert prefix == "chunked 1.0", head
        text = self._read(int(size))
        return Reply(json.loads(text), self._read(int(body_size)), list(json.loads(text)))

    def status(self, state: str, finalized: str = "1") -> None:
        path = os.path.join(self.folder, "status.csv")
        with open(path + ".tmp", "w") as file:
            file.write("state,user,start,finalized\n%s,alice,1,%s\n" % (state, finalized if state == "FINALIZING" else "0"))
        os.replace(path + ".tmp", path)

    def end(self) -> tuple:
        """Closes stdin and waits: exit code, and what else was written to stdout and stderr."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        rest, errors = self.process.stdout.read(), self.process.stderr.read()
        return self.process.wait(30), rest, errors

    @property
    def log(self) -> str:
        path = os.path.join(self.home, "var", "log", "splunk", "compute_bridge.log")
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as file:
            return file.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self.home)

    def _read(self, size: int) -> bytes:
        pieces = b""
        while len(pieces) < size:
            piece = self.process.stdout.read(size - len(pieces))
            if not piece:
                raise EOFError("a reply is cut")
            pieces += piece
        return pieces
