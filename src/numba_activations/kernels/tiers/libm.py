"""libm: one call of the C library a number."""

import sys

from ...records import Error, approximation
from ..primitives import Float, fma, libm_exp, libm_expm1, shift


def exp(x: Float) -> Float:
    """exp(x) of the platform's C library"""
    return libm_exp(x)


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (1 + (e^x - 1)) near 0, as e^x elsewhere, to first order in low"""
    T = type(x)
    y = libm_exp(x)
    near = abs(x) < T(0.5)
    part = libm_expm1(x) if near else T(0)
    return T(1) if near else y, fma(y, low, part), shift(x)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as (1 + (e^y - 1)) / 1 near 0, as (1 + low) / e^-y elsewhere"""
    T = type(y)
    near = y < T(1)
    return T(1), libm_expm1(y) + low if near else low, T(1) if near else libm_exp(-y)


approximation(
    sys.modules[__name__],
    bounds={"float32": Error(1.0, at=1.0), "float64": Error(1.0, at=1.0)},
    interval={"float32": (-104.0, 88.8), "float64": (-745.2, 709.8)},
    special="as the platform's C library has it: IEEE 754 in all that we know",
    why="The reference that everybody has. One call a number: nothing vectorises.",
)
