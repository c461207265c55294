"""schraudolph: a line through the exponent and the mantissa."""

import sys

from ...records import Error, approximation
from ..coefficients import LINE_MINMAX
from ..primitives import Float
from .derived import derived
from .line import INTERVAL, exp_line, line_growth, line_lifted, line_parts


def exp(x: Float) -> Float:
    """the number with the bits round(2^m (x / ln2 + bias - c))"""
    return exp_line(x, LINE_MINMAX)


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + 0) 2^n"""
    return line_parts(x, low, LINE_MINMAX)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + 0) / scale, y >= 0"""
    return line_growth(y, low, LINE_MINMAX)


def exp_lifted(x: Float, zero: Float) -> Float:
    """2^k e^x, a normal number, where `zero` is k + origin(x)"""
    return line_lifted(x, zero, LINE_MINMAX)


reduced = exp
half, share, less_one, surplus, climb, gap, _ = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(0.0299, at=3.1097915, unit="relative"),
        "float64": Error(0.0299, at=-367.7240227410955, unit="relative"),
    },
    interval=INTERVAL,
    why="One multiplication and one conversion: as fast as copying. Its largest errors of both signs are equal. "
    "N. N. Schraudolph, A fast, compact approximation of the exponential function, Neural Computation 11 (1999) 853.",
    cost=0.67,
)
