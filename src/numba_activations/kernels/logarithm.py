"""The logarithm near 1, and what is made of it."""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from . import coefficients as c
from .arithmetic import divide, fast_two_sum, times, two_sum
from .coefficients_logarithm import LOG_DOUBLE, LOG_SINGLE
from .primitives import NOTHING, Float, by_type, copysign, fma, ldexp, lower_exponent, nearest_exponent, shift
from .tiers.reduction import horner


def log1p_parts(t: Float, low: Float) -> tuple[Float, Float]:
    """log(1 + t + low) = high + rest for -1/3 <= t <= 1 and a `low` that is small beside t.

    h = 2t / (2 + t) and log(1 + t) = 2 atanh(h / 2) = h + h^3 q(h^2). `high` is h, and `rest`, at most 1/20 of it, has
    also what the division lost: so high + rest is rounded once, and can be added to something else first.
    """
    total, lost = fast_two_sum(type(t)(2), t)
    return atanh_parts(*divide(t + t, low + low, total, lost + low))


def atanh_parts(h: Float, h_low: Float) -> tuple[Float, Float]:
    """2 atanh(h / 2) = high + rest for |h| <= 2/3"""
    w = h * h
    return h, fma(h * w, horner(w, by_type(h, LOG_SINGLE, LOG_DOUBLE)), h_low)


def plus_ln2(n: Float, h: Float, rest: Float) -> tuple[Float, Float]:
    """n ln 2 + h + rest = high + rest for an integer n and |h| <= ln 2"""
    T = type(h)
    ln2_high, ln2_low = by_type(h, (c.LN2_HIGH_SINGLE, c.LN2_LOW_SINGLE), (c.LN2_HIGH_DOUBLE, c.LN2_LOW_DOUBLE))
    high, low = fast_two_sum(n * T(ln2_high), h)
    return high, low + fma(n, T(ln2_low), rest)


def log_parts(u: Float, lost: Float, near: Float, low: Float) -> tuple[Float, Float]:
    """log(u + lost) = high + rest for a normal number u > 0; near + low is u + lost - 1 where u is about 1."""
    T = type(u)
    whole = by_type(u, 2.0**26, 2.0**55)
    shifted = nearest_exponent(u)
    n = shifted - shift(u)
    # 2^-n is no normal number for the largest u, but there `lost` does not matter
    scaled = T(0) if u > T(whole) else lost * lower_exponent(T(1), shifted)
    unscaled = n == T(0)
    h, rest = log1p_parts(near if unscaled else lower_exponent(u, shifted) - T(1), low if unscaled else scaled)
    return plus_ln2(n, h, rest)


def log1p(x: Float) -> tuple[Float, Float]:
    """log(1 + x)"""
    T = type(x)
    infinite = x == T(math.inf)
    u, lost = two_sum(T(1), x)
    high, rest = log_parts(u, T(0) if infinite else lost, x, T(NOTHING))
    y = T(-math.inf) if x == T(-1) else copysign(high + rest, x)
    inverse = T(1) / u
    slope = inverse if infinite or x == T(-1) else fma(-(inverse * inverse), lost, inverse)
    beyond = x < T(-1)
    return T(math.nan) if beyond else x if infinite else y, T(math.nan) if beyond else slope


activation(
    log1p,
    exact=lambda m, x: m.log1p(x),
    limits=Limits(plus=(math.inf, 0), minus=(math.nan, math.nan)),
    bounds={
        "float32": Bound(Error(0.65, at=0.4222303032875061), Error(1.05, at=-0.29295608401298523)),
        "float64": Bound(Error(0.56, at=0.5455364295711753), Error(1.05, at=1.2850894447381792e16)),
    },
    note="NaN below -1; -inf with the derivative inf at -1.",
)


def lifted(x: Float) -> tuple[Float, Float]:
    """(x, 0), or x 2^n and n where x is so small that it may be subnormal."""
    T = type(x)
    below, factor, n = by_type(x, (2.0**-100, 2.0**64, 64.0), (2.0**-900, 2.0**128, 128.0))
    return (x * T(factor), T(n)) if x < T(below) else (x, T(0))


def logit(x: Float) -> tuple[Float, Float]:
    """log(x / (1 - x))"""
    T = type(x)
    other, lost = fast_two_sum(T(1), -x)
    upper = x > T(0.5)
    a = other if upper else abs(x)  # of x and 1 - x the smaller, which is exact
    b, b_low = (x, T(0)) if upper else (other, lost)
    f, n = lifted(a)
    # a (1 + a) is about a / b; so f / b will lie between 1/2 and 2, and be a / b itself near the root
    shifted = nearest_exponent(T(1.25) * fma(f, a, f))
    f = lower_exponent(f, shifted)
    difference, difference_low = two_sum(f, -b)
    total, total_low = two_sum(f, b)
    difference_low, total_low = difference_low - b_low, total_low + b_low
    h, h_low = divide(difference + difference, difference_low + difference_low, total, total_low)
    high, rest = plus_ln2((shifted - shift(x)) - n, *atanh_parts(h, h_low))
    y = T(-math.inf) if a == T(0) else high + rest
    d, d_low = times(a, T(0), b, b_low)
    inverse = T(1) / d
    slope = inverse if inverse == T(math.inf) else fma(-inverse, fma(inverse, d, T(-1)) + inverse * d_low, inverse)
    beyond = x < T(0) or x > T(1)
    return T(math.nan) if beyond else -y if upper else y, T(math.nan) if beyond else slope


activation(
    logit,
    exact=lambda m, x: m.log(x / (1 - x)),
    limits=Limits(plus=(math.nan, math.nan), minus=(math.nan, math.nan)),
    bounds={
        "float32": Bound(Error(0.69, at=0.40512099862098694), Error(0.53, at=0.9999999403953552)),
        "float64": Bound(Error(0.62, at=0.4080880039155091), Error(0.53, at=0.9999999999999999)),
    },
    note="NaN outside of [0, 1]; -inf at 0 and inf at 1, with the derivative inf.",
)


def log1mexp(m: Any, x: Float) -> tuple[Float, Float]:
    """log(1 - exp(-x))"""
    T = type(x)
    e, e_low, shifted = m.parts(-x, T(NOTHING))
    scale = ldexp(T(1), shifted)
    v, v_low = e * scale, e_low * scale
    u, u_low = fast_two_sum(T(1), -v)
    u, u_low = fast_two_sum(u, u_low - v_low)
    f, n = lifted(u)
    high, rest = log_parts(f, T(0) if n > T(0) else u_low, -v, -v_low)
    high, rest = plus_ln2(-n, high, rest) if n > T(0) else (high, rest)
    d, d_low = divide(e, e_low, u, u_low)
    slope = T(math.inf) if T(1) / u == T(math.inf) else ldexp(d + d_low, shifted)
    y = high + rest if x > T(0) else T(-math.inf)
    outside = not x >= T(0)
    return T(math.nan) if outside else y, T(math.nan) if outside else slope


activation(
    log1mexp,
    exact=lambda m, x: m.log(-m.expm1(-x)),
    limits=Limits(plus=(0, 0), minus=(math.nan, math.nan)),
    bounds={
        "float32": Bound(Error(0.86, at=87.69625091552734), Error(0.96, at=0.3001120090484619)),
        "float64": Bound(Error(0.7, at=709.0119260967292), Error(0.97, at=0.0614519558780211)),
    },
    note="NaN below 0; -inf with the derivative inf at 0.",
)
