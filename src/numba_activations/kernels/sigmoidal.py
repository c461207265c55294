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


def sigmoid_parts(m: Any, x: Float, low: Float) -> tuple[Float, Float, Float, Float, Float]:
    """s(x + low) / unit and s(-x - low), each with what it lacks, and unit: a power of two that is small where s is."""
    T = type(x)
    up = x >= T(0)
    high, rest, scale = m.growth(abs(x), low if up else -low)
    small = scale * lower(x)
    total, lost = fast_two_sum(high, small)
    lost = lost + rest
    s, s_lost = divide(high if up else scale, rest if up else T(0), total, lost)
    c, c_lost = divide(small if up else high, T(0) if up else rest, total, lost)
    return s, s_lost, c, c_lost, T(1) if up else lower(x)


def sigmoid(m: Any, x: Float) -> tuple[Float, Float]:
    """1 / (1 + exp(-x))"""
    T = type(x)
    s, s_lost, c, c_lost, unit = sigmoid_parts(m, -abs(x), T(NOTHING))
    d, d_lost = times(s, s_lost, c, c_lost)  # s(x) s(-x): nothing cancels
    return c + c_lost if x >= T(0) else (s + s_lost) * unit, (d + d_lost) * unit


activation(
    sigmoid,
    exact=lambda m, x: 1 / (1 + m.exp(-x)),
    aliases=("expit", "logistic"),
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(1.7, at=1.0), Error(2.2, at=1.0)),
        "float64": Bound(Error(1.7, at=1.0), Error(2.2, at=1.0)),
    },
)


def tanh_parts(m: Any, x: Float, low: Float) -> tuple[Float, Float, Float, Float]:
    """tanh(x + low) and lift tanh'(x + low), each with what it lacks."""
    T = type(x)
    upward = low if x >= T(0) else -low
    high, rest, scale = m.growth(abs(x) + abs(x), upward + upward)  # tanh(x) = (e^2x - 1) / (e^2x + 1)
    small = scale * lower(x)
    total, lost = fast_two_sum(high, small)
    lost = lost + rest
    above, gone = fast_two_sum(high, -small)
    above, gone = fast_two_sum(above, gone + rest)
    t, t_lost = divide(above, gone, total, lost)
    s, s_lost = divide(high, rest, total, lost)
    c, c_lost = divide(T(4) * scale, T(0), total, lost)
    d, d_lost = times(s, s_lost, c, c_lost)  # tanh'(x) = 4 s(2x) s(-2x)
    tiny = abs(x) < T(by_type(x, 2.0**-20, 2.0**-49))  # one `rest` alone has not all its digits there
    t_lost = t_lost if x >= T(0) else -t_lost
    return x if tiny else copysign(t, x), low if tiny else t_lost, d, d_lost


def tanh(m: Any, x: Float) -> tuple[Float, Float]:
    """(exp(2x) - 1) / (exp(2x) + 1)"""
    t, t_lost, d, d_lost = tanh_parts(m, x, type(x)(NOTHING))
    return copysign(t + t_lost, x), (d + d_lost) * lower(x)


activation(
    tanh,
    exact=lambda m, x: m.tanh(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
        "float64": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
    },
)


def scaled_tanh(m: Any, x: Float, a: Float = 1.7159, b: Float = 2 / 3) -> tuple[Float, Float]:
    """a tanh(b x)"""
    T = type(x)
    z, z_lost = two_product(b, x)
    t, t_lost, d, d_lost = tanh_parts(m, z, z_lost if abs(z) < limit(x) else T(0))
    slope, slope_lost = two_product(a, b)
    d, d_lost = times(d, d_lost, slope, slope_lost)
    return copysign(fma(a, t, a * t_lost), a * t), (d + d_lost) * lower(x)


activation(
    scaled_tanh,
    exact=lambda m, x, a, b: a * m.tanh(b * x),
    limits=Limits(plus=(1.7159, 0), minus=(-1.7159, 0)),
    bounds={
        "float32": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
        "float64": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
    },
    note="The constants are those of Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, Efficient BackProp (1998).",
)


def tanh_shrink(m: Any, x: Float) -> tuple[Float, Float]:
    """x - tanh(x)"""
    T = type(x)
    t, t_lost, _, _ = tanh_parts(m, x, T(NOTHING))
    far, lost = fast_two_sum(x, -t)
    w, w_lost = two_product(x, x)  # near 0: x^3 (1/3 + w q(w)), w = x^2
    third, third_lost = by_type(x, (c.THIRD_SINGLE, c.THIRD_REST_SINGLE), (c.THIRD_DOUBLE, c.THIRD_REST_DOUBLE))
    p, p_lost = fast_two_sum(T(third), w * horner(w, by_type(x, c.SHRINK_SINGLE, c.SHRINK_DOUBLE)))
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
        "float32": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
        "float64": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
    },
)
