"""The command as splunkd runs it: getinfo, then one reply for each chunk, until splunkd or the bridge is done."""

from __future__ import annotations

import os
import time

from .call import Call, type_of
from .chunks import Request, Splunkd
from .ends import Ends, heed_signals, ignore_signals
from .failure import Failure, Finalized, Gone, InputClosed
from .idle import Idle, Reply
from .log import Log
from .messages import Messages
from .options import read_options
from .search import Search

_WITHOUT_ROWS = ("stage", "summary")


class Command:
    """
    :param source: file descriptor of stdin, to see it close
    :param home: SPLUNK_HOME
    """

    def __init__(self, splunkd: Splunkd, source: int, home: str) -> None:
        self._splunkd = splunkd
        self._source = source
        self._home = home
        self._log = Log(home)
        self._messages = Messages(self._log)
        self._way = Idle()
        self._ends: Ends | None = None

    def run(self) -> None:
        """Until the end, whichever: nothing is raised, and the process may exit with 0."""
        began = time.monotonic()
        outcome = "done"
        try:
            heed_signals()
            self._serve()
        except Gone as gone:
            outcome = "cut" if isinstance(gone, InputClosed) and self._is_cut() else "gone"
            self._log.info("gone", why=gone)
        except Failure as failure:
            outcome = "failed"
            self._fail(failure)
        except Exception as error:  # A fault of our own: its traceback goes to the log, a sentence to the user.
            outcome = "failed"
            self._fault(error)
        if outcome != "done":
            self._cancel()
        self._log.info("end", outcome=outcome, seconds=time.monotonic() - began)

    def _serve(self) -> None:
        request = self._splunkd.next()
        if request is None:
            return
        self._way = self._begin(request)
        is_last = False
        while True:
            request = self._splunkd.next()
            if request is None:
                if isinstance(self._way, Idle):
                    return
                raise Gone("its input ended before the last chunk" if not is_last else "its input ended before all rows were fetched")
            is_last = is_last or request.finished
            reply = self._step(request)
            self._splunkd.reply({"finished": reply.finished, **self._messages.take()}, reply.size, reply.body)
            if reply.finished and is_last:
                return

    def _begin(self, request: Request):
        """Answers getinfo, from the options alone: nobody is asked before there are rows."""
        search = Search(request.metadata)
        self._log.facts.update({"sid": search.sid, "user": search.user, "app": search.app})
        if search.is_parsed_only:
            self._splunkd.skip()
            self._splunkd.reply({"type": _type(search)})
            return Idle()
        call = Call(read_options(search.info))
        self._log.info("begin", method=call.method or call.verb, algorithm=call.query.get("algorithm"), type=call.type, preview=search.is_preview)
        for note in call.notes:
            self._log.debug("option", text=note)
            self._messages.add("DEBUG", "compute: " + note)
        self._splunkd.skip()
        self._splunkd.reply({"type": call.type, **self._messages.take()})
        if search.is_preview and not call.computes_previews:
            return Idle()
        return self._way_of(search, call)

    def _way_of(self, search: Search, call: Call):
        from . import ahead
        from .bridge import Bridge

        ahead.load()
        ends = self._ends = Ends(self._source, search.folder)
        bridge = Bridge(search, call, ends, self._home)
        if call.type == "stateful" and call.verb not in _WITHOUT_ROWS:
            from .stateful import Stateful

            return Stateful(bridge, call, search.folder, ends, self._messages, self._log)
        from .whole import Whole

        return Whole(bridge, call, search.folder, self._messages)

    def _step(self, request: Request) -> Reply:
        try:
            return self._way.step(self._splunkd, request)
        except Finalized:
            self._log.info("finalized")
            self._messages.add("WARN", "The search was stopped, so compute answers only the rows that it has returned so far.")
            self._cancel()
            self._way = Idle()
            return self._way.step(self._splunkd, request)

    def _cancel(self) -> None:
        """The bridge's work, as far as that can be done."""
        if self._ends is None:
            return
        ignore_signals()
        self._ends.clean_up()
        try:
            self._way.cancel()
        except Exception as error:
            self._log.info("cancel", why=error)

    def _fail(self, failure: Failure) -> None:
        """One sentence; splunkd reads the messages before the error."""
        sentence = failure.sentence
        self._log.error("failed", code=failure.code, text=sentence)
        self._messages.add("ERROR", sentence)
        try:
            self._splunkd.skip()
            if self._splunkd.is_waiting:
                self._splunkd.reply({**self._messages.take(), "finished": True, "error": sentence})
        except (Failure, Gone) as error:
            self._log.info("gone", why=error)

    def _is_cut(self) -> bool:
        """Whether the input closed before the last request was whole: an error, where a cancelled search is none."""
        try:
            self._splunkd.skip()
        except Failure as failure:
            self._log.error("failed", code=failure.code, text=failure.sentence)
            return True
        return False

    def _fault(self, error: Exception) -> None:
        import traceback

        self._log.error("fault", text="".join(traceback.format_exception(type(error), error, error.__traceback__)))
        hint = "Look for this search in index=_internal sourcetype=compute_bridge and report what stands there."
        self._fail(Failure("The command compute failed by a fault of its own (%s)." % type(error).__name__, hint, "FAULT"))


def _type(search: Search) -> str:
    try:
        return type_of(read_options(search.info))
    except Failure:
        return type_of({})


def main(source, sink) -> None:
    """
    :param source: stdin, unbuffered
    :param sink: stdout, unbuffered
    """
    Command(Splunkd(source, sink), source.fileno(), os.environ.get("SPLUNK_HOME", "")).run()
