"""u3: at most 3 ULP, normal numbers only."""

import sys

from ...records import Error, approximation
from ..coefficients import EXP5_SINGLE, EXP11_DOUBLE
from ..primitives import Float, by_type
from .reduction import DOUBLE, SINGLE, exp_reduced, exp_saturating
from .reduction import climb as climb_of
from .reduction import exp_lifted as exp_lifted_of
from .reduction import growth as growth_of
from .reduction import half as half_of
from .reduction import less_one as less_one_of
from .reduction import parts as parts_of
from .reduction import share as share_of
from .reduction import surplus as surplus_of
from .tangent import gap as gap_of


def exp(x: Float) -> Float:
    """2^n (1 + r + r^2 q(r)), q of degree 3 in float32 and 9 in float64"""
    return exp_saturating(x, EXP5_SINGLE, EXP11_DOUBLE)


def reduced(r: Float) -> Float:
    """e^r for what `reduce` leaves of a number"""
    return exp_reduced(r, by_type(r, EXP5_SINGLE, EXP11_DOUBLE))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + rest) 2^n"""
    return parts_of(x, low, EXP5_SINGLE, EXP11_DOUBLE)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + rest) / scale, y >= 0"""
    return growth_of(y, low, EXP5_SINGLE, EXP11_DOUBLE)


def half(y: Float, a: Float) -> Float:
    """a e^-y / (1 + e^-y), y >= 0"""
    return half_of(y, a, EXP5_SINGLE, EXP11_DOUBLE)


def share(y: Float, low: Float, a: Float) -> Float:
    """lift a e^-(y + low) / (1 + e^-(y + low)), y >= 0"""
    return share_of(y, low, a, EXP5_SINGLE, EXP11_DOUBLE)


def less_one(x: Float, low: Float, unit: Float) -> tuple[Float, Float]:
    """unit (e^(x + low) - 1) as a sum of two, for unit = 1, or 1/2 where e^x may be too large a number"""
    return less_one_of(x, low, unit, EXP5_SINGLE, EXP11_DOUBLE)


def surplus(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (1 + s + rest) 2^n"""
    return surplus_of(x, low, EXP5_SINGLE, EXP11_DOUBLE)


def climb(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (1 + s + rest) / scale, y >= 0"""
    return climb_of(y, low, EXP5_SINGLE, EXP11_DOUBLE)


def gap(size: Float, near: bool) -> Float:
    """1 - tanh(size), or where `near`, which needs a size below 1, size - tanh(size); size >= 0"""
    return gap_of(size, near)


def exp_lifted(x: Float, zero: Float) -> Float:
    """2^k e^x, a normal number, where `zero` is k + origin(x)"""
    return exp_lifted_of(x, zero, EXP5_SINGLE, EXP11_DOUBLE)


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(2.25, at=-2.9299722),
        "float64": Error(0.95, at=-324.6466177745574),
    },
    interval={
        "float32": (SINGLE.smallest_normal, SINGLE.largest_normal),
        "float64": (DOUBLE.smallest_normal, DOUBLE.largest_normal),
    },
    why="In float32 a coefficient less than the default, and no care for the ends of the range. In float64 one "
    "coefficient less would break the promise, so only the care is missing there.",
    cost=0.9,
)
