"""Activations made of divisions and square roots.

A division or a square root is rounded; what it loses is found exactly with fma, and added where it counts.
"""

from typing import NamedTuple

import numpy as np

from ..records import Bound, Error, Limits, Rule, activation
from .primitives import Float, by_type, copysign, fma


class Range(NamedTuple):
    """Where squares need scaling so as not to leave the floats, for one float type."""

    large: float  # from here on |x| is scaled down,
    large_square: float  # or from here on b
    down: float
    small: float  # below here |x| is scaled up,
    small_square: float  # if b is below here
    up: float
    largest: float  # the largest float
    one: float  # 1 + x is x, and 1 / x^2 is 0, long before


SINGLE = Range(2.0**30, 2.0**60, 2.0**-70, 2.0**-30, 2.0**-60, 2.0**90, float(np.finfo(np.float32).max), 2.0**100)
DOUBLE = Range(2.0**400, 2.0**800, 2.0**-600, 2.0**-400, 2.0**-800, 2.0**700, float(np.finfo(np.float64).max), 2.0**600)


def softsign(x: Float) -> tuple[Float, Float]:
    """x / (1 + |x|)"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    a = T(k.one) if abs(x) > T(k.one) else abs(x)
    total = T(1) + a
    rest = (T(1) - total) + a if a < T(1) else (a - total) + T(1)
    inverse = T(1) / total
    lost = fma(-inverse, total, T(1)) - inverse * rest  # 1 / (1 + a) = inverse (1 + lost)
    y = a * inverse
    square = inverse * inverse
    derivative = square + (fma(inverse, inverse, -square) + T(2) * square * lost)
    return copysign(y + (fma(a, inverse, -y) + y * lost), x), derivative


activation(
    softsign,
    exact=lambda m, x: x / (1 + abs(x)),
    aliases=("soft_sign",),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(0.51, at=2.0828142), Error(1.0, at=-6.80831563716572e18)),
        "float64": Bound(Error(0.51, at=-3.0371313361291685), Error(1.0, at=6.6440475208336244e153)),
    },
    note="softsign(-0.0) is -0.0.",
)


def squareplus(x: Float, b: Float = 4.0) -> tuple[Float, Float]:
    """(x + sqrt(x^2 + b)) / 2"""
    T = type(x)
    k = by_type(x, SINGLE, DOUBLE)
    a = T(k.largest) if abs(x) > T(k.largest) else abs(x)
    large = a > T(k.large) or b > T(k.large_square)
    small = a < T(k.small) and b < T(k.small_square)
    down, up = T(k.down) if large else T(1), T(k.up) if small else T(1)
    scale, back = down * up, T(1 / k.down) if large else T(1 / k.up) if small else T(1)
    before, after = (down, T(1)) if b > T(1) else (T(1), down)  # what keeps b/2 from leaving the floats
    u, v, half = a * scale, (b * scale) * scale, T(0.5) * (b * before * up)

    total = fma(u, u, v)
    r = np.sqrt(total)
    t = u + r
    both = r * t
    inverse = T(0) if b == T(0) and both == T(0) else T(1) / both
    r_low = T(0.5) * fma(-r, r, total) * (t * inverse)
    t_low = (u - (t - r)) + r_low

    # The value is t/2, or b/(2t) where x < 0, so that nothing cancels.
    over_t = r * inverse
    below = half * over_t
    lack = fma(over_t, t_low, fma(over_t, t, T(-1)))
    below = (below + fma(-below, lack, fma(half, over_t, -below))) * after
    value = below if x < T(0) else fma(T(0.5), t_low, T(0.5) * t) * back

    # The derivative is b/(2rt) where x < 0; with its mirror image it is 1.
    steep = half * up
    slope = steep * inverse
    lack = fma(inverse, fma(r, t_low, fma(t, r_low, fma(r, t, -both))), fma(inverse, both, T(-1)))
    slope = (slope + fma(-slope, lack, fma(steep, inverse, -slope))) * after * down
    falling = x <= T(0) if b == T(0) else x < T(0)
    limit = T(0) if x < T(0) else x
    return limit if abs(x) == T(np.inf) else value, slope if falling else T(1) - slope


activation(
    squareplus,
    exact=lambda m, x, b: (x + m.sqrt(x * x + b)) / 2,
    limits=Limits(plus=(float("inf"), 1), minus=(0, 0)),
    rules=(Rule("0 <= b < inf", lambda b: (b >= 0) & (b < np.inf)),),
    bounds={
        "float32": Bound(Error(1.15, at=-8.537513211043345e37), Error(1.52, at=-0.0008457304793410003)),
        "float64": Bound(Error(1.15, at=-3.01114099467105e-06), Error(1.6, at=-0.0029587842709246615)),
    },
    note="With b = 0 it is relu, also in its derivative at 0.",
)
