"""Activations made of straight lines and parabolas, each rounded once."""

from typing import Any

from ..records import Bound, Error, Limits, Rule, activation
from .primitives import Float, copysign, fma

INF = float("inf")
EXACT = Error(0.0, at=1.0)
ALL_EXACT = {"float32": Bound(EXACT, EXACT), "float64": Bound(EXACT, EXACT)}


def unless_nan(x: Float, slope: Float) -> Float:
    """The slope, or NaN where x is NaN."""
    return slope if x == x else x


def line(slope: Float, x: Float, offset: Float) -> Float:
    """slope * x + offset, rounded once; 0 times infinity is 0 here, and an offset of 0 keeps the sign of zero."""
    T = type(x)
    y = slope * x if offset == T(0) else fma(slope, x, offset)
    return offset if slope == T(0) and x == x else y


def leaky(x: Float, slope: Float) -> tuple[Float, Float]:
    """(x, 1) where x > 0 and (slope * x, slope) elsewhere; the sign of zero is kept"""
    T = type(x)
    return x if x >= T(0) else line(slope, x, T(0)), unless_nan(x, T(1) if x > T(0) else slope)


def clip(y: Float, low: Float, high: Float) -> Float:
    """y, but not beyond low and high; NaN stays NaN."""
    y = low if y < low else y
    return high if y > high else y


def between(y: Float, low: Float, high: Float) -> Any:
    """low < y < high, where an infinite end is none."""
    return (y > low or low == -INF) and (y < high or high == INF)


def identity(x: Float) -> tuple[Float, Float]:
    """x"""
    return x, unless_nan(x, type(x)(1))


activation(
    identity,
    exact=lambda m, x: x,
    aliases=("linear",),
    limits=Limits(plus=(INF, 1), minus=(-INF, 1)),
    bounds=ALL_EXACT,
)


def affine(x: Float, slope: Float = 1.0, offset: Float = 0.0) -> tuple[Float, Float]:
    """slope * x + offset"""
    return line(slope, x, offset), unless_nan(x, slope)


activation(
    affine,
    exact=lambda m, x, slope, offset: slope * x + offset,
    limits=Limits(plus=(INF, 1), minus=(-INF, 1)),
    bounds=ALL_EXACT,
    note="Correctly rounded for every slope and offset.",
)


def relu(x: Float) -> tuple[Float, Float]:
    """max(x, 0)"""
    T = type(x)
    return T(0) if x < T(0) else x, unless_nan(x, T(1) if x > T(0) else T(0))


activation(
    relu,
    exact=lambda m, x: x * (x > 0),
    kinks=(0.0,),
    limits=Limits(plus=(INF, 1), minus=(0, 0)),
    bounds=ALL_EXACT,
    note="The derivative at 0 is 0, as in PyTorch, JAX and TensorFlow. relu(-0.0) is -0.0.",
)


def squared_relu(x: Float) -> tuple[Float, Float]:
    """max(x, 0)^2"""
    T = type(x)
    y = T(0) if x < T(0) else x
    return y * y, y + y


activation(
    squared_relu,
    exact=lambda m, x: x * x * (x > 0),
    aliases=("relu_squared", "relu2"),
    limits=Limits(plus=(INF, INF), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.5, at=0.40956983), EXACT),
        "float64": Bound(Error(0.5, at=0.9102501825129368), EXACT),
    },
)


def relu6(x: Float) -> tuple[Float, Float]:
    """min(max(x, 0), 6)"""
    T = type(x)
    return clip(x, T(0), T(6)), unless_nan(x, T(1) if between(x, T(0), T(6)) else T(0))


activation(
    relu6,
    exact=lambda m, x: x * (x > 0) * (x < 6) + 6 * (x >= 6),
    kinks=(0.0, 6.0),
    limits=Limits(plus=(6, 0), minus=(0, 0)),
    bounds=ALL_EXACT,
    note="The derivative at 0 and at 6 is 0, as in PyTorch, JAX and Keras. relu6(-0.0) is -0.0.",
)


