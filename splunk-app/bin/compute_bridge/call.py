"""What a search asks for, read from its options alone: nothing here asks splunkd or the bridge."""

from __future__ import annotations

from .failure import Failure

#: Options that the bridge reads; it gives any other one to the functions.
_TO_BRIDGE = (
    "algorithm", "method", "mode", "model_name", "model_version", "environment", "fields", "feature_variables",
    "target_variables", "append",
)  # fmt: skip
#: Options of DLTK 4 that mean nothing here.
_IGNORED = ("max_buffer_size", "is_preop", "prevent_preop", "trace_context", "trace_level", "search_id")
_IGNORED_PREFIX = "opentracing_"
_OURS = ("type", "model")
_TRACING = ("opentracing_endpoint", "opentracing_user", "opentracing_password")
_TYPES = {"stateful": "stateful", "events": "events", "reporting": "reporting", "streaming": "stateful", "eventing": "events"}
_TRUTH = {"true": "true", "t": "true", "1": "true", "yes": "true", "false": "false", "f": "false", "0": "false", "no": "false"}
_VERBS = ("fit", "apply", "summary")
#: How alike names must be for one to be taken as the other misspelt: `field` for `fields`, but not `metric` for `method`.
_ALIKE = 0.85


class Call:
    """
    :ivar verb: what the user must be allowed to do: stage, fit, apply, summary or call (any other method)
    :ivar type: what getinfo answers
    :ivar query: the options that go to the bridge
    :ivar notes: what was read otherwise than written, for DEBUG lines
    """

    def __init__(self, options: dict[str, str]) -> None:
        self.notes: list[str] = []
        self.query: dict[str, str] = {}
        for name, value in options.items():
            self._take(name, value)
        mode = self.query.get("mode")
        if mode is not None and mode != "stage":
            raise Failure("mode=%s is not known." % mode, "Use mode=stage, or leave mode away and name a method.", "BAD_CALL")
        if mode is None:
            self.query.setdefault("method", "apply")
        self.method = self.query.get("method", "")
        self.verb = "stage" if mode else self.method if self.method in _VERBS else "call"
        if not self.query.get("algorithm") and self.verb != "stage":
            raise _no_algorithm(options)
        self.type = type_of(options)

    @property
    def computes_previews(self) -> bool:
        """Only an apply leaves nothing behind when it is done again and again on growing rows."""
        return self.verb == "apply"

    def _take(self, name: str, value: str) -> None:
        if name == "append":
            if value.lower() not in _TRUTH:
                raise Failure("append=%s is neither true nor false." % value, "Write append=true or append=false.", "BAD_CALL")
            value = _TRUTH[value.lower()]
        if name == "model":
            self.notes.append("model= is read as model_name=.")
            self.query.setdefault("model_name", value)
        elif name == "type":
            if value not in _TYPES:
                raise Failure("type=%s is not known." % value, "Use type=stateful, type=events or type=reporting.", "BAD_CALL")
            if _TYPES[value] != value:
                self.notes.append("type=%s is read as type=%s." % (value, _TYPES[value]))
        elif name in _IGNORED or name.startswith(_IGNORED_PREFIX):
            self.notes.append("The option %s= of DLTK has no meaning here and is ignored." % name)
        else:
            if name not in _TO_BRIDGE:
                _check_spelling(name)
            self.query[name] = value


def type_of(options: dict[str, str]) -> str:
    """`type=` if it is given; else stateful for an apply, events for what needs all rows at once. Never streaming."""
    if options.get("type") in _TYPES:
        return _TYPES[options["type"]]
    is_apply = options.get("method", "apply") == "apply" and "mode" not in options
    return "stateful" if is_apply else "events"


def _check_spelling(name: str) -> None:
    from difflib import get_close_matches

    known = _TO_BRIDGE + _OURS + _IGNORED + _TRACING
    near = get_close_matches(name.lower(), known, 1, _ALIKE)
    if near:
        raise Failure("There is no option %s=." % name, "Did you mean %s=?" % near[0], "BAD_CALL")


def _no_algorithm(options: dict[str, str]) -> Failure:
    from difflib import get_close_matches

    near = get_close_matches("algorithm", [name.lower() for name in options if name not in _TO_BRIDGE], 1, 0.6)
    hint = "Did you mean algorithm= where %s= stands?" % near[0] if near else "Add algorithm=<name of a notebook>."
    return Failure("The search names no algorithm.", hint, "BAD_CALL")
