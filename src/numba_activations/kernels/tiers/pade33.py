"""pade33: Pade approximant [3/3], to be compared only."""

import sys

from ...records import Error, approximation
from ..primitives import Float, fma, raise_normal
from .reduction import NORMAL, reduce_normal


def exp(x: Float) -> Float:
    """2^n (120 + 60r + 12r^2 + r^3) / (120 - 60r + 12r^2 - r^3)"""
    r, shifted = reduce_normal(x)
    T = type(x)
    w = r * r
    even, odd = fma(w, T(12), T(120)), r * (w + T(60))
    return raise_normal((even + odd) / (even - odd), shifted)


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.6e-7, at=-7.9414744, unit="relative"),
        "float64": Error(6.1e-9, at=-635.2693887137495, unit="relative"),
    },
    interval=NORMAL,
    why="A division for the accuracy of a polynomial of degree 5: u3 is as good and faster.",
    cost=1.4,
)
