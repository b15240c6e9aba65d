"""The worker's main loop: import the module, then one call after the other."""

from __future__ import annotations

import contextvars
import gc
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from os import _exit as leave  # before the code's own is another (crashes.py)
from types import ModuleType
from typing import Any, NamedTuple

from . import entry_points, logs, modules
from .append import Original, ResultsOut, original_of
from .arriving import Arriving
from .arrow_blocks import ArrowBlocks
from .awake import Awake
from .beginnings import Beginning
from .blocks import Blocks, apply_blocks
from .calls import Report, Session
from .columns import Plan, plan_of
from .data_folder import DataFolder
from .done import done
from .failures import TAKEN_BACK, Failed, describe, phase
from .few_out import few_csv
from .folders import WorkingFolder
from .forked import end_if_forked, mark_worker
from .frames import AHEAD, CALL, ERROR, EVENT, TABLE, Wire, to_json
from .interrupts import Cancelled, Interrupts
from .known_calls import KnownCalls
from .paths import MODEL_DATA, rules
from .permits import Permits, permits_at
from .randomness import Seeds
from .segments import unite
from .staging import stage
from .tables_in import Input, Table, chosen_table, is_guessed, read_table, signature_of
from .tables_out import one_each, send_frame, to_csv
from .unattended import Unattended
from .wording import SHOWN

LOAD, PARSE, APPLY, RESULT = map(phase, ("load", "parse", "apply", "result"))


class Opened(NamedTuple):
    """What a worker has whatever it serves: its connection, and what takes interrupts and the lines that code prints."""

    wire: Wire
    interrupts: Interrupts
    log: logs.Log
    settle: Callable[[], None]


def opened(connection: socket.socket) -> Opened:
    """From now on the process ends with the connection, takes interrupts, and what is printed is a call's."""
    mark_worker()
    wire = Wire(connection)
    end_with(connection)
    interrupts = Interrupts()
    interrupts.install()
    log, settle = logs.install(lambda level, text: wire.send_json(EVENT, {"event": "log", "level": level, "text": text}))
    return Opened(wire, interrupts, log, settle)


