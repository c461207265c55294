"""Activations made of straight lines."""

from ..records import Bound, Error, Limits, activation
from .primitives import Float

EXACT = Bound(Error(0.0, at=0.0), Error(0.0, at=0.0))
ROUNDED = Bound(Error(0.5, at=0.0), Error(0.0, at=0.0))


def relu(x: Float) -> tuple[Float, Float]:
    """max(x, 0)"""
    T = type(x)
    below = x <= T(0)
    slope = T(0) if below else T(1)
    return T(0) if x < T(0) else x, slope if x == x else x


activation(
    relu,
    exact=lambda m, x: x * (x > 0),
    kinks=(0.0,),
    limits=Limits(plus=(float("inf"), 1), minus=(0, 0)),
    bounds={"float32": EXACT, "float64": EXACT},
    note="The derivative at 0 is 0, as in PyTorch, JAX and TensorFlow. relu(-0.0) is -0.0.",
)


def leaky_relu(x: Float, negative_slope: Float = 0.01) -> tuple[Float, Float]:
    """x if x > 0 else negative_slope * x"""
    T = type(x)
    below = T(0) if negative_slope == T(0) and x < T(0) else negative_slope * x  # 0 * -inf is 0 here, not NaN
    slope = T(1) if x > T(0) else negative_slope
    return x if x > T(0) else below, slope if x == x else x


activation(
    leaky_relu,
    exact=lambda m, x, negative_slope: x if x > 0 else negative_slope * x,
    kinks=(0.0,),
    limits=Limits(plus=(float("inf"), 1), minus=(float("-inf"), 0.01)),
    bounds={"float32": ROUNDED, "float64": ROUNDED},
    note="The derivative at 0 is negative_slope, as in PyTorch.",
)
