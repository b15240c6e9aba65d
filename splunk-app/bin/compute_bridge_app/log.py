"""What the app did for whom, in $SPLUNK_HOME/var/log/splunk/compute_bridge_app.log, as key="value". Never a secret, never rows."""

import logging
import logging.handlers
import os
import time

_BYTES = 5 * 1024 * 1024


def info(event: str, **values: object) -> None:
    _logger().info(_line(event, values))


def warning(event: str, **values: object) -> None:
    _logger().warning(_line(event, values))


def error(event: str, **values: object) -> None:
    _logger().error(_line(event, values))


def _line(event: str, values: dict) -> str:
    return " ".join('%s="%s"' % (name, _one_line(value)) for name, value in {"event": event, **values}.items())


def _one_line(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return " ".join(text.split())[:2000]


def _logger() -> logging.Logger:
    logger = logging.getLogger("compute_bridge_app")
    if not logger.handlers:
        logger.addHandler(_to_file())
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


def _to_file() -> logging.Handler:
    """A log that cannot be written must not keep a search from its token."""
    path = os.path.join(os.environ.get("SPLUNK_HOME", ""), "var", "log", "splunk", "compute_bridge_app.log")
    try:
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=_BYTES, backupCount=2, encoding="utf-8")
    except OSError:
        return logging.NullHandler()
    logging.addLevelName(logging.WARNING, "WARN")
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ level=%(levelname)s part=app %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    # A full disk: logging's own way is a traceback on stderr, which splunkd logs line by line.
    handler.handleError = lambda record: None
    return handler