def clipped_linear(
    x: Float, slope: Float = 1.0, offset: Float = 0.0, min_val: Float = 0.0, max_val: Float = 1.0
) -> tuple[Float, Float]:
    """min(max(slope * x + offset, min_val), max_val)"""
    y = line(slope, x, offset)
    return clip(y, min_val, max_val), unless_nan(x, slope if between(y, min_val, max_val) else type(x)(0))


activation(
    clipped_linear,
    exact=lambda m, x, slope, offset, min_val, max_val: (
        (slope * x + offset) * (slope * x + offset > min_val) * (slope * x + offset < max_val)
        + min_val * (slope * x + offset <= min_val)
        + max_val * (slope * x + offset >= max_val)
    ),
    kinks=(0.0, 1.0),
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    rules=(Rule("min_val <= max_val", lambda min_val, max_val: min_val <= max_val),),
    bounds=ALL_EXACT,
    note="The derivative where the line, as rounded, meets min_val or max_val is 0. Correctly rounded for every slope "
    "and offset. ONNX's HardSigmoid is clipped_linear(x, 0.2, 0.5); its Clip is clipped_linear(x, 1, 0, min, max).",
)


def hard_tanh(x: Float, min_val: Float = -1.0, max_val: Float = 1.0) -> tuple[Float, Float]:
    """min(max(x, min_val), max_val)"""
    T = type(x)
    return clip(x, min_val, max_val), unless_nan(x, T(1) if between(x, min_val, max_val) else T(0))


activation(
    hard_tanh,
    exact=lambda m, x, min_val, max_val: (
        x * (x > min_val) * (x < max_val) + min_val * (x <= min_val) + max_val * (x >= max_val)
    ),
    aliases=("hardtanh",),
    kinks=(-1.0, 1.0),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    rules=(Rule("min_val <= max_val", lambda min_val, max_val: min_val <= max_val),),
    bounds=ALL_EXACT,
    note="The derivative at min_val and at max_val is 0, as in PyTorch. hard_tanh(-0.0) is -0.0.",
)


def sixth(high: Float, low: Float) -> tuple[Float, Float]:
    """(high + low) / 6 as the sum of two numbers, for a low that is small beside high."""
    T = type(high)
    quotient = high * T(1 / 6)
    return quotient, (fma(T(-6), quotient, high) + low) * T(1 / 6)


def hard_sigmoid(x: Float) -> tuple[Float, Float]:
    """min(max(x / 6 + 1/2, 0), 1)"""
    T = type(x)
    y = clip(x, T(-3), T(3))
    total = y + T(3)
    high, low = sixth(total, y - (total - T(3)))
    return high + low, unless_nan(x, T(1 / 6) if between(x, T(-3), T(3)) else T(0))


activation(
    hard_sigmoid,
    exact=lambda m, x: (x + 3) / 6 * (x > -3) * (x < 3) + (x >= 3),
    aliases=("hardsigmoid",),
    kinks=(-3.0, 3.0),
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.51, at=0.7551697), Error(0.34, at=1.0)),
        "float64": Bound(Error(0.51, at=-0.48741147028498993), Error(0.34, at=1.0)),
    },
    note="The slope of PyTorch, JAX and Keras 3. Keras 2 and ONNX have 0.2 where this has 1/6: "
    "clipped_linear(x, 0.2, 0.5). The derivative at -3 and at 3 is 0, as in PyTorch, JAX and Keras.",
)


def hard_swish(x: Float) -> tuple[Float, Float]:
    """x * min(max(x / 6 + 1/2, 0), 1)"""
    T = type(x)
    y = clip(x, T(-3), T(3))
    above = y if x < y else x
    total = y + T(3)
    high, low = sixth(total, y - (total - T(3)))
    value = fma(above, high, y * low)  # -3 times 0, or from 3 on x times 1
    twice = y + y
    total = twice + T(3)
    rest = total - twice
    high, low = sixth(total, (twice - (total - rest)) + (T(3) - rest))  # 2y + 3 without rounding: y' vanishes at -1.5
    slope = T(1) if x >= T(3) else T(0) if x <= T(-3) else high + low
    return value, slope


