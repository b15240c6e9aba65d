"""The worker's main loop: import the module, then one call after the other."""

from __future__ import annotations

import contextvars
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from os import _exit as leave  # before the code's own is another (crashes.py)
from types import ModuleType
from typing import Any

from . import entry_points, logs, modules
from .append import Original, ResultsOut, original_of
from .arrow_blocks import ArrowBlocks
from .blocks import Blocks, apply_blocks
from .calls import Report, Session
from .failures import SHOWN, Failed, describe, phase
from .folders import WorkingFolder
from .frames import CALL, DONE, ERROR, EVENT, TABLE, Wire, to_json
from .globals import Snapshots
from .interrupts import Cancelled, Interrupts
from .models import DataFolder
from .paths import MODEL_DATA, rules
from .randomness import Seeds, undo_shared
from .segments import unite
from .staging import stage
from .surroundings import Surroundings
from .tables_in import Input, Table, read_table, signature_of
from .tables_out import send_frame, to_csv


def serve(connection: socket.socket, module: str | None, folder: str | None, home: str, link: str, at: str | None = None) -> None:
    """Answer calls until the bridge closes the connection."""
    wire = Wire(connection)
    end_with(connection)
    interrupts = Interrupts()
    interrupts.install()
    log, settle = logs.install(lambda level, text: wire.send_json(EVENT, {"event": "log", "level": level, "text": text}))
    working = WorkingFolder([at, os.path.join(home, "notebooks"), home] if at else [home])
    worker = Worker(wire, interrupts, log, settle, folder, working)
    try:
        worker.start(module, home, link)
        while True:
            worker.answer()
    except EOFError:
        leave(0)
    except Failed as failed:
        wire.send_json(ERROR, describe(failed, folder))
        leave(1)


def end_with(connection: socket.socket) -> None:
    """When the bridge is gone, so are we and all that we started, whatever the code is doing."""

    def watch() -> None:
        poll = select.poll()
        poll.register(connection, getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR)
        poll.poll()
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="watch", daemon=True).start()


