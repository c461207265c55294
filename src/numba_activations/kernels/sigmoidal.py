"""Activations that saturate on both sides, and what is made of them."""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from . import coefficients_tanh as c
from .arithmetic import divide, fast_two_sum, lower, times, two_product
from .primitives import NOTHING, Float, by_type, copysign, fma
from .tiers.reduction import horner

# Where lift e^-x leaves the normal numbers, and x^2 e^-x is 0 by far.
LIMIT_SINGLE, LIMIT_DOUBLE = 114.0, 760.0


def limit(x: Float) -> Float:
    """The |x| beyond which what is made of exp has reached its limit."""
    return type(x)(by_type(x, LIMIT_SINGLE, LIMIT_DOUBLE))


def sigmoid_parts(m: Any, x: Float, low: Float) -> tuple[Float, Float, Float, Float]:
    """lift s(-|x + low|) and s(|x + low|), each with what it lacks."""
    T = type(x)
    high, rest, scale = m.growth(abs(x), low if x >= T(0) else -low)
    total, lost = fast_two_sum(high, scale * lower(x))
    lost = lost + rest
    return *divide(scale, T(NOTHING), total, lost), *divide(high, rest, total, lost)


def sigmoid_value(x: Float, w: Float) -> Float:
    """s(x) from w = lift s(-|x|)."""
    T = type(x)
    small = w * lower(x)
    return T(1) - small if x >= T(0) else small


def sigmoid_slope(w: Float) -> Float:
    """lift s'(x) = lift s(-|x|) (1 - s(-|x|)), in which nothing cancels, from w = lift s(-|x|)."""
    return fma(-w, w * lower(w), w)


def sigmoid(m: Any, x: Float) -> tuple[Float, Float]:
    """1 / (1 + exp(-x))"""
    T = type(x)
    w = m.half(abs(x))  # s(-|x|), which has all its digits in the tail
    return T(1) - w if x >= T(0) else w, fma(-w, w, w)  # s(x) s(-x) = w (1 - w), in which nothing cancels


activation(
    sigmoid,
    exact=lambda m, x: 1 / (1 + m.exp(-x)),
    aliases=("expit", "logistic"),
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(1.46, at=-1.1047301292419434), Error(2.3, at=2.637277364730835)),
        "float64": Bound(Error(1.46, at=-1.2036766248747988), Error(2.3, at=2.646983321736716)),
    },
)


def tanh_parts(m: Any, x: Float, low: Float) -> tuple[Float, Float, Float]:
    """tanh(x + low) and what it lacks, and lift tanh'(x + low)."""
    T = type(x)
    upward = low if x >= T(0) else -low
    high, rest, scale = m.growth(abs(x) + abs(x), upward + upward)
    small = scale * lower(x)
    total, lost = fast_two_sum(high, small)
    lost = lost + rest
    above, gone = fast_two_sum(high, -small)
    above, gone = fast_two_sum(above, gone + rest)
    t, t_lost = divide(above, gone, total, lost)  # (e^2|x| - 1) / (e^2|x| + 1)
    w, w_lost = divide(scale, T(NOTHING), total, lost)
    tiny = abs(x) < T(by_type(x, 2.0**-20, 2.0**-49))  # one `rest` alone has not all its digits there
    t_lost = t_lost if x >= T(0) else -t_lost
    return x if tiny else copysign(t, x), low if tiny else t_lost, T(4) * sigmoid_slope(w + w_lost)


def tanh(m: Any, x: Float) -> tuple[Float, Float]:
    """(exp(2x) - 1) / (exp(2x) + 1)"""
    t, t_lost, d = tanh_parts(m, x, type(x)(NOTHING))
    return copysign(t + t_lost, x), d * lower(x)


activation(
    tanh,
    exact=lambda m, x: m.tanh(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(0.72, at=0.17708588), Error(1.55, at=-2.4188228)),
        "float64": Bound(Error(0.7, at=-0.184386696233684), Error(1.56, at=-2.419231585601298)),
    },
)


def scaled_tanh(m: Any, x: Float, a: Float = 1.7159, b: Float = 2 / 3) -> tuple[Float, Float]:
    """a tanh(b x)"""
    T = type(x)
    z, z_lost = two_product(b, x)
    t, t_lost, d = tanh_parts(m, z, z_lost if abs(z) < limit(x) else T(0))
    steepest, lost = two_product(a, b)
    return copysign(fma(a, t, a * t_lost), a * t), fma(steepest, d, lost * d) * lower(x)


activation(
    scaled_tanh,
    exact=lambda m, x, a, b: a * m.tanh(b * x),
    limits=Limits(plus=(1.7159, 0), minus=(-1.7159, 0)),
    bounds={
        "float32": Bound(Error(1.44, at=-1.1748898e-38), Error(1.74, at=-5.4234886)),
        "float64": Bound(Error(1.31, at=-1.88634598667899e-308), Error(1.76, at=-11.785277597638052)),
    },
    note="The constants are those of Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, Efficient BackProp (1998).",
)


def tanh_shrink(m: Any, x: Float) -> tuple[Float, Float]:
    """x - tanh(x)"""
    T = type(x)
    t, t_lost, _ = tanh_parts(m, x, T(NOTHING))
    far, lost = fast_two_sum(x, -t)
    w, w_lost = two_product(x, x)  # near 0: x^3 (1/3 + w q(w)), w = x^2
    third, third_lost = by_type(x, (c.THIRD_SINGLE, c.THIRD_REST_SINGLE), (c.THIRD_DOUBLE, c.THIRD_REST_DOUBLE))
    q = horner(w, by_type(x, c.SHRINK_LOW_SINGLE, c.SHRINK_LOW_DOUBLE))
    q = fma((w * w) * (w * w), horner(w, by_type(x, c.SHRINK_HIGH_SINGLE, c.SHRINK_HIGH_DOUBLE)), q)
    p, p_lost = fast_two_sum(T(third), w * q)
    p, p_lost = times(w, w_lost, p, p_lost + T(third_lost))
    near = fma(x, p, x * p_lost)
    y = near if abs(x) < T(0.875) else far + (lost - t_lost)
    return x if abs(x) > T(2.0**60) else copysign(y, x), fma(t, t, T(2) * t * t_lost)


activation(
    tanh_shrink,
    exact=lambda m, x: x - m.tanh(x),
    aliases=("tanhshrink",),
    limits=Limits(plus=(math.inf, 1), minus=(-math.inf, 1)),
    bounds={
        "float32": Bound(Error(1.11, at=-0.76471537), Error(1.05, at=0.17706960)),
        "float64": Bound(Error(1.02, at=0.7650747262712514), Error(0.86, at=0.1735591773676035)),
    },
)
