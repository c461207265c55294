"""Arithmetic with the digits that one float loses."""

from fractions import Fraction
from typing import Any

import numpy as np

from .coefficients import LN2_HIGH_DOUBLE, LN2_LOW_DOUBLE
from .primitives import NOTHING, Float, by_type, fma

LARGEST_SINGLE = float.fromhex("0x1.fffffep+127")
LARGEST_DOUBLE = float.fromhex("0x1.fffffffffffffp+1023")


def fast_two_sum(a: Float, b: Float) -> tuple[Float, Float]:
    """a + b as its rounded value and what that lacks, exactly, for |a| >= |b|, or a = 0."""
    total = a + b
    return total, b - (total - a)


def two_sum(a: Float, b: Float) -> tuple[Float, Float]:
    """a + b as its rounded value and what that lacks, exactly."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def two_product(a: Float, b: Float) -> tuple[Float, Float]:
    """a b as its rounded value and what that lacks, exactly but for underflow."""
    product = a * b
    return product, fma(a, b, -product)


def plus(a: Float, a_low: Float, b: Float, b_low: Float) -> tuple[Float, Float]:
    """a + b of two numbers with their rests."""
    total, lost = two_sum(a, b)
    return fast_two_sum(total, lost + (a_low + b_low))


def times(a: Float, a_low: Float, b: Float, b_low: Float) -> tuple[Float, Float]:
    """a b of two numbers with their rests."""
    product, lost = two_product(a, b)
    return product, fma(a, b_low, fma(a_low, b, lost))


def divide(a: Float, a_low: Float, b: Float, b_low: Float) -> tuple[Float, Float]:
    """a / b of two numbers with their rests, by one division."""
    inverse = type(a)(1) / b
    quotient = a * inverse
    remainder = fma(-quotient, b_low, fma(-quotient, b, a) + a_low)
    return quotient, remainder * inverse


def constant(x: Float, value: float, rest: float) -> tuple[Float, Float]:
    """value + rest in the type of x, as a number and its rest."""
    T = type(x)
    high = T(value)
    return high, T((value - float(high)) + rest)


def finite(x: Float) -> Float:
    """x, or the largest number for an infinity: where inf times 0 must not come to be."""
    T = type(x)
    largest = T(by_type(x, LARGEST_SINGLE, LARGEST_DOUBLE))
    x = largest if x > largest else x
    return -largest if x < -largest else x


# 2^OCTAVES e^-y is a normal number as long as y e^-y is not 0.
OCTAVES = 40.0, 80.0


def lift(x: Float) -> Float:
    """2^OCTAVES"""
    return type(x)(by_type(x, 2.0 ** OCTAVES[0], 2.0 ** OCTAVES[1]))


def lower(x: Float) -> Float:
    """1 / lift"""
    return type(x)(by_type(x, 2.0 ** -OCTAVES[0], 2.0 ** -OCTAVES[1]))


def _logarithm(n: int, kind: Any) -> tuple[float, float, float]:
    """n ln 2 in a type, what that lacks, and 2^-n."""
    exact = n * (Fraction(LN2_HIGH_DOUBLE) + Fraction(LN2_LOW_DOUBLE))
    high = float(kind(float(exact)))
    return high, float(exact - Fraction(high)), 2.0**-n


# Where a parameter multiplies e^-z, which is subnormal or 0: e^-(z - distance), times e^-distance after it, has digits.
DISTANCE = _logarithm(122, np.float32), _logarithm(1017, np.float64)


def is_distant(z: Float) -> bool:
    """Whether z is beyond the distance, and e^-z no number with all digits soon."""
    distant: bool = z > type(z)(by_type(z, *DISTANCE)[0])
    return distant


def nearer(z: Float, distant: bool) -> tuple[Float, Float, Float]:
    """z, its rest and 1, or where it is `distant` z less the distance, what that lacks, and e^-distance: exactly."""
    T = type(z)
    distance, rest, faded = by_type(z, *DISTANCE)
    return (z - T(distance), T(-rest), T(faded)) if distant else (z, T(NOTHING), T(1))


# Below the first, the inverse of a parameter may be no number; the second helps, and is 2 to half the third.
INVERTIBLE = (2.0**-100, 2.0**30, 60.0), (2.0**-1000, 2.0**64, 128.0)


def invertible(parameter: Float) -> tuple[Float, Float]:
    """1 and 0, or where the inverse of a positive parameter may be no number what helps, and log2 of its square."""
    T = type(parameter)
    least, factor, octaves = by_type(parameter, *INVERTIBLE)
    return (T(factor), T(octaves)) if parameter < T(least) else (T(1), T(0))
