"""Arithmetic with the digits that one float loses."""

import math

from .primitives import Float, by_type, fma

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


# Where a parameter multiplies e^-z, which is subnormal or 0: e^-(z - distance), times e^-distance after it, has digits.
DISTANCE = (85.0, math.exp(-85)), (705.0, math.exp(-705))


def is_distant(z: Float) -> bool:
    """Whether z is beyond the distance, and e^-z no number with all digits soon."""
    distant: bool = z > type(z)(by_type(z, *DISTANCE)[0])
    return distant


def nearer(z: Float, distant: bool) -> tuple[Float, Float]:
    """z and 1, or where it is `distant` z less the distance and the exponential of that."""
    T = type(z)
    distance, faded = by_type(z, *DISTANCE)
    return z - T(distance) if distant else z, T(faded) if distant else T(1)


def invertible(parameter: Float) -> Float:
    """1, or for a positive parameter of which the inverse may be no number a power of two that helps."""
    T = type(parameter)
    least, factor = by_type(parameter, (2.0**-100, 2.0**30), (2.0**-1000, 2.0**64))
    return T(factor) if parameter < T(least) else T(1)
