"""libm: one call of the C library a number."""

import sys

from ...records import Error, approximation
from ..primitives import Float, libm_exp, libm_expm1


def exp(x: Float) -> Float:
    """exp(x) of the platform's C library"""
    return libm_exp(x)


def growth(y: Float) -> tuple[Float, Float, Float]:
    """e^y as (1 + expm1(y)) / 1, or as (1 + 0) / exp(-y) where e^y would be large"""
    T = type(y)
    near = y < T(1)
    return T(1), libm_expm1(y) if near else T(0), T(1) if near else libm_exp(-y)


approximation(
    sys.modules[__name__],
    bounds={"float32": Error(1.0, at=1.0), "float64": Error(1.0, at=1.0)},
    interval={"float32": (-104.0, 88.8), "float64": (-745.2, 709.8)},
    special="as the platform's C library has it: IEEE 754 in all that we know",
    why="The reference that everybody has. One call a number: nothing vectorises.",
)
