"""Raises what cannot be printed."""

class Odd:
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Worse:
    def __str__(self):
        raise SystemExit(3)

    __repr__ = __str__


class Raising(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Ending(Exception):
    def __str__(self):
        raise SystemExit(3)


class Interrupting(Exception):
    def __str__(self):
        raise KeyboardInterrupt


class Numbered(Exception):
    def __str__(self):
        return 5


class Text(str):
    def replace(self, *_):
        raise RuntimeError("no other text")

    __len__ = __getitem__ = __format__ = replace


class Texted(Exception):
    def __str__(self):
        return Text("of a kind of its own")


class Elsewhere(Exception):
    @property
    def __class__(self):
        raise RuntimeError("no class")

    @property
    def __traceback__(self):
        raise RuntimeError("no traceback")


class Unnamed(type):
    def __getattribute__(cls, name):
        if name in ("__name__", "__qualname__"):
            raise RuntimeError("no name")
        return super().__getattribute__(name)


class Nameless(Exception, metaclass=Unnamed):
    __module__ = 5


class NoRows:
    def __iter__(self):
        raise Raising


def changed(error, **attributes):
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


RAISED = {
    "raising": lambda: Raising(),
    "ending": lambda: Ending(),
    "interrupting": lambda: Interrupting(),
    "numbered": lambda: Numbered(),
    "texted": lambda: Texted(),
    "elsewhere": lambda: Elsewhere("told"),
    "nameless": lambda: Nameless("told"),
    "empty name": lambda: type("", (Exception,), {})("told"),
    "surrogate": lambda: ValueError("\ud800"),
    "key": lambda: KeyError(Odd()),
    "worse key": lambda: KeyError(Worse()),
    "arguments": lambda: changed(ValueError(), args=(Odd(), Odd())),
    "exit": lambda: SystemExit(Odd()),
    "notes": lambda: changed(ValueError("told"), __notes__=[Odd()]),
    "no notes": lambda: changed(ValueError("told"), __notes__=5),
    "cause": lambda: changed(ValueError("told"), __cause__=Ending()),
    "group": lambda: ExceptionGroup("told", [Raising(), KeyError(Worse())]),
    "file": lambda: SyntaxError("told", (5, "x", "y", [])),
    "line": lambda: SyntaxError("told", (__file__, "x", 5, 5)),
    "lines": lambda: changed(SyntaxError("told", (__file__, 2, 5, "x")), text=Odd()),
}


def apply(model, df, param):
    if "raises" in param:
        raise RAISED[param["raises"]]()
    return df


def in_a_result(model, df, param):
    return NoRows()


def load(name):
    return Odd() if name == "odd" else Worse() if name == "worse" else {}


def summary(model):
    return {"odd": model}
