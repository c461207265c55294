"""limit: the definition of e^x as a limit, to be compared only."""

import sys

from ...records import Error, approximation
from ..primitives import Float

SQUARINGS = 10


def exp(x: Float) -> Float:
    """(1 + x / 1024)^1024"""
    T = type(x)
    y = T(1) + x * T(2.0**-SQUARINGS)
    for _ in range(SQUARINGS):
        y = y * y
    return y


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(5.7e-4, at=0.9998159, unit="relative"),
        "float64": Error(5e-4, at=-1.0, unit="relative"),
    },
    interval={"float32": (-1.0, 1.0), "float64": (-1.0, 1.0)},
    special="NaN gives NaN and inf gives inf; far below 0 the result grows again, to inf at -inf",
    why="No range reduction, and it shows: the error grows as x^2 / 2048, and each squaring doubles that of rounding.",
    cost=0.9,
)
