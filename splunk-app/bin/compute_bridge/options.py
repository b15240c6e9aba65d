"""What stands behind `compute` in a search: `key=value`, with Splunk's quotes and escapes."""

from __future__ import annotations

import re

from .failure import Failure

_LISTS = ("fields", "feature_variables", "target_variables")
#: What Splunk knows as escapes; any other backslash stands for itself.
_ESCAPE = re.compile(r'\\([\\"|])|""')
_BARE_ESCAPE = re.compile(r'\\([\\"|])')
_NAME = re.compile(r"[A-Za-z_][\w.-]*\Z")


def read_options(searchinfo: dict) -> dict[str, str]:
    """
    The options of the search, in their order.

    :param searchinfo: of getinfo. `raw_args` keep their quotes; where there are none, `args` have lost them already
    :raises Failure: for a word that is no option, a name that is none, one given twice
    """
    raw = searchinfo.get("raw_args")
    words = [str(each) for each in (raw if raw is not None else searchinfo.get("args") or [])]
    unquote = _unquote if raw is not None else _strip_quotes
    options: dict[str, str] = {}
    last = ""
    for name, value in _pairs(words):
        if value is None:
            raise _stray(unquote(name), last, options)
        name = unquote(name)
        if not _NAME.match(name):
            raise Failure("%s= is no name of an option." % name, "Write key=value, and values with spaces in quotes.", "BAD_CALL")
        if name in options:
            hint = "Give it once" + ('; several names go into one value: %s="a,b".' % name if name in _LISTS else ".")
            raise Failure("The option %s= is given twice." % name, hint, "BAD_CALL")
        options[name] = unquote(value)
        last = name
    return options


def _pairs(words: list[str]):
    """Names and their values as they were written; None as the value of a word that is no option. `a = b` is one pair."""
    at = 0
    while at < len(words):
        name, sign, value = _split(words[at])
        at += 1
        if not sign and at < len(words) and words[at].startswith("="):
            sign, value = "=", words[at][1:]
            at += 1
        if not sign:
            yield name, None
            continue
        if not value and at < len(words) and not _split(words[at])[1] and not words[at + 1 : at + 2] == ["="]:
            value = words[at]
            at += 1
        yield name, value


def _split(word: str) -> tuple[str, str, str]:
    """At the first `=` outside of quotes."""
    in_quotes = False
    for at, sign in enumerate(word):
        if sign == '"':
            in_quotes = not in_quotes
        elif sign == "=" and not in_quotes:
            return word[:at], "=", word[at + 1 :]
    return word, "", ""


def _unquote(text: str) -> str:
    if not text.startswith('"'):
        return _BARE_ESCAPE.sub(r"\1", text)
    if len(text) < 2 or not text.endswith('"'):
        raise Failure("A quote is open in %s." % text, "Close it, and write a quote within a value as \\\".", "BAD_CALL")
    return _ESCAPE.sub(lambda found: found.group(1) or '"', text[1:-1])


def _strip_quotes(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _stray(word: str, last: str, options: dict[str, str]) -> Failure:
    """A bare word: most often the rest of a list, of which the search language has dropped the commas."""
    message = '"%s" is no option.' % word
    if last in _LISTS:
        return Failure(message, 'A list needs quotes: %s="%s,%s".' % (last, options[last], word), "BAD_CALL")
    if last:
        return Failure(message, 'A value with spaces needs quotes: %s="%s %s".' % (last, options[last], word), "BAD_CALL")
    return Failure(message, "Options are key=value, such as algorithm=my_notebook method=fit.", "BAD_CALL")
