"""correct: float32 only, correctly rounded."""

import sys

import numpy as np

from ...records import Error, approximation
from ..arithmetic import lift
from ..coefficients import EXP10_DOUBLE
from ..primitives import Float, lower_exponent, raise_exponent, shift
from .derived import derived
from .reduction import SINGLE, at_most, clamped, exp_reduced, exp_reduced_parts, reduce


def exp(x: Float) -> Float:
    """2^n (1 + r + r^2 q(r)) in float64, q of degree 8, rounded to float32"""
    r, shifted = reduce(clamped(np.float64(x), SINGLE.to_zero, SINGLE.to_infinity))
    return np.float32(raise_exponent(exp_reduced(r, EXP10_DOUBLE), shifted))


def _parts(x: Float) -> tuple[Float, Float, Float]:
    """e^x = (high + rest) 2^n of a float64 x, as three float32."""
    r, shifted = reduce(x)
    h, lost = exp_reduced_parts(r, np.float64(0), EXP10_DOUBLE)
    high = np.float32(h)
    return high, np.float32((h - np.float64(high)) + lost), np.float32(shifted - shift(x)) + shift(high)


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    return _parts(clamped(np.float64(x) + np.float64(low), SINGLE.to_zero, SINGLE.to_infinity))


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    high, rest, shifted = _parts(at_most(np.float64(y) + np.float64(low), SINGLE.largest_growth))
    return high, rest, lower_exponent(lift(y), shifted)


reduced = exp
half, share, less_one, surplus, climb, gap, exp_lifted = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={"float32": Error(0.5, at=6.9200187)},
    interval={"float32": (-np.inf, np.inf)},
    special="IEEE 754: NaN, infinities, overflow and subnormal results are right",
    why="The float32 nearest to e^x, for every float32 x (tools/check_correct.py has tried them all): the same on "
    "every machine. Three times the work of the default.",
    cost=3.4,
)