activation(
    hard_swish,
    exact=lambda m, x: x * (x + 3) / 6 * (x > -3) * (x < 3) + x * (x >= 3),
    aliases=("hardswish", "hard_silu"),
    kinks=(-3.0, 3.0),
    limits=Limits(plus=(INF, 1), minus=(-0.0, 0)),
    bounds={
        "float32": Bound(Error(0.51, at=1.7012788), Error(0.51, at=-0.15283598)),
        "float64": Bound(Error(0.51, at=-2.7657042817360464), Error(0.51, at=-0.014241909058960863)),
    },
    note="The derivative at -3 is 0, at 3 it is 1, as in PyTorch, JAX and Keras. hard_swish(-0.0) is -0.0.",
)


def leaky_relu(x: Float, negative_slope: Float = 0.01) -> tuple[Float, Float]:
    """x if x > 0 else negative_slope * x"""
    return leaky(x, negative_slope)


activation(
    leaky_relu,
    exact=lambda m, x, negative_slope: x * (x > 0) + negative_slope * x * (x <= 0),
    aliases=("leakyrelu",),
    kinks=(0.0,),
    limits=Limits(plus=(INF, 1), minus=(-INF, 0.01)),
    bounds={
        "float32": Bound(Error(0.5, at=-0.7066505), EXACT),
        "float64": Bound(Error(0.5, at=-1.6610928116927237), EXACT),
    },
    note="The derivative at 0 is negative_slope, as in PyTorch. Keras and TensorFlow have another default: 0.2 or 0.3.",
)


def prelu(x: Float, weight: Float = 0.25) -> tuple[Float, Float, Float]:
    """x if x > 0 else weight * x"""
    T = type(x)
    value, slope = leaky(x, weight)
    return value, slope, T(0) if x > T(0) else x


activation(
    prelu,
    exact=lambda m, x, weight: x * (x > 0) + weight * x * (x <= 0),
    trainable="weight",
    kinks=(0.0,),
    limits=Limits(plus=(INF, 1), minus=(-INF, 0.25)),
    bounds={
        "float32": Bound(Error(0.5, at=-(2.0**-148)), EXACT),
        "float64": Bound(Error(0.5, at=-(2.0**-1073)), EXACT),
    },
    note="The derivative at 0 is weight, as in PyTorch. Correctly rounded for every weight.",
)


def rrelu(x: Float, lower: Float = 1 / 8, upper: Float = 1 / 3) -> tuple[Float, Float]:
    """x if x > 0 else (lower + upper) / 2 * x"""
    T = type(x)
    return leaky(x, T(0.5) * lower + T(0.5) * upper)


activation(
    rrelu,
    exact=lambda m, x, lower, upper: x * (x > 0) + (lower + upper) / 2 * x * (x <= 0),
    kinks=(0.0,),
    limits=Limits(plus=(INF, 1), minus=(-INF, (1 / 8 + 1 / 3) / 2)),
    rules=(Rule("lower <= upper", lambda lower, upper: lower <= upper),),
    bounds={
        "float32": Bound(Error(0.5, at=-2.0019677), EXACT),
        "float64": Bound(Error(0.5, at=-3.989008402371966), EXACT),
    },
    note="The evaluation form, with the mean slope: nothing here is random. The derivative at 0 is the mean slope.",
)


def threshold(x: Float, threshold: Float = 1.0, value: Float = 0.0) -> tuple[Float, Float]:
    """x if x > threshold else value"""
    T = type(x)
    return unless_nan(x, x if x > threshold else value), unless_nan(x, T(1) if x > threshold else T(0))


activation(
    threshold,
    exact=lambda m, x, threshold, value: x * (x > threshold) + value * (x <= threshold),
    aliases=("thresholded_relu", "trelu"),
    kinks=(1.0,),
    limits=Limits(plus=(INF, 1), minus=(0, 0)),
    bounds=ALL_EXACT,
    note="At the threshold the value is `value` and the derivative 0. The defaults are ONNX's; PyTorch has none.",
)


def outside(x: Float, lambd: Float, y: Float) -> tuple[Float, Float]:
    """y, which has the slope 1, but where |x| <= lambd 0 with the sign of x"""
    T = type(x)
    inside = abs(x) <= lambd
    return copysign(T(0), x) if inside else y, unless_nan(x, T(0) if inside else T(1))


