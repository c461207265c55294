"""r2e3: relative error 2e-3: a polynomial of degree 2."""

import sys

from ...records import Error, approximation
from ..coefficients import ROUGH2_DOUBLE, ROUGH2_SINGLE
from ..primitives import Float, by_type
from .derived import derived
from .reduction import NORMAL, exp_rough, rough_growth, rough_parts, rough_reduced


def exp(x: Float) -> Float:
    """2^n (1 + r p(r)), p of degree 1"""
    return exp_rough(x, ROUGH2_SINGLE, ROUGH2_DOUBLE)


def reduced(r: Float) -> Float:
    """e^r for what `reduce` leaves of a number"""
    return rough_reduced(r, by_type(r, ROUGH2_SINGLE, ROUGH2_DOUBLE))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    return rough_parts(x, low, ROUGH2_SINGLE, ROUGH2_DOUBLE)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    return rough_growth(y, low, ROUGH2_SINGLE, ROUGH2_DOUBLE)


half, share, less_one, surplus, climb, gap, exp_lifted = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(1.98e-3, at=87.84533, unit="relative"),
        "float64": Error(1.98e-3, at=98.24226968758501, unit="relative"),
    },
    interval=NORMAL,
    why="The least that range reduction is worth; below it, schraudolph needs none.",
    cost=0.68,
)
