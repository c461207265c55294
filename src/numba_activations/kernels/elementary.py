"""Elementary functions that the activations are made of."""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from .primitives import NOTHING, Float, copysign


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
        "float32": Bound(Error(0.9, at=-5.848642), Error(0.9, at=-5.848642)),
        "float64": Bound(Error(0.95, at=222.8470354346049), Error(0.95, at=222.8470354346049)),
    },
)


def expm1(m: Any, x: Float) -> tuple[Float, Float]:
    """e^x - 1"""
    T = type(x)
    high, rest = m.less_one(x, T(NOTHING), T(0.5))
    return copysign(T(2) * (high + rest), x), m.exp(x)


activation(
    expm1,
    exact=lambda m, x: m.expm1(x),
    limits=Limits(plus=(math.inf, math.inf), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(1.08, at=17.13618278503418), Error(0.9, at=-5.848642)),
        "float64": Bound(Error(1.15, at=0.4009926753419899), Error(0.95, at=222.8470354346049)),
    },
)
