"""Whether an event loop may serve another call: asyncio's own, as it was made, and with nothing left to do."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any


def is_idle(loop: Any) -> bool:
    """For the main thread, between calls. A loop of a class of its own is not, nor one that has an executor, whose jobs may go on."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or type(loop) is not asyncio.SelectorEventLoop or loop.is_closed() or loop.is_running():
        return False
    now, made = vars(loop), _as_made()
    return (
        now.keys() == made.keys()
        and all(now[name] == value for name, value in made.items() if value is None or type(value) in (bool, float))
        and not now.get("_ready")
        and not now.get("_signal_handlers")
        and not now.get("_asyncgens")
        and not _has_files(now)
        and all(timer.cancelled() for timer in now.get("_scheduled", ()))
        and not asyncio.all_tasks(loop)
    )


def _has_files(now: dict[str, Any]) -> bool:
    """Whether sockets or pipes are watched, besides the loop's own."""
    selector = now.get("_selector")
    return selector is None or len(selector.get_map()) > now.get("_internal_fds", 0)


@cache
def _as_made() -> dict[str, Any]:
    """What a loop's attributes are when it has run."""
    loop = sys.modules["asyncio"].SelectorEventLoop()
    try:
        loop.call_soon(loop.stop)
        loop.run_forever()
        return dict(vars(loop))
    finally:
        loop.close()
