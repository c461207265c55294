"""table_quadratic: a table of 64 powers of two, to be compared only."""

import sys

import numpy as np

from ...records import Error, approximation
from ..primitives import Float, by_type, fma, raise_exponent, shift
from .reduction import DOUBLE, NORMAL, SINGLE, clamped

ENTRIES = 64
TABLE_DOUBLE = 2.0 ** (np.arange(ENTRIES) / ENTRIES)
TABLE_SINGLE = TABLE_DOUBLE.astype(np.float32)


def exp(x: Float) -> Float:
    """2^n T[j] (1 + r + r^2/2), T[j] = 2^(j/64)"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    y = clamped(x, k.smallest_rough, k.largest_normal) if x == x else T(0)  # NaN has no integer
    steps = fma(y, T(ENTRIES * k.log2e), shift(x)) - shift(x)
    r = fma(steps, T(-k.ln2_low / ENTRIES), fma(steps, T(-k.ln2_high / ENTRIES), y))
    j = int(steps) & (ENTRIES - 1)
    entry = by_type(x, TABLE_SINGLE, TABLE_DOUBLE)[j]
    n = (steps - T(j)) * T(1 / ENTRIES)
    value = raise_exponent(fma(entry, fma(T(0.5) * r, r, r), entry), n + shift(x))
    return value if x == x else x


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.45e-7, at=31.251219, unit="relative"),
        "float64": Error(2.7e-8, at=-594.6715437497705, unit="relative"),
    },
    interval=NORMAL,
    why="As accurate as u3 in float32, but each number waits for memory.",
    cost=2.5,
)
