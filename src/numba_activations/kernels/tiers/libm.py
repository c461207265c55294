"""libm: one call of the C library a number."""

import sys

import numpy as np

from ...records import Error, approximation
from ..arithmetic import fast_two_sum, lift
from ..primitives import Float, by_type, fma, libm_exp, libm_expm1, lower_exponent
from .derived import derived
from .reduction import DOUBLE, SINGLE, at_most, clamped, reduce_exactly


def exp(x: Float) -> Float:
    """exp(x) of the platform's C library"""
    return libm_exp(x)


def _reduced_parts(r: Float, lost: Float) -> tuple[Float, Float]:
    """e^(r + lost), |r| <= ln2/2, as its rounded value and what that lacks."""
    T = type(r)
    if by_type(r, True, False):
        e = libm_exp(np.float64(r) + np.float64(lost))  # no more than the exp of float32 and less than its expm1
        high = T(e)
        return high, r + lost if abs(r) < T(2.0**-26) else T(e - np.float64(high))  # e itself is 1 where r is tiny
    high, rest = fast_two_sum(T(1), libm_expm1(r))  # expm1 has the digits that exp lacks
    return high, fma(high, lost, rest)


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


def half(y: Float, a: Float) -> Float:
    """a e^-y / (1 + e^-y), y >= 0"""
    e = libm_exp(-y)
    return a * e / (type(y)(1) + e)


reduced = exp
_, share, less_one, surplus, climb, gap, exp_lifted = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.0, at=-0.006802907),
        "float64": Error(1.0, at=299.85377923291844),
    },
    interval={"float32": (-104.0, 88.8), "float64": (-745.2, 709.8)},
    special="as the platform's C library has it: IEEE 754 in all that we know",
    why="The reference that everybody has. One call a number, around which what is built on it vectorises.",
    cost=20,
)
