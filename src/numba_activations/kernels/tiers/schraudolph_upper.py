"""schraudolph_upper: schraudolph from above."""

import sys

from ...records import Error, approximation
from ..coefficients import LINE_UPPER
from ..primitives import Float
from .derived import derived
from .line import INTERVAL, exp_line, line_growth, line_lifted, line_parts


def exp(x: Float) -> Float:
    """the number with the bits round(2^m (x / ln2 + bias - c))"""
    return exp_line(x, LINE_UPPER)


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + 0) 2^n"""
    return line_parts(x, low, LINE_UPPER)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + 0) / scale, y >= 0"""
    return line_growth(y, low, LINE_UPPER)


def exp_lifted(x: Float, zero: Float) -> Float:
    """2^k e^x, a normal number, where `zero` is k + origin(x)"""
    return line_lifted(x, zero, LINE_UPPER)


reduced = exp
half, share, less_one, surplus, climb, gap, _ = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(0.0616, at=1.6932217, unit="relative"),
        "float64": Error(0.0616, at=-553.5177453026645, unit="relative"),
    },
    interval=INTERVAL,
    why="Never too small, but for rounding: an upper bound of exp.",
    cost=0.67,
)
