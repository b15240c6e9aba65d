"""Random numbers: what a top level seeded comes again in each call; what it did not seed is new in each call.

DSDL imports a notebook anew for every fit, so that a seed at its top level makes fits repeatable. Here the module stays,
and the generators that it seeded are put back to where its top level left them. The others are given new seeds: a call
that seeds them itself must not decide what the next one draws.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .generator_state import Look, look_at_numpy, look_at_random

Undo = Callable[[], None]

# The generator behind `random.seed` and the like, before any code puts something of its own there.
SHARED: random.Random = random.seed.__self__  # type: ignore[attr-defined]

# Seeds that people give are below it (numpy takes no larger one); torch's own have 53 or 64 bits.
LEAST_DRAWN = 1 << 32


class SharedGenerator:
    """What becomes of a library's global generator while a top level runs."""

    def __init__(self, state: Callable[[], Any]) -> None:
        self.is_seeded = False
        self.is_watched = False
        self.state = state
        self._unseeded: Any = None

    def watched(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The library's function that seeds, or sets a state. To set the one from before the first seed is to unseed."""

        @functools.wraps(real)
        def seed(*args: Any, **named: Any) -> Any:
            if not self.is_watched:  # somebody took it from the module before
                return real(*args, **named)
            if not self.is_seeded:
                self._unseeded = self.state()
            result = real(*args, **named)
            given = next(iter((*args, *named.values())), None)
            self.is_seeded = given is not None and self.state() != self._unseeded
            return result

        return seed


class Seeds:
    """Sees what is seeded while a top level runs: afterwards nobody can tell seeding from drawing."""

    def __init__(self) -> None:
        self.random = SharedGenerator(random.getstate)
        self.numpy = SharedGenerator(lambda: [part if isinstance(part, (str, int, float)) else part.tobytes() for part in np.random.get_state()])
        self._instances: weakref.WeakSet[random.Random] = weakref.WeakSet()
        # What numpy drew from the system for generators that were given no seed.
        self._drawn: set[int] = set()

    @contextlib.contextmanager
    def besides(self) -> Iterator[None]:
        """Whatever is seeded meanwhile is forgotten at the end."""
        before = self.random.is_seeded, self.numpy.is_seeded
        try:
            yield
        finally:
            self.random.is_seeded, self.numpy.is_seeded = before

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """For as long as code is imported. What it takes from the modules meanwhile works on afterwards."""
        places = (
            (random, "seed", self.random.watched),
            (random, "setstate", self.random.watched),
            (np.random, "seed", self.numpy.watched),
            (np.random, "set_state", self.numpy.watched),
            (random.Random, "seed", self._instance),
            (np.random.bit_generator, "randbits", self._system),
        )
        put: list[tuple[Any, str, Any, Any]] = []
        for place, name, watched in places:
            real = getattr(place, name, None)
            if real is not None:
                put.append((place, name, real, watched(real)))
                setattr(place, name, put[-1][3])
        self.random.is_watched = self.numpy.is_watched = True
        try:
            yield
        finally:
            self.random.is_watched = self.numpy.is_watched = False
            for place, name, real, ours in put:
                if getattr(place, name, None) is ours:
                    setattr(place, name, real)

    def undo(self, value: Any) -> Undo | None:
        """How to put a generator that the code made back to its state of now; None for one without a seed, and for no generator."""
        if isinstance(value, np.random.Generator):
            return None if self._is_drawn(value.bit_generator) else functools.partial(setattr, value.bit_generator, "state", value.bit_generator.state)
        if isinstance(value, np.random.RandomState):
            is_global = value is getattr(np.random.mtrand, "_rand", None)
            return None if is_global or self._is_drawn(value._bit_generator) else functools.partial(value.set_state, value.get_state())  # type: ignore[attr-defined]
        if isinstance(value, random.Random):
            return functools.partial(value.setstate, value.getstate()) if value in self._instances else None
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, getattr(torch, "Generator", ())):
            return functools.partial(value.set_state, value.get_state())  # its seed is always the same if none is given
        return None

    def _is_drawn(self, bits: Any) -> bool:
        sequence = getattr(bits, "seed_seq", None)
        return sequence is not None and isinstance(sequence.entropy, int) and sequence.entropy in self._drawn

    def _instance(self, real: Callable[..., None]) -> Callable[..., None]:
        def seed(instance: random.Random, a: Any = None, version: int = 2) -> None:
            real(instance, a, version)
            (self._instances.discard if a is None else self._instances.add)(instance)

        return seed

    def _system(self, real: Callable[[int], int]) -> Callable[[int], int]:
        def randbits(count: int) -> int:
            bits = real(count)
            self._drawn.add(bits)
            return bits

        return randbits


def seeded_state(seeds: Seeds) -> tuple[Any, ...]:
    """Where those of the shared generators are that were seeded; for comparing."""
    torch: Any = sys.modules.get("torch")
    is_torch = torch is not None and hasattr(torch, "initial_seed") and torch.initial_seed() < LEAST_DRAWN
    return (
        random.getstate() if seeds.random.is_seeded else None,
        seeds.numpy.state() if seeds.numpy.is_seeded else None,
        torch.get_rng_state().tolist() if is_torch else None,
    )


def undo_shared(seeds: Seeds) -> Undo:
    """What to do before each call to the generators that all code shares: Python's, numpy's and, once it is loaded, torch's."""
    # Nobody else draws from it, so that new seeds need not come from the system.
    fresh = random.Random(os.urandom(32))
    reset_random: Undo = functools.partial(random.setstate, random.getstate()) if seeds.random.is_seeded else _reseeding_random(fresh)
    reset_numpy: Undo = functools.partial(np.random.set_state, np.random.get_state()) if seeds.numpy.is_seeded else _reseeding_numpy(fresh)
    reset_random()
    reset_numpy()
    # Without a seed each call draws other numbers, also where it leaves the state as it was: children may have drawn, or it was put back.
    undo_random = _if_used(look_at_random(), reset_random) if seeds.random.is_seeded else reset_random
    undo_numpy = _if_used(look_at_numpy(), reset_numpy) if seeds.numpy.is_seeded else reset_numpy
    undo_torch = _undo_torch()

    def undo() -> None:
        undo_random()
        undo_numpy()
        undo_torch()

    return undo


def _if_used(look: Look | None, reset: Undo) -> Undo:
    """A state that is what it was need not be set."""
    if look is None:
        return reset
    begin = look()

    def undo() -> None:
        if look() != begin:
            reset()

    return undo


def _reseeding_random(seeds: random.Random) -> Undo:
    # The library's own looks first at what kind of seed it is given, which takes as long again.
    shared, seed = SHARED, super(random.Random, SHARED).seed

    def reseed() -> None:
        seed(seeds.getrandbits(64))
        shared.gauss_next = None

    return reseed


def _reseeding_numpy(seeds: random.Random) -> Undo:
    seed = np.random.seed
    return lambda: seed(seeds.getrandbits(32))


def _undo_torch() -> Undo:
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "initial_seed") or torch.initial_seed() >= LEAST_DRAWN:
        return _reseed_torch
    seed, state = torch.initial_seed(), torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def undo() -> None:
        torch.set_rng_state(state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)
        elif torch.cuda.is_initialized():  # before that the top level's own seed waits for it
            torch.cuda.manual_seed_all(seed)

    return undo


def _reseed_torch() -> None:
    """Torch seeds itself when it is loaded: only a call may have given it a seed since."""
    torch: Any = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "initial_seed") and torch.initial_seed() < LEAST_DRAWN:
        torch.seed()
