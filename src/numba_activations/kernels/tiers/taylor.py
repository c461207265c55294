"""taylor: the series of Taylor, to be compared only."""

import sys

from ...records import Error, approximation
from ..primitives import Float, raise_normal
from .reduction import NORMAL, exp_reduced, reduce_normal

SERIES = (1 / 120, 1 / 24, 1 / 6, 1 / 2)


def exp(x: Float) -> Float:
    """2^n (1 + r + r^2/2 + ... + r^5/120)"""
    r, shifted = reduce_normal(x)
    return raise_normal(exp_reduced(r, SERIES), shifted)


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(3.4e-6, at=-28.765547, unit="relative"),
        "float64": Error(3.3e-6, at=-635.2693887137495, unit="relative"),
    },
    interval=NORMAL,
    why="As much work as u3 in float32, and an error 30 times as large: the series is best at r = 0 and nowhere else.",
    cost=0.9,
)
