"""Activations that saturate on both sides."""

from typing import Any

from ..records import Bound, Error, Limits, activation
from .primitives import NOTHING, Float, copysign, fma


def sum_exactly(one: Float, scale: Float, part: Float) -> Float:
    """one + scale + part for one >= scale >= 0, where what the first sum loses joins the smaller terms."""
    total = one + scale
    return total + (part + ((one - total) + scale))


def sigmoid(m: Any, x: Float) -> tuple[Float, Float]:
    """1 / (1 + exp(-x))"""
    T = type(x)
    one, part, scale = m.growth(abs(x), T(NOTHING))
    w = scale / sum_exactly(one, scale, part)  # s(-|x|), at most 1/2, with all its digits in the tail
    return T(1) - w if x >= T(0) else w, fma(-w, w, w)  # s(x) s(-x) = w (1 - w): nothing cancels


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


def tanh(m: Any, x: Float) -> tuple[Float, Float]:
    """(exp(2x) - 1) / (exp(2x) + 1)"""
    T = type(x)
    one, part, scale = m.growth(abs(x) + abs(x), T(NOTHING))
    total = sum_exactly(one, scale, part)
    w = scale / total  # s(-2|x|), at most 1/2
    return copysign(((one - scale) + part) / total, x), T(4) * fma(-w, w, w)


activation(
    tanh,
    exact=lambda m, x: m.tanh(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
        "float64": Bound(Error(2.3, at=1.0), Error(2.2, at=1.0)),
    },
)
