"""Rows brought to a standard size.

The numbers are scaled by a power of two first, so that no square overflows or vanishes.
"""

import math
from typing import Any

from ..records import RowBound, RowError, Rule, along_axis
from .arithmetic import finite
from .elements import difference, magnitude, product, ratio, square
from .primitives import Float, by_type, fma, lower_exponent, nearest_exponent

# A row is not scaled up where eps is as large: its squares may vanish beside that. What is smaller remains finite
# times the square of the largest scale, with which the least of subnormal numbers has a normal square.
NOT_SMALL = 2.0**-90, 2.0**-800
LARGEST_SCALE = 2.0**106, 2.0**900


def scale_of(top: Float, eps: Float) -> Float:
    """The power of two by which numbers up to `top` are multiplied: the largest comes to lie at about 8."""
    T = type(top)
    least = T(8) / T(by_type(top, *LARGEST_SCALE))
    size = least if top < least else finite(top)
    scale = lower_exponent(T(8), nearest_exponent(size))
    return T(1) if top < T(1) and eps >= T(by_type(eps, *NOT_SMALL)) else scale


def variance_of(squares: Float, n: Float, shift: Float) -> Float:
    """squares / n - shift^2"""
    return fma(-shift, shift, squares / n)


def scale_unless_zero(scale: Float, variance: Float) -> Float:
    """The scale; 1 where the scaled numbers are zeros: beside eps alone there is nothing to scale."""
    T = type(scale)
    return T(1) if variance == T(0) else scale


def rate_of(variance: Float, eps: Float, scale: Float) -> Float:
    """1 / sqrt(variance + eps scale^2)"""
    return type(variance)(1) / math.sqrt(variance + eps * scale * scale)


def zero(x: Float) -> Float:
    """0; NaN stays"""
    return x * type(x)(0)


def centred(row: Any, x: Any, eps: Any) -> tuple[Any, Any, Any, Any]:
    """x less about its mean, times the scale; what the mean lacks; what is to be multiplied by; and the scale.

    `left`, the mean of the differences, is what the rounding of the mean left.
    """
    scale = row.map(scale_of, row.fmax(row.map(magnitude, x)), eps)
    z = row.map(product, x, scale)
    d = row.map(difference, z, row.map(ratio, row.sum(z), row.length))
    left = row.map(ratio, row.sum(d), row.length)
    return d, left, *rate_and_scale(row, d, left, eps, scale)


def rate_and_scale(row: Any, z: Any, shift: Any, eps: Any, scale: Any) -> tuple[Any, Any]:
    """What scaled numbers are to be multiplied by, whose mean is `shift`; and the scale that goes with it."""
    variance = row.map(variance_of, row.sum(row.map(square, z)), row.length, shift)
    scale = row.map(scale_unless_zero, scale, variance)
    return row.map(rate_of, variance, eps, scale), scale


def standardize(row: Any, x: Any, eps: Any = 1e-5) -> Any:
    """(x_j - mean(x)) / sqrt(var(x) + eps)"""
    d, left, rate, _ = centred(row, x, eps)
    return row.map(product, row.map(difference, d, left), rate)


def standardize_vjp(row: Any, g: Any, x: Any, eps: Any = 1e-5) -> Any:
    """(g_j - mean(g) - y_j mean(g y)) / sqrt(var(x) + eps), y = standardize(x)"""
    d, left, rate, scale = centred(row, x, eps)
    y = row.map(product, row.map(difference, d, left), rate)
    total = row.sum(g)
    along = row.map(along_of, row.sum(row.map(product, g, d)), total, left, rate, row.length)
    return row.map(orthogonal, g, row.map(ratio, total, row.length), y, along, rate, scale)


def along_of(products: Float, total: Float, left: Float, rate: Float, n: Float) -> Float:
    """mean(g y) from the sums of g d and of g, y = (d - left) rate"""
    return fma(-left, total, products) * rate / n


def orthogonal(g: Float, mean: Float, y: Float, along: Float, rate: Float, scale: Float) -> Float:
    """(g - mean - y along) rate scale"""
    return fma(-y, along, g - mean) * rate * scale


def _mean(m: Any, x: Any) -> Any:
    return m.fsum(x) / len(x)


def _deviation(m: Any, x: Any, eps: Any) -> Any:
    mean = _mean(m, x)
    return m.sqrt(m.fsum((v - mean) ** 2 for v in x) / len(x) + eps)


def _exact_standardize(m: Any, x: Any, eps: Any) -> Any:
    mean, deviation = _mean(m, x), _deviation(m, x, eps)
    return [(v - mean) / deviation for v in x]


