"""How a model is called in the quick way: private copies of its steps that know no names, handed one array.

A copy shares all that was learnt with its step and lacks `feature_names_in_`, so that scikit-learn does not look at names:
they were compared before (compute_bridge.rows). It is good for as long as the step holds the same objects: after another
fit, `set_params` or an exchange of a step a new plan is made.

There it is scikit-learn's own code that computes; for simple models its arithmetic alone does (compute_bridge.arithmetic).
Even so each method's second answer is compared with the plain call's, bit by bit, and unless both are equal the plain call
is used for good; the arithmetic's with that of the copies, likewise.
"""

from __future__ import annotations

import math
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from operator import is_
from typing import Any

from .arithmetic import Compute, compute_of
from .known import METHODS, steps_of
from .rows import Columns

# Comparing costs a second call: not one of many rows.
MOST_COMPARED = 100
UNUSUAL = {"transform_output": "default", "array_api_dispatch": False, "enable_metadata_routing": False}

_plans: dict[int, Plan] = {}
# scikit-learn's settings that were found to be usual, for they are seldom others.
_usual: dict[str, Any] = {}
# By thread: scikit-learn's settings while they are others; an interrupt may keep them from being put back.
_changed = threading.local()


def plan_of(model: Any, method: str) -> Plan | None:
    """The model's plan, made anew if the model has changed; None when only the plain call will do. May be called by several threads."""
    if method not in METHODS or not type(model).__module__.startswith("sklearn."):
        return None
    if not _is_usual(sys.modules["sklearn"].get_config()):
        return None
    plan = _plans.get(id(model))
    if plan is None or not plan.fits(model):
        steps = steps_of(model)
        if steps is None:
            return None
        plan = _plans[id(model)] = Plan(model, steps)
    return plan


def put_back() -> None:
    """Give scikit-learn the settings that a quick call found, if it has changed them."""
    before = getattr(_changed, "before", None)
    if before is not None:
        sys.modules["sklearn"].set_config(skip_parameter_validation=before["skip_parameter_validation"])
        _changed.before = None


class Plan:
    """The quick way of one model in one state."""

    def __init__(self, model: Any, steps: list[Any]) -> None:
        """`steps`: what compute_bridge.known says of the model."""
        # Weak: the plan goes when the model does.
        self._model = weakref.ref(model, _forget(id(model)))
        # Kept, so that no other object can get the identity of one that was compared.
        self._states = [(type(each), [*vars(each)], [*vars(each).values()]) for each in _parts(model)]
        self._steps = [(cls, dict(zip(names, values))) for cls, names, values in self._states[-len(steps) :]]
        copies = [_without_names(cls, state) for cls, state in self._steps]
        self._transforms = [step.transform for step in copies[:-1]]
        self._last = copies[-1]
        self._trusted: dict[str, bool | None] = {}
        # By method, once it was compared; None where there is no such thing, or it differed.
        self._arithmetic: dict[str, Compute | None] = {}
        self.columns = Columns(steps[0].feature_names_in_)

    def fits(self, model: Any) -> bool:
        """Whether it is the model of this plan, and holds the same objects as when the plan was made."""
        if self._model() is not model:
            return False
        parts = _parts(model)
        return len(parts) == len(self._states) and all(map(_is_in_state, parts, self._states))

    def trusts(self, method: str) -> bool:
        """Whether the method's answer was found to be the plain call's."""
        return self._trusted.get(method) is True

    def most_rows(self, method: str) -> float:
        """Of how many rows at most this plan is of use: none once an answer was wrong, few until one was compared."""
        trusted = self._trusted.get(method)
        return MOST_COMPARED if trusted is None else math.inf if trusted else 0

    def answer(self, method: str, values: Any) -> Any:
        """What the model's method gives for rows of shape (rows, features).

        Raises what scikit-learn raises, and FloatingPointError where a value becomes too great for its type.
        """
        if method in self._arithmetic:
            compute = self._arithmetic[method]
            answer = compute and compute(values)
            return self._answer_of_copies(method, values) if answer is None else answer
        answer = self._answer_of_copies(method, values)
        self._try_arithmetic(method, values, answer)
        return answer

    def _try_arithmetic(self, method: str, values: Any, answer: Any) -> None:
        import numpy as np

        compute = None
        try:
            compute = compute_of(self._steps, method)
            with np.errstate(all="ignore"):  # the copies have told them
                other = compute and compute(values)
        except Exception:
            other = compute = None
        if compute is None or other is not None:
            self._arithmetic[method] = compute if _is_equal(other, answer) else None

    def _answer_of_copies(self, method: str, values: Any) -> Any:
        import numpy as np

        last = getattr(self._last, method)
        sklearn = sys.modules["sklearn"]
        _changed.before = sklearn.get_config()
        try:
            # Whether values are finite scikit-learn looks itself, as some steps do between two of their operations.
            sklearn.set_config(skip_parameter_validation=True)
            with np.errstate(over="raise"):  # an overflow is to be told of once, by the plain call
                for transform in self._transforms:
                    values = transform(values)
                return last(values)
        finally:
            put_back()

    def learn(self, method: str, values: Any, answer: Any) -> None:
        """Compare with the plain call's answer, at a method's second call: many a model is loaded for a single one."""
        if method not in self._trusted:
            self._trusted[method] = None
            return
        import numpy as np

        try:
            with np.errstate(all="ignore"):  # the plain call has told them
                self._trusted[method] = _is_equal(self.answer(method, values), answer)
        except Exception:
            self._trusted[method] = False


def _is_usual(config: dict[str, Any]) -> bool:
    if config == _usual:
        return True
    if any(config.get(name, usual) != usual for name, usual in UNUSUAL.items()):
        return False
    _usual.clear()
    _usual.update(config)
    return True


def _forget(identity: int) -> Callable[[weakref.ref[Any]], None]:
    def forget(gone: weakref.ref[Any]) -> None:
        plan = _plans.get(identity)
        if plan is not None and plan._model is gone:
            _plans.pop(identity, None)

    return forget


def _parts(model: Any) -> list[Any]:
    """The objects whose state matters: a pipeline's own and that of its steps, or the model's."""
    steps = vars(model).get("steps")
    return [model] if steps is None else [model, *(step for _, step in steps)]


def _is_in_state(part: Any, known: tuple[type, list[str], list[Any]]) -> bool:
    cls, names, values = known
    if type(part) is not cls:
        return False  # nor need it have a state, as "passthrough" has none
    state = vars(part)
    return [*state] == names and all(map(is_, state.values(), values))


def _without_names(cls: type, state: Mapping[str, Any]) -> Any:
    copy = cls.__new__(cls)
    vars(copy).update({name: value for name, value in state.items() if name != "feature_names_in_"})
    return copy


def _is_equal(answer: Any, other: Any) -> bool:
    """Whether two answers are the same to the last bit."""
    import numpy as np

    if type(answer) is not type(other):
        return False
    if isinstance(answer, list):
        return len(answer) == len(other) and all(map(_is_equal, answer, other))
    if not isinstance(answer, np.ndarray) or (answer.dtype, answer.shape) != (other.dtype, other.shape):
        return False
    if answer.flags.c_contiguous != other.flags.c_contiguous or answer.flags.f_contiguous != other.flags.f_contiguous:
        return False  # what is computed from it may differ in its last bits
    if answer.dtype == object:
        return all(type(one) is type(two) and one == two for one, two in zip(answer.flat, other.flat))
    return answer.tobytes() == other.tobytes()
