"""Activations that saturate on both sides, and what is made of them."""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from . import coefficients_tanh as c
from .arithmetic import divide, fast_two_sum, finite, lower, nearer, times, two_product
from .primitives import NOTHING, Float, by_type, copysign, fma
from .tiers.reduction import at_most, horner

# Where lift e^-x leaves the normal numbers, and x^2 e^-x is 0 by far.
LIMIT_SINGLE, LIMIT_DOUBLE = 114.0, 760.0


def limit(x: Float) -> Float:
    """The |x| beyond which what is made of exp has reached its limit."""
    return type(x)(by_type(x, LIMIT_SINGLE, LIMIT_DOUBLE))


def sigmoid_below(m: Any, x: Float, low: Float) -> tuple[Float, Float]:
    """lift s(-|x + low|) and what it lacks."""
    T = type(x)
    high, rest, scale = m.growth(abs(x), low if x >= T(0) else -low)
    total, lost = fast_two_sum(high, scale * lower(x))
    return divide(scale, T(NOTHING), total, lost + rest)


def sigmoid_slope(w: Float) -> Float:
    """lift s'(x) = lift s(-|x|) (1 - s(-|x|)), in which nothing cancels, from w = lift s(-|x|)."""
    return fma(-w, w * lower(w), w)


def sigmoid(m: Any, x: Float) -> tuple[Float, Float]:
    """1 / (1 + exp(-x))"""
    T = type(x)
    w = m.half(abs(x), T(1))  # s(-|x|), which has all its digits in the tail
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


def tanh_sum(m: Any, size: Float) -> tuple[Float, Float]:
    """tanh(size) and what it lacks, size >= 0."""
    T = type(size)
    base, missing = at_most(size, 1.0), m.gap(size, size < T(1))
    t = base - missing
    return t, (base - t) - missing


def tanh_parts(m: Any, size: Float, low: Float) -> tuple[Float, Float, Float]:
    """tanh(size + low) and what it lacks, and lift tanh'(size + low), size >= 0."""
    T = type(size)
    high, rest, scale = m.growth(size + size, low + low)
    small = scale * lower(size)
    total, lost = fast_two_sum(high, small)
    lost = lost + rest
    above, gone = fast_two_sum(high, -small)
    above, gone = fast_two_sum(above, gone + rest)
    t, t_lost = divide(above, gone, total, lost)  # (e^2|x| - 1) / (e^2|x| + 1)
    w, w_lost = divide(scale, T(NOTHING), total, lost)
    tiny = size < T(by_type(size, 2.0**-20, 2.0**-49))  # where the quotient may lack digits
    return size if tiny else t, low if tiny else t_lost, T(4) * sigmoid_slope(w + w_lost)


def tanh_lack(w: Float) -> tuple[Float, Float]:
    """(x - tanh(x)) / x^3 = c.MIDDLE + d q(d), d = x^2 - c.CENTRE, |x| <= c.LACK_EDGE, as a sum of two"""
    T = type(w)
    d = w - T(c.CENTRE)
    low = horner(d, by_type(w, c.LACK_LOW_SINGLE, c.LACK_LOW_DOUBLE))
    high = horner(d, by_type(w, c.LACK_HIGH_SINGLE, c.LACK_HIGH_DOUBLE))
    d4 = (d * d) * (d * d)
    middle, rest = by_type(w, (c.MIDDLE_SINGLE, c.MIDDLE_REST_SINGLE), (c.MIDDLE_DOUBLE, c.MIDDLE_REST_DOUBLE))
    return T(middle), fma(d, fma(by_type(w, d4, d4 * d4), high, low), T(rest))


def tanh(m: Any, x: Float) -> tuple[Float, Float]:
    """(exp(2x) - 1) / (exp(2x) + 1)"""
    T = type(x)
    w = m.half(abs(x) + abs(x), T(4))  # 4 s(-2|x|)
    t, _ = tanh_sum(m, abs(x))
    return copysign(t, x), fma(-w, T(0.25) * w, w)


activation(
    tanh,
    exact=lambda m, x: m.tanh(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(1.21, at=0.8998016119003296), Error(2.3, at=1.3186386823654175)),
        "float64": Bound(Error(1.25, at=-0.9980909178110087), Error(2.3, at=-1.7089890377419241)),
    },
)


def scaled_tanh(m: Any, x: Float, a: Float = 1.7159, b: Float = 2 / 3) -> tuple[Float, Float]:
    """a tanh(b x)"""
    T = type(x)
    z, z_lost = two_product(b, finite(x) if b == T(0) else x)
    z_lost = z_lost if abs(z) < limit(x) else T(0)
    steepest, lost = two_product(a, b)
    huge = abs(steepest) == T(math.inf)
    whole = abs(steepest) > T(2.0**-60) and not huge  # then it has all digits, unlike a z
    first, second, second_lost = (x, steepest, lost) if whole else (a, z, z_lost)
    y, y_lost = two_product(first, second)
    y_lost = fma(first, second_lost, y_lost)
    near = abs(z) < T(1)
    base, base_lost = (y, y_lost) if near else (a if z > T(0) else -a, T(NOTHING))
    value = base + fma(-a, copysign(m.gap(abs(z), near), z), base_lost)

    large = abs(steepest) > T(1e3)  # lift a b and a b e^-2z may leave the floats the one way or the other
    doubled, doubled_lost, fade = nearer(T(2) * abs(z), large and T(2) * abs(z) > limit(x))
    size_lost = (z_lost if z >= T(0) else -z_lost) + T(0.5) * doubled_lost
    _, _, d = tanh_parts(m, T(0.5) * doubled, size_lost)
    early, late = (lower(x), T(1)) if large and abs(z) < T(32) else (T(1), lower(x))
    d = T(0) if huge and doubled > limit(x) else d * early
    slope = (a * late * fade) * (b * d) if huge else fma(steepest, d, lost * d) * late * fade
    return copysign(value, y), slope


activation(
    scaled_tanh,
    exact=lambda m, x, a, b: a * m.tanh(b * x),
    limits=Limits(plus=(1.7159, 0), minus=(-1.7159, 0)),
    bounds={
        "float32": Bound(Error(1.43, at=1.4881027936935425), Error(1.74, at=-5.4234886)),
        "float64": Bound(Error(1.4, at=-1.4512330721298934), Error(1.76, at=-11.785277597638052)),
    },
    note="The constants are those of Y. LeCun, L. Bottou, G. Orr and K.-R. Mueller, Efficient BackProp (1998).",
)


def tanh_shrink(m: Any, x: Float) -> tuple[Float, Float]:
    """x - tanh(x)"""
    T = type(x)
    size = abs(x)
    far = (size - T(1)) + m.gap(size, False)
    w, w_lost = two_product(size, size)
    middle, rest = tanh_lack(w)
    curve, curve_lost = times(w, w_lost, middle, rest)  # not x^3 first, which loses digits where it is subnormal
    near = fma(size, curve, size * curve_lost)
    t, t_lost = tanh_sum(m, size)
    return copysign(near if size < T(c.LACK_EDGE) else far, x), fma(t, t, T(2) * t * t_lost)


activation(
    tanh_shrink,
    exact=lambda m, x: x - m.tanh(x),
    aliases=("tanhshrink",),
    limits=Limits(plus=(math.inf, 1), minus=(-math.inf, 1)),
    bounds={
        "float32": Bound(Error(1.46, at=-1.13095379), Error(2.18, at=0.8640826344490051)),
        "float64": Bound(Error(1.55, at=1.016041852866315), Error(2.1, at=-0.8408722879298515)),
    },
)
