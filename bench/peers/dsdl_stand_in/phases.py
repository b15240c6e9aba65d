"""What the stand-in says of failures: HTTP 200, the phase, and `str(e)`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

TEXTS = {
    "json": 'unable to parse json from POST data. Provide a JSON object with structure { "data" : "<string of csv serialized pandas dataframe>", "meta" : {<json dict object for parameters>}}',
    "csv": "unable to convert raw data to pandas dataframe",
    "stage": "unable to stage dataframe",
    "load": "unable to load algo code from module",
    "init": "unable to initialize module",
    "fit": "unable to fit model",
    "save": "unable to save model",
    "apply": "unable to apply model",
}


class Failed(Exception):
    """A phase failed; its text is the answer's message after the endpoint's name."""


@contextlib.contextmanager
def phase(name: str) -> Iterator[None]:
    """Says which phase an exception belongs to. SystemExit is none, and ends the server, as it does in DSDL."""
    try:
        yield
    except Exception as error:
        raise Failed(f"{TEXTS[name]}. Ended with exception: {error}") from error
