"""Times per element: many calls take turns, and of each the best time counts, since noise only ever adds."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import DTypeLike

__all__ = ["SIZES", "elements", "nanoseconds"]

SIZES = {"L1": 1 << 15, "L2": 1 << 18, "memory": 1 << 26}  # bytes of input and output together that fit there
_SAMPLE = 200e-6  # seconds a sample lasts at least: a thousand ticks of a coarse clock


def elements(size: str, dtype: DTypeLike) -> int:
    """How many numbers of a type make input and output of a size."""
    return SIZES[size] // (2 * np.dtype(dtype).itemsize)


def nanoseconds(calls: Mapping[str, Callable[[], object]], count: int, seconds: float) -> dict[str, float]:
    """The best time of each call, in ns per element.

    Parameters
    ----------
    calls : mapping of str to callable
        What is measured: each is called once before, so that nothing is compiled or allocated for the first time.
    count : int
        Elements in one call.
    seconds : float
        About how long all of it may take, beyond three rounds that are always made.

    Returns
    -------
    dict of str to float
    """
    repeats = {}
    for name, call in calls.items():
        call()
        shortest = min(_timed(call, 1) for _ in range(3))
        repeats[name] = max(1, int(_SAMPLE / max(shortest, 1e-9)))
    best = dict.fromkeys(calls, float("inf"))
    begin, rounds = time.perf_counter(), 0
    while rounds < 3 or time.perf_counter() - begin < seconds:
        for name, call in calls.items():
            best[name] = min(best[name], _timed(call, repeats[name]) / repeats[name])
        rounds += 1
    return {name: 1e9 * t / count for name, t in best.items()}


def _timed(call: Callable[[], object], repeat: int) -> float:
    start = time.perf_counter()
    for _ in range(repeat):
        call()
    return time.perf_counter() - start
