"""How far tanh is from its argument and from 1, as tiers have it. The coefficients come from tools/fit_tanh.py."""

from .. import coefficients_tanh as c
from ..primitives import Float, by_type, fma, origin, power_of_two
from .reduction import DOUBLE, SINGLE, at_most, horner


def lack_quotient(v: Float) -> tuple[Float, Float]:
    """v^3 a and b: v - tanh(v) is their quotient, |v| <= 1"""
    w = v * v
    numerator = horner(w, by_type(v, c.NUMERATOR_SINGLE, c.NUMERATOR_DOUBLE))
    return v * w * numerator, horner(w, by_type(v, c.DENOMINATOR_SINGLE, c.DENOMINATOR_DOUBLE))


def gap(size: Float, near: bool) -> Float:
    """1 - tanh(size), or where `near`, which needs a size below 1, size - tanh(size); size >= 0.

    With 2 size = n ln2 + 2v and tanh(v) = h / b the first is (b - h) / (b + (b + h) (2^n - 1)/2). The second is
    (v b - h) / b of v = size, and has that denominator with n = 0.
    """
    T = type(size)
    k = by_type(size, SINGLE, DOUBLE)
    y = at_most(size, by_type(size, 10.0, 20.0))  # where tanh is 1
    zero = origin(size) - T(1)
    shifted = zero if near else fma(y, T(2.0 * k.log2e), zero)
    n = shifted - zero
    rough = fma(n, T(-0.5 * k.ln2), y)  # has all digits that count in float32
    v = by_type(size, rough, fma(n, T(-0.5 * k.ln2_low), fma(n, T(-0.5 * k.ln2_high), y)))
    less, b = lack_quotient(v)
    h = fma(v, b, -less)
    power = power_of_two(shifted)  # 2^n / 2
    return (less if near else b - h) / fma(b + h, power - T(0.5), b)
