"""schraudolph_rms: schraudolph with the smallest mean square error."""

import sys

from ...records import Error, approximation
from ..coefficients import LINE_RMS
from ..primitives import Float
from .derived import derived
from .line import INTERVAL, exp_line, line_growth, line_lifted, line_parts


def exp(x: Float) -> Float:
    """the number with the bits round(2^m (x / ln2 + bias - c))"""
    return exp_line(x, LINE_RMS)


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (high + 0) 2^n"""
    return line_parts(x, low, LINE_RMS)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (high + 0) / scale, y >= 0"""
    return line_growth(y, low, LINE_RMS)


def exp_lifted(x: Float, zero: Float) -> Float:
    """2^k e^x, a normal number, where `zero` is k + origin(x)"""
    return line_lifted(x, zero, LINE_RMS)


reduced = exp
half, share, less_one, surplus, climb, gap, _ = derived(exp, reduced, parts, growth)

approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(0.0395, at=22.914053, unit="relative"),
        "float64": Error(0.0395, at=260.6635220449705, unit="relative"),
    },
    interval=INTERVAL,
    why="The smallest mean square error: for sums of many results of both signs.",
    cost=0.67,
)