EPS_OF_HALVES = "eps is rounded to the type of the row: to 0 below 3e-8 in float16."
NOT_NEGATIVE = Rule("eps >= 0", lambda eps: eps >= 0)

along_axis(
    standardize,
    vjp=standardize_vjp,
    exact=_exact_standardize,
    rules=(NOT_NEGATIVE,),
    bounds={
        "float32": RowBound(
            RowError(
                3.6,
                at=(
                    (-161.0794219970703, -158.65695190429688, -160.2177734375, -166.67523193359375, -159.0497283935547),
                    9.999999747378752e-06,
                ),
            ),
            RowError(
                8.4,
                at=(
                    (
                        12.930167198181152,
                        -23.222835540771484,
                        -10.463976860046387,
                        -20.4842586517334,
                        22.524423599243164,
                    ),
                    (
                        -253.62554931640625,
                        -253.6270294189453,
                        -253.62709045410156,
                        -253.62750244140625,
                        -253.62608337402344,
                    ),
                    1e-12,
                ),
            ),
        ),
        "float64": RowBound(
            RowError(3.9, at=((-14.449973175199409, 11.389883302692022, 16.145474442539665), 1e-05)),
            RowError(
                7.3,
                at=(
                    (0.011582955850819275, -0.011323346021499129, 0.006263235098024165),
                    (2050.283445181081, 2063.352410312706, 2051.3029960108547),
                    0.0,
                ),
            ),
        ),
    },
    special="NaN or an infinity anywhere in a row gives NaN in all of it; so does a row of equal numbers with eps = 0.",
    note="The variance is that of the row itself (divided by n). No square overflows or vanishes on the way. "
    + EPS_OF_HALVES,
    scale=lambda m, x, eps: 1,
    vjp_scale=lambda m, g, x, eps: [max(map(abs, g)) / _deviation(m, x, eps)] * len(x),
)


def rms_norm(row: Any, x: Any, eps: Any = 1e-5) -> Any:
    """x_j / sqrt(mean(x^2) + eps)"""
    z, rate, _ = sized(row, x, eps)
    return row.map(product, z, rate)


def sized(row: Any, x: Any, eps: Any) -> tuple[Any, Any, Any]:
    """x times the scale; what it is to be multiplied by; and the scale."""
    scale = row.map(scale_of, row.fmax(row.map(magnitude, x)), eps)
    z = row.map(product, x, scale)
    return z, *rate_and_scale(row, z, row.map(zero, eps), eps, scale)


def _size(m: Any, x: Any, eps: Any) -> Any:
    return m.sqrt(m.fsum(v * v for v in x) / len(x) + eps)


def rms_norm_vjp(row: Any, g: Any, x: Any, eps: Any = 1e-5) -> Any:
    """(g_j - y_j mean(g y)) / sqrt(mean(x^2) + eps), y = rms_norm(x)"""
    z, rate, scale = sized(row, x, eps)
    y = row.map(product, z, rate)
    along = row.map(ratio, row.sum(row.map(product, g, y)), row.length)
    return row.map(orthogonal, g, row.map(zero, eps), y, along, rate, scale)


along_axis(
    rms_norm,
    vjp=rms_norm_vjp,
    exact=lambda m, x, eps: [v / _size(m, x, eps) for v in x],
    rules=(NOT_NEGATIVE,),
    bounds={
        "float32": RowBound(
            RowError(3.3, at=((0.08873561, 0.088735595), 1e-05)),
            RowError(
                7.6,
                at=(
                    (1.8061230182647705, 1.8782918453216553, 1.0667155981063843),
                    (-19.631359100341797, -45.529720306396484, -19.631359100341797),
                    9.999999747378752e-06,
                ),
            ),
        ),
        "float64": RowBound(
            RowError(3.5, at=((-0.5131439064080512, -3.4478554780742665, -0.5131439064080512), 1e-05)),
            RowError(
                7.6, at=((0.9216891391791912, 0.8044635144057722), (-38.97138759318663, -87.60800584324461), 1e-05)
            ),
        ),
    },
    special="NaN anywhere in a row gives NaN in all of it; a row of zeros with eps = 0 too.",
    note="eps is ONNX's; PyTorch's default is the machine epsilon of the dtype. No square overflows or vanishes "
    "on the way. " + EPS_OF_HALVES,
    vjp_scale=lambda m, g, x, eps: [max(map(abs, g)) / _size(m, x, eps)] * len(x),
)