def serve(own: Opened, module: str | None, folder: str | None, home: str, place: str, at: str | None = None) -> None:
    """Answer calls until the bridge closes the connection. What this worker alone uses has names that begin with `place`."""
    wire, interrupts, log, settle = own
    working = WorkingFolder([at, os.path.join(home, "notebooks"), home] if at else [home])
    worker = Worker(wire, interrupts, log, settle, folder, working)
    try:
        worker.start(module, home, place)
        while True:
            worker.answer()
            worker.make_ready()
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
        self._awake = Awake(wire)
        self._calls = KnownCalls()
        self._permits: Permits | None = None

    def start(self, name: str | None, home: str, place: str) -> None:
        """Import the module and say so. Failed of phase import when it cannot be."""
        module: ModuleType | None = None
        if name is not None and self._folder is not None:
            link = f"{place}.data"
            modules.install([self._folder, home], rules(link, home))
            SHOWN.append((link, MODEL_DATA))
            data = DataFolder(link)
            data.point(os.path.join(home, "app", "model", "data"), os.path.join(home, "app", "model", "data"))
            seeds, unattended = Seeds(), Unattended()
            self._working.enter()
            with phase("import"), seeds.watch():
                module = modules.load(name, self._folder)
            self._interrupts.keep()
            unattended.imported()
            with phase("import"):  # what the top level made may refuse to be looked at
                self.serve_calls_of(Session(module, self._interrupts, data, Beginning(seeds), unattended))
            self._permits = permits_at(f"{place}.permits")
            self.make_ready()
        with phase("import"):
            uncallable = entry_points.uncallable(module) if module else {}
            names = entry_points.found(module) if module else ["stage", "parse"]
        gc.collect()
        gc.freeze()
        ready = {"event": "ready", "pid": os.getpid(), "uncallable": uncallable, "entryPoints": names, "ahead": self._permits is not None}
        self._wire.send_json(EVENT, ready)

    def serve_calls_of(self, session: Session) -> None:
        """From now on calls are its."""
        self._session = session

    def answer(self) -> None:
        """Read one call and answer it: with `done`, or with an error after which the next call is served all the same."""
        kind, payload = self._awake.frame()
        if kind == AHEAD and not (self._permits and self._permits.take()):
            Input(self._wire).drain()
            self._wire.send_json(ERROR, TAKEN_BACK)
            return
        if kind not in (CALL, AHEAD):
            return  # the end of a call that was answered before its input ended, or a late cancel
        call = self._calls.parsed(payload)
        source = Input(self._wire)
        report = Report()
        tail: list[tuple[int, bytes]] = []
        self._log.open()
        try:
            self._interrupts.begin_call()
            try:
                # In a context of its own, so that numpy's and others' settings of the kind end with the call.
                tail = contextvars.copy_context().run(self._run, call, source, report)
            finally:
                self._interrupts.end_call()
        except (Failed, Cancelled) as failed:
            told = describe(failed, self._folder, report.columns)
            tail = [(ERROR, to_json({**told, "spent": True} if report.is_spent else told))]
        end_if_forked()  # ends of objects and texts of exceptions may fork, and another thread may have held a lock that is taken next
        self._settle()
        self._wire.send_together(*tail)
        source.drain()

    def make_ready(self) -> None:
        """Do what the next call needs and nobody has to wait for. Once all of the last one is gone: objects may change globals when they end."""
        if self._session is not None:
            self._session.restore()

    def _run(self, call: Mapping[str, Any], source: Input, report: Report) -> list[tuple[int, bytes]]:
        method = call["method"]
        if self._session is None:
            with PARSE:
                table, _ = read(call, unite(segments_of(call, source), call["input"]["format"]))
            if method == "stage":
                with phase("stage"):
                    stage(table.frame, call["param"], call["stage"])
            return [done(call, report, table.received, len(table.frame), 0, signature_of(table.frame, all_kinds=True))]
        self._working.enter()
        with LOAD:
            self._session.begin(call, report)
        if method == "summary":
            source.drain()
            frame = self._session.summary(call, report)
            with phase("summary"):  # a text that is no Unicode cannot be sent
                return [(TABLE, to_csv(frame)), done(call, report, 0, 0, 1, None)]
        if method == "load":
            source.drain()
            self._session.load(call, report)
            return [done(call, report, 0, 0, 0, None)]
        return self._compute(self._session, call, source, report)

    def _compute(self, session: Session, call: Mapping[str, Any], source: Input, report: Report) -> list[tuple[int, bytes]]:
        """A call that has rows. Few of them are read, computed and written in one go; nothing of it leaves this thread."""
        asked, output = call["input"], call["output"]["format"]
        is_row_wise = asked["rowWise"]
        with PARSE:
            few = source.few() if asked["format"] == "csv" and asked["file"] is None else None
            if few is not None:
                # One block, which needs no threads.
                is_row_wise = is_row_wise and is_typed(plan_of(few, asked), report)
                table, original = read(call, few)
        if few is None and is_row_wise:
            with PARSE:
                append = call["output"]["append"]
                blocks = Blocks(source, asked, append, output) if asked["format"] == "csv" else ArrowBlocks(source, asked, output if append else None)
            if is_typed(blocks, report):
                rows = apply_blocks(self._wire, blocks, session.blocks(call, report), output)
                report.notes += blocks.told()
                return [done(call, report, rows, rows, rows, None)]
            is_row_wise = False
            with PARSE:
                table, original = read(call, unite(blocks.all(), asked["format"]))
        elif few is None:
            with PARSE:
                table, original = received(call, source)
        if call["param"] is None:
            call = {**call, "param": source.param}
        is_fit = call["method"] == "fit"
        signature = signature_of(table.frame) if is_fit else None
        report.saw(table.frame)
        result = session.fit(call, table, report) if is_fit else session.method(call, table, report)
        report.notes += table.notes
        sending = APPLY if call["strict"] else RESULT
        with sending:
            returned = len(result.index)
            if is_row_wise:
                one_each(returned, table.received)
            written = few_csv(result) if original is None and output == "csv" else None
        end = done(call, report, table.received, table.received, returned, signature)
        if written is not None:
            return [(TABLE, written), end]
        self._wire.answer_at_once()
        with sending:
            if original is None:
                send_frame(self._wire, result, output)
            else:
                out = ResultsOut(self._wire, output)
                out.send(original, table.received, result)
                out.close()
        return [end]


def read(call: Mapping[str, Any], data: bytes) -> tuple[Table, Original | None]:
    """The table, and how it came if its rows are to come back."""
    return read_table(call["input"], data), original_in(call, data)


def received(call: Mapping[str, Any], source: Input) -> tuple[Table, Original | None]:
    """The same of rows that are still to come; where nothing says what types they have, they are parsed meanwhile."""
    asked = call["input"]
    if asked["file"] is not None or not is_guessed(asked):
        return read(call, unite(segments_of(call, source), asked["format"]))
    with Arriving() as arriving:
        came = source.hold(arriving)
        is_kept = call["output"]["append"]
        frame = arriving.frame((lambda: None) if is_kept else came[0].drop) if len(came) == 1 else None
    segments = [held.whole() for held in came]
    for held in came:
        held.drop()
    if frame is not None:
        return chosen_table(frame, asked), original_in(call, b"".join(segments))
    return read(call, unite(segments, asked["format"]))


def original_in(call: Mapping[str, Any], data: bytes) -> Original | None:
    """How the rows came, if they are to come back."""
    asked, output = call["input"], call["output"]
    return original_of(data, asked["format"], output["format"]) if output["append"] else None


def segments_of(call: Mapping[str, Any], source: Input) -> Sequence[bytes]:
    """All rows that come, or those of the call's file."""
    path = call["input"]["file"]
    if path is None:
        return source.read()
    with open(path, "rb") as file:
        data = file.read()
    begins = [0, *call["input"]["segments"]]
    return [data] if len(begins) == 1 else [data[begin:end] for begin, end in zip(begins, [*begins[1:], len(data)], strict=True)]


def is_typed(rows: Plan | Blocks | ArrowBlocks, report: Report) -> bool:
    """Whether types are known, so that the rows can go in blocks; if not, the report says so."""
    if rows.is_typed:
        return True
    report.notes.append("The types of some columns are not known, so the rows were applied as one table: " + ", ".join(rows.unknown))
    return False
