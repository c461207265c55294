"""Elementary functions that the activations are made of."""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from .arithmetic import two_sum
from .primitives import NOTHING, Float, by_type, raise_exponent


def exp(m: Any, x: Float) -> tuple[Float, Float]:
    """e^x"""
    y = m.exp(x)
    return y, y


activation(
    exp,
    exact=lambda m, x: m.exp(x),
    aliases=("exponential",),
    limits=Limits(plus=(math.inf, math.inf), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.91, at=37.776527), Error(0.91, at=37.776527)),
        "float64": Bound(Error(0.92, at=91.84200142419314), Error(0.92, at=91.84200142419314)),
    },
)


def expm1_parts(m: Any, x: Float, low: Float, unit: Float) -> tuple[Float, Float]:
    """unit (e^(x + low) - 1) and what that lacks, for unit = 1, or 1/2 where e^x may be too large a number."""
    T = type(x)
    high, rest, shifted = m.parts(T(-60) if x < T(-60) else x, low)
    power = raise_exponent(unit, shifted)
    total, lost = two_sum(power * high, -unit)
    return total, lost + power * rest


def expm1(m: Any, x: Float) -> tuple[Float, Float]:
    """e^x - 1"""
    T = type(x)
    half, lost = expm1_parts(m, x, T(NOTHING), T(0.5))
    return x if abs(x) < T(by_type(x, 2.0**-26, 2.0**-55)) else T(2) * (half + lost), m.exp(x)


activation(
    expm1,
    exact=lambda m, x: m.expm1(x),
    limits=Limits(plus=(math.inf, math.inf), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(0.8, at=0.34802294), Error(0.91, at=37.776527)),
        "float64": Bound(Error(0.79, at=-8.254987366649882e-17), Error(0.92, at=91.84200142419314)),
    },
)
