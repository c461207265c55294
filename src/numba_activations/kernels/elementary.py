"""Elementary functions that the activations are made of."""

from typing import Any

from ..records import Bound, Error, Limits, activation
from .primitives import Float


def exp(m: Any, x: Float) -> tuple[Float, Float]:
    """e^x"""
    y = m.exp(x)
    return y, y


activation(
    exp,
    exact=lambda m, x: m.exp(x),
    aliases=("exponential",),
    limits=Limits(plus=(float("inf"), float("inf")), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.95, at=1.0), Error(0.95, at=1.0)),
        "float64": Bound(Error(0.95, at=1.0), Error(0.95, at=1.0)),
    },
)
