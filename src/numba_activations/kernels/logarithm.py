"""The logarithm near 1, and what is made of it."""

import math
from typing import Any

from ..records import Bound, Error, Limits, Rule, activation
from . import coefficients as c
from .arithmetic import divide, fast_two_sum
from .coefficients_logarithm import LOG_DOUBLE, LOG_SINGLE, NEAR_DOUBLE, NEAR_SINGLE, RATIO_DOUBLE, RATIO_SINGLE
from .primitives import NOTHING, Float, by_type, fma, ldexp, lower_exponent, nearest_exponent, shift
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


def excess(f: Float, p: tuple[float, ...]) -> tuple[Float, Float]:
    """f - log(1 + f) as a product; it is small beside f, so that its rounding hardly matters."""
    s = f / (type(f)(2) + f)
    w = s * s
    return s, fma(-w, horner(w, p), f)


def log_scaled(f: Float, below: Float) -> Float:
    """log((1 + f) 2^-below) for an integer `below` and -1/4 <= f <= 1/2, with the sign of f for f = -0."""
    T = type(f)
    s, g = excess(f, by_type(f, NEAR_SINGLE, NEAR_DOUBLE))
    return fma(below, T(-math.log(2)), fma(-s, g, f))


def log1p(x: Float) -> tuple[Float, Float]:
    """log(1 + x)"""
    T = type(x)
    shifted = nearest_exponent(fma(x, T(CENTRE), T(CENTRE)))  # of the n with 3/4 <= (1 + x) 2^-n < 3/2
    scale = T(0.25) * lower_exponent(T(4), shifted)  # 2^-n, which is no normal number for the largest x
    y = log_scaled(fma(x, scale, -(T(1) - scale)), shift(x) - shifted)  # that sum keeps the sign of zero
    y = y if x < T(math.inf) else x
    y = y if x > T(-1) else T(-math.inf if x == T(-1) else math.nan)
    return y, T(1) / (T(1) + x) if x >= T(-1) else T(math.nan)


# `nearest_exponent` cuts at sqrt(1/2): where 1 + x = 3/4 comes to lie there, x 2^-n - (1 - 2^-n) has no rounding.
CENTRE = math.sqrt(0.5) / 0.75

activation(
    log1p,
    exact=lambda m, x: m.log1p(x),
    limits=Limits(plus=(math.inf, 0), minus=(math.nan, math.nan)),
    bounds={
        "float32": Bound(Error(0.97, at=-0.35934752225875854), Error(1.5, at=127.02208709716797)),
        "float64": Bound(Error(1.33, at=0.5893566620999036), Error(1.5, at=1.9736229872187274e-08)),
    },
    note="NaN below -1; -inf with the derivative inf at -1.",
)


def lifted(x: Float) -> tuple[Float, Float]:
    """(x, 0), or x 2^n and n where x is so small that it may be subnormal."""
    T = type(x)
    below, factor, n = by_type(x, (2.0**-100, 2.0**64, 64.0), (2.0**-900, 2.0**128, 128.0))
    return (x * T(factor), T(n)) if x < T(below) else (x, T(0))


def logit(x: Float, eps: Float = -1.0) -> tuple[Float, Float]:
    """log(x / (1 - x))"""
    T = type(x)
    upper = x > T(0.5)
    a = T(1) - x if upper else x  # of x and 1 - x the smaller
    held = eps >= T(0) and a < eps
    a = eps if held else a
    up, up_by = by_type(x, (2.0**24, 24), (2.0**52, 52))
    lifted = T(up) * a  # a normal number also where a is none
    # f = a 2^-n is 0.57 to 1.22 times 1 - a, and is a from 3/8 to 1/2, where no quotient is rounded
    shifted = nearest_exponent(lifted * fma(T(1.935), a, T(1.16)))
    f = lower_exponent(lifted, shifted)
    s = ((f - T(0.5)) + (a - T(0.5))) / ((f - a) + T(1))  # log(f / (1 - a)) = 2 atanh(s) = 2 s + s w p(w)
    w = s * s
    y = fma(s * w, horner(w, by_type(x, RATIO_SINGLE, RATIO_DOUBLE)), s + s)
    y = fma(shifted - (shift(x) + T(up_by)), T(math.log(2)), y)
    y = y if a > T(0) else T(-math.inf if a == T(0) else math.nan)
    slope = T(0) if held else abs(T(1) / (a * (T(1) - a)))
    return -y if upper else y, slope if a >= T(0) else T(math.nan)


def _exact_logit(m: Any, x: Any, eps: Any) -> Any:
    if eps >= 0 and (x < eps or 1 - x < eps):
        least = m.log(eps) - m.log1p(-eps) if eps > 0 else -m.inf
        return least if x < eps else -least
    return m.log(x / (1 - x))


activation(
    logit,
    exact=_exact_logit,
    limits=Limits(plus=(math.nan, math.nan), minus=(math.nan, math.nan)),
    rules=(Rule("eps < 1/2", lambda eps: eps < 0.5),),
    bounds={
        "float32": Bound(Error(1.48, at=0.1298849731683731), Error(2.05, at=0.146605163812637)),
        "float64": Bound(Error(1.4, at=0.7267674383479921), Error(1.9, at=5.769739297024034e-17)),
    },
    note="NaN outside of [0, 1]; -inf at 0 and inf at 1, with the derivative inf. An eps >= 0 brings x between eps and "
    "1 - eps first, beyond which the derivative is 0; a negative one does nothing.",
)


def log1mexp(m: Any, x: Float) -> tuple[Float, Float]:
    """log(1 - exp(-x))"""
    T = type(x)
    near, n = lifted(x)  # 1 - e^-x is as good as x where that makes a difference
    e, e_low, shifted = m.parts(-near, T(NOTHING))
    power = ldexp(T(1), shifted)
    u, u_low = fast_two_sum(T(1), -e * power)
    u_low = fma(-e_low, power, u_low)
    raised = nearest_exponent(T(CENTRE) * (u + u_low))  # as in log1p: f has one rounding
    scale = lower_exponent(T(1), raised)
    y = log_scaled(fma(scale, u_low, fma(scale, u, T(-1))), (shift(x) - raised) + n)
    y = y if x > T(0) else T(-math.inf if x == T(0) else math.nan)
    return y, ldexp(e / (u + u_low), shifted + n) if x >= T(0) else T(math.nan)


activation(
    log1mexp,
    exact=lambda m, x: m.log(-m.expm1(-x)),
    limits=Limits(plus=(0, 0), minus=(math.nan, math.nan)),
    bounds={
        "float32": Bound(Error(1.43, at=0.983390748500824), Error(2.05, at=1.1053531169891357)),
        "float64": Bound(Error(1.7, at=0.9926760144337183), Error(2.35, at=0.42091540272369476)),
    },
    note="NaN below 0; -inf with the derivative inf at 0.",
)
