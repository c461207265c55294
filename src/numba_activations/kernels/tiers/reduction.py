"""e^x by range reduction and a polynomial: what the polynomial tiers share.

x = n ln2 + r with n = round(x / ln2), |r| <= ln2/2, and e^x = 2^n e^r. The accurate tiers have e^r = 1 + r + r^2 q(r),
the others e^r = 1 + r p(r). The coefficients, and ln 2 as the sum of two floats of which the first has an exact product
with n, come from tools/fit_exp.py.
"""

from typing import NamedTuple

from .. import coefficients as c
from ..arithmetic import OCTAVES, fast_two_sum, lift, lower
from ..primitives import Float, by_type, fma, ldexp, lower_exponent, origin, power_of_two, raise_normal, shift


class Range(NamedTuple):
    """What range reduction needs, for one float type; the bounds are where e^x leaves the floats."""

    log2e: float
    ln2: float
    ln2_high: float
    ln2_low: float
    to_infinity: float  # e^x overflows from here on
    to_zero: float  # e^x rounds to 0 below, and so does a small multiple of it
    largest_normal: float  # the largest x with 2^n representable, and so no overflow in `raise_normal`
    smallest_normal: float  # the smallest x with a normal e^x
    smallest_rough: float  # the same where e^r may come out too small
    largest_growth: float  # the largest y with a normal number lift e^-y


SINGLE = Range(
    c.LOG2E_SINGLE, c.LN2_SINGLE, c.LN2_HIGH_SINGLE, c.LN2_LOW_SINGLE,
    88.8, -110.0, 88.37, -87.33654, -87.33, 115.0,
)  # fmt: skip
DOUBLE = Range(
    c.LOG2E_DOUBLE, c.LN2_DOUBLE, c.LN2_HIGH_DOUBLE, c.LN2_LOW_DOUBLE,
    709.8, -752.0, 709.43, -708.396418532264, -708.39, 763.0,
)  # fmt: skip
NORMAL = {  # by the name of the type: the inputs of the tiers that saturate
    "float32": (SINGLE.smallest_rough, SINGLE.largest_normal),
    "float64": (DOUBLE.smallest_rough, DOUBLE.largest_normal),
}


def _nearest(x: Float, zero: Float) -> tuple[Float, Float]:
    """n, and n + zero. Written with fma, the rounding to n survives even a caller's fastmath."""
    shifted = fma(x, type(x)(by_type(x, SINGLE, DOUBLE).log2e), zero)
    return shifted - zero, shifted


def reduce(x: Float) -> tuple[Float, Float]:
    """r, and n as `ldexp` takes it."""
    return reduce_from(x, shift(x))


def reduce_from(x: Float, zero: Float) -> tuple[Float, Float]:
    """r, and n + zero, where `zero` is an integer + shift(x)."""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    n, shifted = _nearest(x, zero)
    return fma(n, T(-k.ln2_low), fma(n, T(-k.ln2_high), x)), shifted


def reduce_roughly(x: Float) -> tuple[Float, Float]:
    """r with an error of n times the rounding of ln 2, and n as `ldexp` takes it."""
    T = type(x)
    n, shifted = _nearest(x, shift(x))
    return fma(n, T(-by_type(x, SINGLE, DOUBLE).ln2), x), shifted


