"""libm: one call of the C library a number."""

import sys

from ...records import Error, approximation
from ..arithmetic import lift
from ..primitives import NOTHING, Float, by_type, fma, libm_exp, libm_expm1, lower_exponent
from .reduction import DOUBLE, SINGLE, at_most, clamped, half_of_growth, reduce_exactly


def exp(x: Float) -> Float:
    """exp(x) of the platform's C library"""
    return libm_exp(x)


def _reduced_parts(r: Float, lost: Float) -> tuple[Float, Float]:
    """e^(r + lost), |r| <= ln2/2, where e^r - 1 has the digits that e^r lacks."""
    high = libm_exp(r)
    return high, fma(high, lost, libm_expm1(r) - (high - type(r)(1)))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    k = by_type(x, SINGLE, DOUBLE)
    r, lost, shifted = reduce_exactly(clamped(x, k.to_zero, k.to_infinity), low)
    high, rest = _reduced_parts(r, lost)
    return high, rest, shifted


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    r, lost, shifted = reduce_exactly(at_most(y, by_type(y, SINGLE, DOUBLE).largest_growth), low)
    high, rest = _reduced_parts(r, lost)
    return high, rest, lower_exponent(lift(y), shifted)


def half(y: Float) -> Float:
    """e^-y / (1 + e^-y), y >= 0"""
    return half_of_growth(*growth(y, type(y)(NOTHING)))


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.0, at=-0.006802907),
        "float64": Error(1.0, at=299.85377923291844),
    },
    interval={"float32": (-104.0, 88.8), "float64": (-745.2, 709.8)},
    special="as the platform's C library has it: IEEE 754 in all that we know",
    why="The reference that everybody has. One call a number: nothing vectorises.",
    cost=11,
)