def soft_shrink(x: Float, lambd: Float = 0.5) -> tuple[Float, Float]:
    """x - lambd if x > lambd else x + lambd if x < -lambd else 0"""
    return outside(x, lambd, x - copysign(lambd, x))


activation(
    soft_shrink,
    exact=lambda m, x, lambd: (x - lambd) * (x > lambd) + (x + lambd) * (x < -lambd),
    aliases=("softshrink",),
    kinks=(-0.5, 0.5),
    limits=Limits(plus=(INF, 1), minus=(-INF, 1)),
    rules=(Rule("lambd >= 0", lambda lambd: lambd >= 0),),
    bounds={
        "float32": Bound(Error(0.5, at=-(2.0**24)), EXACT),
        "float64": Bound(Error(0.5, at=-(2.0**53)), EXACT),
    },
    note="The derivative at -lambd and at lambd is 0. Where the value is 0 it has the sign of x.",
)


def hard_shrink(x: Float, lambd: Float = 0.5) -> tuple[Float, Float]:
    """x if |x| > lambd else 0"""
    return outside(x, lambd, x)


activation(
    hard_shrink,
    exact=lambda m, x, lambd: x * (x > lambd) + x * (x < -lambd),
    aliases=("hardshrink",),
    kinks=(-0.5, 0.5),
    limits=Limits(plus=(INF, 1), minus=(-INF, 1)),
    rules=(Rule("lambd >= 0", lambda lambd: lambd >= 0),),
    bounds=ALL_EXACT,
    note="At -lambd and at lambd the value and the derivative are 0. Where the value is 0 it has the sign of x.",
)


def shrink(x: Float, lambd: Float = 0.5, bias: Float = 0.0) -> tuple[Float, Float]:
    """x - bias if x > lambd else x + bias if x < -lambd else 0"""
    return outside(x, lambd, fma(-copysign(type(x)(1), x), bias, x))


activation(
    shrink,
    exact=lambda m, x, lambd, bias: (x - bias) * (x > lambd) + (x + bias) * (x < -lambd),
    kinks=(-0.5, 0.5),
    limits=Limits(plus=(INF, 1), minus=(-INF, 1)),
    rules=(Rule("lambd >= 0", lambda lambd: lambd >= 0),),
    bounds=ALL_EXACT,
    note="At -lambd and at lambd the value and the derivative are 0. Where the value is 0 it has the sign of x. With a "
    "bias of lambd this is soft_shrink, with none hard_shrink.",
)


def sparse_plus(x: Float) -> tuple[Float, Float]:
    """0 if x <= -1, (x + 1)^2 / 4, x if x >= 1"""
    T = type(x)
    y = clip(x, T(-1), T(1))
    total = y + T(1)
    rest = y - (total - T(1))
    half = T(0.5) * total
    return x if x >= T(1) else fma(half, half, half * rest), half


activation(
    sparse_plus,
    exact=lambda m, x: (x + 1) ** 2 / 4 * (x > -1) * (x < 1) + x * (x >= 1),
    limits=Limits(plus=(INF, 1), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.51, at=0.65698755), Error(0.5, at=0.39790982)),
        "float64": Bound(Error(0.51, at=-0.760441207252355), Error(0.5, at=-0.4874114693616773)),
    },
)


def sparse_sigmoid(x: Float) -> tuple[Float, Float]:
    """min(max((x + 1) / 2, 0), 1)"""
    T = type(x)
    return T(0.5) * (clip(x, T(-1), T(1)) + T(1)), unless_nan(x, T(0.5) if between(x, T(-1), T(1)) else T(0))


activation(
    sparse_sigmoid,
    exact=lambda m, x: (x + 1) / 2 * (x > -1) * (x < 1) + (x >= 1),
    kinks=(-1.0, 1.0),
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.5, at=-0.25578144), EXACT),
        "float64": Bound(Error(0.5, at=-0.4874114693616773), EXACT),
    },
    note="The derivative at -1 and at 1 is 0, as that of hard_sigmoid is at its ends.",
)
