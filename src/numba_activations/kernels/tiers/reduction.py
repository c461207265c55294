"""e^x by range reduction and a polynomial: what the polynomial tiers share.

x = n ln2 + r with n = round(x / ln2), |r| <= ln2/2, and e^x = 2^n e^r, e^r = 1 + r + r^2 q(r). The coefficients of q, and
ln 2 as the sum of two floats of which the first has an exact product with n, come from tools/fit_exp.py.
"""

from typing import NamedTuple

from .. import coefficients as c
from ..primitives import Float, by_type, fma, ldexp, lower_exponent, raise_exponent, shift


class Range(NamedTuple):
    """What range reduction needs, for one float type; the bounds are where e^x leaves the floats."""

    log2e: float
    ln2_high: float
    ln2_low: float
    to_infinity: float  # e^x overflows from here on
    to_zero: float  # e^x rounds to 0 below
    largest_normal: float  # the largest x with 2^n representable, and so no overflow in `raise_exponent`
    smallest_normal: float  # the smallest x with a normal e^x
    headroom: float  # 2^k, so that 2^k e^-x is a normal number as long as e^-x is not 0


SINGLE = Range(c.LOG2E_SINGLE, c.LN2_HIGH_SINGLE, c.LN2_LOW_SINGLE, 88.8, -104.0, 88.37, -87.33654, 2.0**24)
DOUBLE = Range(c.LOG2E_DOUBLE, c.LN2_HIGH_DOUBLE, c.LN2_LOW_DOUBLE, 709.8, -745.2, 709.43, -708.396418532264, 2.0**53)


def reduce(x: Float) -> tuple[Float, Float]:
    """r, and n as `ldexp` takes it. Written with fma, the rounding to n survives even a caller's fastmath."""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    shifted = fma(x, T(k.log2e), shift(x))
    n = shifted - shift(x)
    return fma(n, T(-k.ln2_low), fma(n, T(-k.ln2_high), x)), shifted


def horner(r: Float, coefficients: tuple[float, ...]) -> Float:
    """The polynomial whose highest coefficient comes first."""
    T = type(r)
    p = T(coefficients[0])
    for coefficient in coefficients[1:]:
        p = fma(p, r, T(coefficient))
    return p


def _clamped(x: Float, low: float, high: float) -> Float:
    """x within [low, high]; NaN stays NaN."""
    T = type(x)
    x = T(high) if x > T(high) else x
    return T(low) if x < T(low) else x


def _exp_reduced(r: Float, q: tuple[float, ...]) -> Float:
    """e^r, rounded as late as can be."""
    T = type(r)
    return fma(fma(horner(r, q), r, T(1)), r, T(1))


def _part(r: Float, q: tuple[float, ...], one: Float) -> Float:
    """one (e^r - 1) for a power of two `one`, with the digits that adding 1 would lose."""
    return fma(horner(r, q), (r * one) * r, r * one)


def exp_full(x: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """e^x over the whole range: infinities, NaN and subnormal results too."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(_clamped(x, k.to_zero, k.to_infinity))
    return ldexp(_exp_reduced(r, by_type(x, single, double)), shifted)


def exp_saturating(x: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """e^x where it is a normal number; beyond, the value at the end of that range. NaN gives NaN."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(_clamped(x, k.smallest_normal, k.largest_normal))
    return raise_exponent(_exp_reduced(r, by_type(x, single, double)), shifted)


def parts(x: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(x + low) = (one + part) 2^n as (one, part, n + shift), where one = 1 is exact and only `part` is rounded.

    `low` is what x lacks, small beside it: at most an ULP or so of x. Take the number with `ldexp(one + part, shifted)`.
    """
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(_clamped(x, k.to_zero, k.to_infinity))
    return T(1), _part(r + low, by_type(x, single, double), T(1)), shifted


def growth(y: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(y + low) = (one + part) / scale for y >= 0, where one = 2^k, scale = 2^(k-n), part = 2^k (e^r - 1).

    One and scale are exact, so only `part` is rounded; k keeps scale a normal number up to the largest y that matters.
    """
    T = type(y)
    k = by_type(y, SINGLE, DOUBLE)
    one = T(k.headroom)
    r, shifted = reduce(_clamped(y, 0.0, -k.to_zero))
    return one, _part(r + low, by_type(y, single, double), one), lower_exponent(one, shifted)
