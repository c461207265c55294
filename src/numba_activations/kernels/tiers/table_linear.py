"""table_linear: a table of 256 powers of two, to be compared only."""

import sys

import numpy as np

from ...records import Error, approximation
from ..primitives import Float, by_type, fma, raise_exponent, shift
from .reduction import DOUBLE, NORMAL, SINGLE, clamped

ENTRIES = 256
TABLE_DOUBLE = 2.0 ** (np.arange(ENTRIES) / ENTRIES)
TABLE_SINGLE = TABLE_DOUBLE.astype(np.float32)


def exp(x: Float) -> Float:
    """2^n T[j] (1 + r), T[j] = 2^(j/256)"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    y = clamped(x, k.smallest_rough, k.largest_normal) if x == x else T(0)  # NaN has no integer
    steps = fma(y, T(ENTRIES * k.log2e), shift(x)) - shift(x)
    r = fma(steps, T(-k.ln2_low / ENTRIES), fma(steps, T(-k.ln2_high / ENTRIES), y))
    j = int(steps) & (ENTRIES - 1)
    entry = by_type(x, TABLE_SINGLE, TABLE_DOUBLE)[j]
    n = (steps - T(j)) * T(1 / ENTRIES)
    value = raise_exponent(fma(entry, r, entry), n + shift(x))
    return value if x == x else x


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.08e-6, at=0.012185381, unit="relative"),
        "float64": Error(9.3e-7, at=217.54667947163398, unit="relative"),
    },
    interval=NORMAL,
    why="A gather for each number, and still less accurate than r3e6 for more time.",
    cost=2.4,
)
