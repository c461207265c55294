"""r3e6: relative error 3e-6: a polynomial of degree 4."""

import sys

from ...records import Error, approximation
from ..coefficients import ROUGH4_DOUBLE, ROUGH4_SINGLE
from ..primitives import Float, by_type, raise_normal
from .derived import derived
from .reduction import NORMAL, reduce_normal, rough_growth, rough_parts, rough_reduced


def exp(x: Float) -> Float:
    """2^n (1 + r p(r)), p of degree 3"""
    r, shifted = reduce_normal(x)
    return raise_normal(reduced(r), shifted)


def reduced(r: Float) -> Float:
    """e^r for what `reduce` leaves of a number"""
    return rough_reduced(r, by_type(r, ROUGH4_SINGLE, ROUGH4_DOUBLE))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    return rough_parts(x, low, ROUGH4_SINGLE, ROUGH4_DOUBLE)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    return rough_growth(y, low, ROUGH4_SINGLE, ROUGH4_DOUBLE)


half, share, less_one, surplus, climb, gap, exp_lifted = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(2.95e-6, at=-59.34124, unit="relative"),
        "float64": Error(2.9e-6, at=496.70127462326934, unit="relative"),
    },
    interval=NORMAL,
    why="Softmax weights and gates whose inputs are float16 or bfloat16 anyway: it is below half an ULP of both.",
    cost=0.8,
)
