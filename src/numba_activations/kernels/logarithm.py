"""The logarithm near 1, and what is made of it."""

import math

from ..records import Bound, Error, Limits, activation
from . import coefficients as c
from .arithmetic import fast_two_sum, two_sum
from .coefficients_logarithm import LOG_DOUBLE, LOG_SINGLE
from .primitives import NOTHING, Float, by_type, copysign, fma, lower_exponent, nearest_exponent, shift
from .tiers.reduction import horner


def log1p_parts(t: Float, low: Float) -> tuple[Float, Float]:
    """log(1 + t + low) = high + rest for -1/3 <= t <= 1 and a `low` that is small beside t.

    h = 2t / (2 + t) and log(1 + t) = 2 atanh(h / 2) = h + h^3 q(h^2). `high` is h, and `rest`, at most 1/20 of it, has
    also what the division lost: so high + rest is rounded once, and can be added to something else first.
    """
    T = type(t)
    total, lost = fast_two_sum(T(2), t)
    inverse = T(2) / total
    h = t * inverse
    w = h * h
    remainder = fma(-h, total, t + t) + fma(-h, lost + low, low + low)
    return h, fma(h * w, horner(w, by_type(t, LOG_SINGLE, LOG_DOUBLE)), remainder * (T(0.5) * inverse))


def log_parts(u: Float, lost: Float, near: Float, low: Float) -> tuple[Float, Float]:
    """log(u + lost) = high + rest for a normal number u > 0; near + low is u + lost - 1 where u is about 1."""
    T = type(u)
    ln2_high, ln2_low, whole = by_type(
        u, (c.LN2_HIGH_SINGLE, c.LN2_LOW_SINGLE, 2.0**26), (c.LN2_HIGH_DOUBLE, c.LN2_LOW_DOUBLE, 2.0**55)
    )
    shifted = nearest_exponent(u)
    n = shifted - shift(u)
    # 2^-n is no normal number for the largest u, but there `lost` does not matter
    scaled = T(0) if u > T(whole) else lost * lower_exponent(T(1), shifted)
    unscaled = n == T(0)
    h, rest = log1p_parts(near if unscaled else lower_exponent(u, shifted) - T(1), low if unscaled else scaled)
    high, low = fast_two_sum(n * T(ln2_high), h)
    return high, low + fma(n, T(ln2_low), rest)


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
