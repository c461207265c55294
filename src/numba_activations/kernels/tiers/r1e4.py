"""r1e4: relative error 1e-4: a polynomial of degree 3."""

import sys

from ...records import Error, approximation
from ..coefficients import ROUGH3_DOUBLE, ROUGH3_SINGLE
from ..primitives import Float, by_type
from .derived import derived
from .reduction import NORMAL, exp_rough, rough_growth, rough_parts, rough_reduced


def exp(x: Float) -> Float:
    """2^n (1 + r p(r)), p of degree 2"""
    return exp_rough(x, ROUGH3_SINGLE, ROUGH3_DOUBLE)


def reduced(r: Float) -> Float:
    """e^r for what `reduce` leaves of a number"""
    return rough_reduced(r, by_type(r, ROUGH3_SINGLE, ROUGH3_DOUBLE))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    return rough_parts(x, low, ROUGH3_SINGLE, ROUGH3_DOUBLE)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    return rough_growth(y, low, ROUGH3_SINGLE, ROUGH3_DOUBLE)


half, share, less_one, surplus, climb, gap, exp_lifted = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.05e-4, at=-87.128044, unit="relative"),
        "float64": Error(1.05e-4, at=279.10136150268136, unit="relative"),
    },
    interval=NORMAL,
    why="For float16 and bfloat16 data, and where a network learns with the error in place.",
    cost=0.72,
)
