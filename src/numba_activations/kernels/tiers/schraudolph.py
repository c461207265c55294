"""schraudolph: a line through the exponent and the mantissa."""

import math
import sys

from ...records import Error, approximation
from ..arithmetic import lift
from ..primitives import NOTHING, Float, by_type, fma, from_pattern, shift

# exp(x) = 2^(x / ln2): the float with the bit pattern 2^m (x / ln2 + bias - c), m mantissa bits. Between powers of two
# it interpolates linearly; c = 0.043677 (366393 / 2^23) makes the largest relative errors of both signs equal.
SINGLE = (2.0**23 / math.log(2), 2.0**23 * 127 - 366393.0)
DOUBLE = (2.0**52 / math.log(2), 2.0**52 * 1023 - 366393.0 * 2.0**29)


def exp(x: Float) -> Float:
    """the number with the bits round(2^m (x / ln2 + bias - c))"""
    T = type(x)
    slope, offset = by_type(x, SINGLE, DOUBLE)
    low, high = by_type(x, (-87.3, 88.37), (-708.3, 709.43))
    y = T(high) if x > T(high) else x
    y = T(low) if y < T(low) else y
    return from_pattern(fma(y, T(slope), T(offset)))


def parts(x: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(x + low) as (exp(x) + 0) 2^0"""
    return exp(x + low), type(x)(NOTHING), shift(x)


def growth(y: Float, low: Float) -> tuple[Float, Float, Float]:
    """e^(y + low) as lift (1 + 0) / (lift exp(-y - low)), y >= 0"""
    T = type(y)
    return T(1), T(NOTHING), lift(y) * exp(-(y + low))


approximation(
    sys.modules[__name__],
    bounds={
        "float32": Error(0.0299, at=1.0, unit="relative"),
        "float64": Error(0.0299, at=1.0, unit="relative"),
    },
    interval={"float32": (-87.3, 88.37), "float64": (-708.3, 709.43)},
    special="NaN gives NaN; beyond the interval the result stays at the value of its end",
    why="One multiplication and one conversion: as fast as copying. N. N. Schraudolph, A fast, compact approximation "
    "of the exponential function, Neural Computation 11 (1999) 853-862.",
)