class Worker:
    """One connection and one module (or none)."""

    def __init__(self, wire: Wire, interrupts: Interrupts, log: logs.Log, settle: Any, folder: str | None, working: WorkingFolder) -> None:
        self._wire = wire
        self._interrupts = interrupts
        self._log = log
        self._settle = settle
        self._folder = folder
        self._working = working
        self._session: Session | None = None

    def start(self, name: str | None, home: str, link: str) -> None:
        """Import the module and say so. Failed of phase import when it cannot be."""
        module: ModuleType | None = None
        if name is not None and self._folder is not None:
            modules.install([self._folder, home], rules(link, home))
            SHOWN.append((link, MODEL_DATA))
            data = DataFolder(link)
            data.point(os.path.join(home, "app", "model", "data"), os.path.join(home, "app", "model", "data"))
            seeds = Seeds()
            self._working.enter()
            with phase("import"), seeds.watch():
                module = modules.load(name, self._folder)
            self._interrupts.keep()
            self.serve_calls_of(Session(module, self._interrupts, data, beginning(seeds)))
        gc.collect()
        gc.freeze()
        self._wire.send_json(
            EVENT,
            {
                "event": "ready",
                "pid": os.getpid(),
                "uncallable": entry_points.uncallable(module) if module else {},
                "entryPoints": entry_points.found(module) if module else ["stage", "parse"],
            },
        )

    def serve_calls_of(self, session: Session) -> None:
        """From now on calls are its."""
        self._session = session

    def answer(self) -> None:
        """Read one call and answer it: with `done`, or with an error after which the next call is served all the same."""
        kind, payload = self._wire.frame()
        if kind != CALL:
            return  # the end of a call that was answered before its input ended, or a late cancel
        call = json.loads(payload)
        source = Input(self._wire)
        report = Report()
        tail: list[tuple[int, bytes]] = []
        self._log.open()
        try:
            with self._interrupts.call():
                # In a context of its own, so that numpy's and others' settings of the kind end with the call.
                tail = contextvars.copy_context().run(self._run, call, source, report)
        except (Failed, Cancelled) as failed:
            tail = [(ERROR, to_json(describe(failed, self._folder, report.columns)))]
        self._settle()
        self._wire.send_together(*tail)
        source.drain()

    def _run(self, call: Mapping[str, Any], source: Input, report: Report) -> list[tuple[int, bytes]]:
        method, output = call["method"], call["output"]["format"]
        if self._session is None:
            table, _ = self._read(call, lambda: segments_of(call, source))
            if method == "stage":
                with phase("stage"):
                    stage(table.frame, call["param"], call["stage"])
            return [done(call, report, table.received, len(table.frame), 0, signature_of(table.frame))]
        self._working.enter()
        with phase("load"):
            self._session.begin(call)
        if method == "summary":
            source.drain()
            frame = self._session.summary(call, report)
            return [(TABLE, to_csv(frame)), done(call, report, 0, 0, 1, None)]
        if method == "load":
            source.drain()
            self._session.load(call, report)
            return [done(call, report, 0, 0, 0, None)]
        append = call["output"]["append"]
        if call["input"]["rowWise"]:
            with phase("parse"):
                is_csv = call["input"]["format"] == "csv"
                blocks = Blocks(source, call["input"], append) if is_csv else ArrowBlocks(source, call["input"], output if append else None)
            if blocks.is_typed:
                rows = apply_blocks(self._wire, blocks, self._session.blocks(call, report), output)
                report.notes += blocks.told()
                return [done(call, report, rows, rows, rows, None)]
            report.notes.append("The types of some columns are not known, so the rows were applied as one table: " + ", ".join(blocks.unknown))
            table, original = self._read(call, blocks.all)
        else:
            table, original = self._read(call, lambda: segments_of(call, source))
        if call["param"] is None:
            call = {**call, "param": source.param}
        signature = signature_of(table.frame) if method == "fit" else None
        report.saw(table.frame)
        used = len(table.frame)
        result = self._session.fit(call, table, report) if method == "fit" else self._session.method(call, table, report)
        report.notes += table.notes
        end = done(call, report, table.received, used, len(result), signature)
        self._wire.answer_at_once()
        with phase("apply" if call["strict"] else "result"):
            if original is not None:
                out = ResultsOut(self._wire, output)
                out.send(original, used, result)
                out.close()
                return [end]
            if output == "csv" and result.size < 20_000:
                return [(TABLE, to_csv(result)), end]
            send_frame(self._wire, result, output)
        return [end]

    def _read(self, call: Mapping[str, Any], segments: Callable[[], Sequence[bytes]]) -> tuple[Table, Original | None]:
        """The table, and how it came if its rows are to come back."""
        asked = call["input"]
        with phase("parse"):
            data = unite(segments(), asked["format"])
            table = read_table(asked, data)
            return table, original_of(data, asked["format"], call["output"]["format"]) if call["output"]["append"] else None


def segments_of(call: Mapping[str, Any], source: Input) -> Sequence[bytes]:
    """All rows that come, or those of the call's file."""
    path = call["input"]["file"]
    if path is None:
        return source.read()
    with open(path, "rb") as file:
        data = file.read()
    begins = [0, *call["input"]["segments"]]
    return [data] if len(begins) == 1 else [data[begin:end] for begin, end in zip(begins, [*begins[1:], len(data)], strict=True)]


def beginning(seeds: Seeds) -> Callable[[], None]:
    """What makes a call begin as the top level ended, of which it is told what it seeded."""
    steps = (Surroundings().restore, Snapshots(seeds.undo).restore, undo_shared(seeds))

    def restore() -> None:
        for step in steps:
            step()

    return restore


def done(call: Mapping[str, Any], report: Report, received: int, used: int, returned: int, signature: list[dict[str, str]] | None) -> tuple[int, bytes]:
    """The done frame."""
    value = {
        "rows": {"received": received, "used": used, "returned": returned},
        "seconds": report.seconds,
        "device": device(),
        "signature": signature,
        "modelWasLoaded": report.was_loaded,
        "summary": report.summary,
        "modelText": report.text(call["method"], call["strict"]),
        "notes": report.notes,
    }
    return DONE, to_json(value)


def device() -> str:
    """`cuda:N` once torch computes there, else `cpu`."""
    torch = sys.modules.get("torch")
    try:
        if torch is not None and torch.cuda.is_initialized():
            return f"cuda:{torch.cuda.current_device()}"
    except AttributeError:
        pass
    return "cpu"
