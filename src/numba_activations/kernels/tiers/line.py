"""e^x as a straight line between the powers of two: what the variants of Schraudolph's exponential share.

e^x = 2^(x / ln2): the float with the bit pattern 2^m (x / ln2 + bias - c), m mantissa bits, is 2^n (1 + f) where n and
f are the whole and the fractional part of x / ln2 - c. The constants c come from tools/fit_exp.py.
"""

import math

from ..arithmetic import lift
from ..primitives import NOTHING, Float, by_type, fma, from_pattern, lower_exponent, shift
from .reduction import DOUBLE, SINGLE, at_most, clamped

# Where the bits are those of a normal number.
INTERVAL_SINGLE, INTERVAL_DOUBLE = (-87.25, SINGLE.largest_normal), (-708.3, DOUBLE.largest_normal)
INTERVAL = {"float32": INTERVAL_SINGLE, "float64": INTERVAL_DOUBLE}


def exp_line(x: Float, c: float) -> Float:
    """The number with the bits round(2^m (x / ln2 + bias - c))."""
    low, high = by_type(x, INTERVAL_SINGLE, INTERVAL_DOUBLE)
    T = type(x)
    return from_pattern(_pattern(clamped(x, low, high), T(by_type(x, 127.0 - c, 1023.0 - c))))


def line_lifted(x: Float, zero: Float, c: float) -> Float:
    """2^k e^x, where `zero` is k + origin(x); at most the number with the last pattern of a normal one."""
    largest = by_type(x, 2.0**23 * 254.9, 2.0**52 * 2046.9)
    return from_pattern(at_most(_pattern(x, (zero - shift(x)) - type(x)(c)), largest))


def _pattern(x: Float, at_zero: Float) -> Float:
    """2^m (x / ln2 + at_zero)"""
    T = type(x)
    mantissa = by_type(x, 2.0**23, 2.0**52)
    return fma(x, T(mantissa / math.log(2)), T(mantissa) * at_zero)


def _split(x: Float, c: float) -> tuple[Float, Float]:
    """f, and n + shift."""
    T = type(x)
    exponent = fma(x, T(1 / math.log(2)), T(-c))
    shifted = (exponent - T(0.5)) + shift(x)
    return exponent - (shifted - shift(x)), shifted


def line_parts(x: Float, low: Float, c: float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (1 + f) 2^n"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    f, shifted = _split(clamped(x + low, k.to_zero, k.to_infinity), c)
    return T(1) + f, T(NOTHING), shifted


def line_growth(y: Float, low: Float, c: float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (1 + f) / (lift 2^-n), y >= 0"""
    T = type(y)
    f, shifted = _split(at_most(y + low, by_type(y, SINGLE, DOUBLE).largest_growth), c)
    return T(1) + f, T(NOTHING), lower_exponent(lift(y), shifted)
