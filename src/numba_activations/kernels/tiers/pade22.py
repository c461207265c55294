"""pade22: Pade approximant [2/2], to be compared only."""

import sys

from ...records import Error, approximation
from ..primitives import Float, fma, raise_normal
from .reduction import NORMAL, reduce_normal


def exp(x: Float) -> Float:
    """2^n (12 + 6r + r^2) / (12 - 6r + r^2)"""
    r, shifted = reduce_normal(x)
    T = type(x)
    even, odd = fma(r, r, T(12)), T(6) * r
    return raise_normal((even + odd) / (even - odd), shifted)


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(7.3e-6, at=17.675323, unit="relative"),
        "float64": Error(7.1e-6, at=-635.2693887137495, unit="relative"),
    },
    interval=NORMAL,
    why="A division for the accuracy of a polynomial of degree 4: r3e6 is better and faster.",
    cost=1.4,
)
