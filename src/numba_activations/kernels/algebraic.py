"""Activations made of divisions and square roots.

A division or a square root is rounded; what it loses is found exactly with fma, and added where it counts.
"""

from typing import NamedTuple

import numpy as np

from ..records import Bound, Error, Limits, Rule, activation
from .arithmetic import LARGEST_DOUBLE, LARGEST_SINGLE
from .primitives import NOTHING, Float, by_type, copysign, even, fma, inverse
from .tiers.reduction import at_most


class Range(NamedTuple):
    """Where squares leave the floats, for one float type."""

    one: float  # 1 + x is x, and 1 / x^2 is 0, long before
    largest: float  # the largest float
    scale: float  # of the square root of the least b,
    scales: tuple[tuple[float, float], ...]  # and of those above the first of a pair
    down: float  # what is multiplied by it has a square as long as its inverse square is a number,
    far: float  # and is held here, where that is 0


SINGLE = Range(
    2.0**100, LARGEST_SINGLE, 2.0**41, ((2.0**-64, 1.0), (2.0**24, 2.0**-20), (2.0**64, 2.0**-52)), 2.0**-24, 2.0**62
)
DOUBLE = Range(2.0**600, LARGEST_DOUBLE, 2.0**340, ((2.0**-400, 1.0), (2.0**300, 2.0**-292)), 2.0**-256, 2.0**502)


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
    scale = T(k.scale)
    for least, power in k.scales:
        scale = T(power) if b > T(least) else scale
    quarter = T(0.25) * (b * scale) * scale
    u = abs(x) * scale
    h = u * T(0.5 * k.down)
    w = at_most(h, k.far)
    square = fma(w, w, T(k.down**2) * quarter)
    root = np.sqrt(square)
    positive = T(1) if b == T(0) else T(NOTHING)  # so that 0 is not divided by 0

    # Half of -|x| and the root is y = b / (4 t), t half of |x| and the root. Of y (y + |x|) = b/4 a step of Newton's
    # method takes what the roundings left, over 2y + |x| = 2t / (1 + |x|/t) to 6 %. For x > 0 the value is x + y.
    per_total = T(k.down) * inverse(even(h + (h if h > root else root) + positive))
    y = quarter * per_total
    u = at_most(u, k.largest)
    rest = fma(-y, u, fma(-y, y, quarter))
    y = fma(rest, fma(T(0.47), u * per_total, T(0.47)) * per_total, y)

    # The derivative at -|x| is b / (2 (root^2 + root |x|)); with its mirror image it is 1.
    total = even(fma(root, w, square) + positive)
    lost = fma(root, w, square - total)
    steep = T(0.5 * k.down**2) * quarter
    per_total = inverse(total)
    slope = steep * per_total
    slope = fma(fma(-slope, lost, fma(-slope, total, steep)), per_total, slope)
    return fma(y, T(1) / scale, x if x > T(0) else T(0)), slope if x <= T(0) else T(1) - slope


activation(
    squareplus,
    exact=lambda m, x, b: (x + m.sqrt(x * x + b)) / 2,
    limits=Limits(plus=(float("inf"), 1), minus=(0, 0)),
    rules=(Rule("0 <= b < inf", lambda b: (b >= 0) & (b < np.inf)),),
    bounds={
        "float32": Bound(Error(1.14, at=-15.9459047), Error(1.72, at=-31.9740791)),
        "float64": Bound(Error(1.14, at=-7.957889719267317), Error(1.75, at=-257.0994035723492)),
    },
    note="With b = 0 it is relu, also in its derivative at 0.",
)