def reduce_exactly(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """r of x + low, what r lacks, and n as `ldexp` takes it."""
    n, shifted = _nearest(x, shift(x))
    return *_rest_of(x, low, n), shifted


def _rest_of(x: Float, low: Float, n: Float) -> tuple[Float, Float]:
    """x + low - n ln2 as its rounded value and what that lacks."""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    t = fma(n, T(-k.ln2_high), x)
    r = fma(n, T(-k.ln2_low), t)
    return r, fma(n, T(-k.ln2_low), t - r) + low


def _fade(y: Float) -> tuple[Float, Float]:
    """n, and lift 2^-n"""
    less, biased = _nearest(-y, origin(y) + type(y)(by_type(y, *OCTAVES)))
    return -less, power_of_two(biased)


def horner(r: Float, coefficients: tuple[float, ...]) -> Float:
    """The polynomial whose highest coefficient comes first."""
    T = type(r)
    p = T(coefficients[0])
    for coefficient in coefficients[1:]:
        p = fma(p, r, T(coefficient))
    return p


def polynomial(x: Float, table: tuple[float, ...]) -> Float:
    """As `halves` where it is long, else as `horner`, which has one operation less."""
    return halves(x, table) if len(table) >= LONG else horner(x, table)


# Below, one chain is as fast as two; with 23 coefficients in one, LLVM neither unrolls the loop nor then vectorises.
LONG = 8


def halves(x: Float, table: tuple[float, ...]) -> Float:
    """As `horner`, odd and even powers apart, which do not wait for one another."""
    return fma(x, horner(x * x, table[-2::-2][::-1]), horner(x * x, table[-1::-2][::-1]))


def clamped(x: Float, low: float, high: float) -> Float:
    """x within [low, high]; NaN stays NaN."""
    T = type(x)
    x = T(high) if x > T(high) else x
    return T(low) if x < T(low) else x


def at_most(x: Float, high: float) -> Float:
    """x where it is at most `high`; NaN stays NaN."""
    return type(x)(high) if x > type(x)(high) else x


def exp_reduced_less_one(r: Float, q: tuple[float, ...]) -> Float:
    """e^r - 1"""
    return fma(polynomial(r, q), r * r, r)


def exp_reduced(r: Float, q: tuple[float, ...]) -> Float:
    """e^r, rounded as late as can be."""
    T = type(r)
    return fma(fma(polynomial(r, q), r, T(1)), r, T(1))


def exp_reduced_parts(r: Float, lost: Float, q: tuple[float, ...]) -> tuple[Float, Float]:
    """e^(r + lost) as its rounded value and what that lacks."""
    T = type(r)
    p = halves(r, q)
    high = fma(fma(p, r, T(1)), r, T(1))
    return high, fma(high, lost, fma(p * r, r, (T(1) - high) + r))


def exp_full(x: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """e^x over the whole range: infinities, NaN and subnormal results too."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(clamped(x, k.to_zero, k.to_infinity))
    return ldexp(exp_reduced(r, by_type(x, single, double)), shifted)


def exp_lifted(x: Float, zero: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """2^k e^x, a normal number, where `zero` is k + origin(x)."""
    r, shifted = reduce_from(x, zero)
    power = power_of_two(shifted)
    return fma(exp_reduced_less_one(r, by_type(r, single, double)), power, power)


def reduce_normal(x: Float) -> tuple[Float, Float]:
    """r, and n as `ldexp` takes it, of the nearest x with a normal e^x."""
    k = by_type(x, SINGLE, DOUBLE)
    return reduce(clamped(x, k.smallest_rough, k.largest_normal))


def exp_saturating(x: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """e^x where it is a normal number; beyond, the value at the end of that range. NaN gives NaN."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(clamped(x, k.smallest_normal, k.largest_normal))
    return raise_normal(exp_reduced(r, by_type(x, single, double)), shifted)


def parts(x: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n."""
    k = by_type(x, SINGLE, DOUBLE)
    r, lost, shifted = reduce_exactly(clamped(x, k.to_zero, k.to_infinity), low)
    high, rest = exp_reduced_parts(r, lost, by_type(x, single, double))
    return high, rest, shifted


def surplus(x: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(x + low) as (1 + s + rest) 2^n, for an x in the range that `parts` does not clamp, or a little beyond it."""
    n, shifted = _nearest(x, shift(x))
    return *_surplus_of(x, low, n, by_type(x, single, double)), shifted


def _surplus_of(x: Float, low: Float, n: Float, q: tuple[float, ...]) -> tuple[Float, Float]:
    """e^(x + low - n ln2) - 1 as a sum of two"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    s, lost = fma(n, T(-k.ln2_high), x), fma(n, T(-k.ln2_low), low)
    r = s + lost
    return s, fma(r * r, polynomial(r, q), lost)


def growth(y: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0."""
    y = at_most(y, by_type(y, SINGLE, DOUBLE).largest_growth)
    n, scale = _fade(y)
    return *exp_reduced_parts(*_rest_of(y, low, n), by_type(y, single, double)), scale


def climb(y: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (1 + s + rest) / scale, y >= 0."""
    y = at_most(y, by_type(y, SINGLE, DOUBLE).largest_growth)
    n, scale = _fade(y)
    return *_surplus_of(y, low, n, by_type(y, single, double)), scale


# What `half` multiplies numerator and denominator by. The rounding of the denominator weighs most where its mantissa
# is just above 1 and the quotient's just below 2; the factor keeps these apart: 1.61 -> 1.45 ULP in float32.
UNEVEN = 1.28125


def half(y: Float, a: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """a e^-y / (1 + e^-y) = a 2^-n / (2^-n + e^r), y >= 0."""
    T = type(y)
    r, shifted = reduce(at_most(y, by_type(y, SINGLE, DOUBLE).largest_growth))
    one = T(UNEVEN) * lift(y)
    scale = lower_exponent(one, shifted)
    total = one + scale
    lost = (one - total) + scale
    p = fma(polynomial(r, by_type(y, single, double)), r * r, fma(lost, T(1) / one, r))
    return a * scale / fma(p, one, total)


def share(y: Float, low: Float, a: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """lift a e^-(y + low) / (1 + e^-(y + low)), y >= 0, where the denominator has also what it lost."""
    T = type(y)
    k = by_type(y, SINGLE, DOUBLE)
    y = at_most(y, k.largest_growth)
    n, scale = _fade(y)
    r = fma(n, T(-k.ln2_high), y) + fma(n, T(-k.ln2_low), low)
    more = fma(scale, lower(y), exp_reduced_less_one(r, by_type(y, single, double)))
    total = T(1) + more
    lost = (T(1) - total) + more
    numerator, inverse = a * scale, T(1) / total
    quotient = numerator * inverse
    return fma(fma(-quotient, lost, fma(-quotient, total, numerator)), inverse, quotient)


def less_one(
    x: Float, low: Float, unit: Float, single: tuple[float, ...], double: tuple[float, ...]
) -> tuple[Float, Float]:
    """unit (e^(x + low) - 1) = (2^n - 1 + 2^n t) + 2^n (e^r - 1 - t), where t is r before it was rounded."""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    x = clamped(x, -60.0, k.to_infinity)
    n, shifted = _nearest(x, origin(x) + (unit + unit - T(2)))  # log2(unit)
    t = fma(n, T(-k.ln2_high), x)
    r = fma(n, T(-k.ln2_low), t)
    rest = fma(r * r, polynomial(r, by_type(x, single, double)), fma(n, T(-k.ln2_low), low))
    power = power_of_two(shifted)
    base = power - unit
    high = fma(power, t, base)
    return high, fma(power, rest, fma(power, t, base - high))


def rough_reduced(r: Float, p: tuple[float, ...]) -> Float:
    """1 + r p(r)"""
    return fma(horner(r, p), r, type(r)(1))


def exp_rough(x: Float, single: tuple[float, ...], double: tuple[float, ...]) -> Float:
    """As `exp_saturating`, with e^r = 1 + r p(r) and the rounding of ln 2 left in r."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce_roughly(clamped(x, k.smallest_rough, k.largest_normal))
    return raise_normal(rough_reduced(r, by_type(x, single, double)), shifted)


def rough_parts(
    x: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]
) -> tuple[Float, Float, Float]:
    """As `parts`, with e^r = 1 + r p(r)."""
    k = by_type(x, SINGLE, DOUBLE)
    r, shifted = reduce(clamped(x, k.to_zero, k.to_infinity))
    r = r + low
    high, rest = fast_two_sum(type(x)(1), horner(r, by_type(x, single, double)) * r)
    return high, rest, shifted


def rough_growth(
    y: Float, low: Float, single: tuple[float, ...], double: tuple[float, ...]
) -> tuple[Float, Float, Float]:
    """As `growth`, with e^r = 1 + r p(r)."""
    r, shifted = reduce(at_most(y, by_type(y, SINGLE, DOUBLE).largest_growth))
    r = r + low
    high, rest = fast_two_sum(type(y)(1), horner(r, by_type(y, single, double)) * r)
    return high, rest, lower_exponent(lift(y), shifted)
