"""Gated linear units: one half of an axis, times an activation of the other half."""

from typing import Any

from ..records import ACTIVATIONS, ROOT_ZONE, RowBound, RowError, along_axis
from .gaussian import gelu
from .piecewise import relu
from .primitives import Float, by_type, ldexp
from .rectifiers import silu
from .tiers.reduction import reduce

# e^-y is 0 times any float from the second on. From the first on e^r is multiplied by the third, 2 to the minus fourth,
# so that what is left is in reach of `ldexp`, of whose products the last one alone rounds where it matters.
STEEP = (100.0, 216.0, 2.0**-64, 64.0), (700.0, 1500.0, 2.0**-200, 200.0)


SUBNORMAL = "A derivative that is subnormal is rounded, to few digits, before it is multiplied with g."


def decaying(m: Any, factor: Float, y: Float, octaves: float) -> Float:
    """2^octaves factor e^-y for y >= 0, all digits of it where e^-y is subnormal"""
    T = type(y)
    steep, vanished, lowered, by = by_type(y, *STEEP)
    r, shifted = reduce(-(T(vanished) if y > T(vanished) else y))
    beyond = y > T(steep)
    scale, left = (T(0.5 * lowered), T(octaves + 1.0 + by)) if beyond else (T(0.5), T(octaves + 1.0))
    return ldexp(factor * (scale * m.reduced(r)), shifted + left)  # half: e^r may be above 1


def gated(m: Any, a: Float, b: Float) -> tuple[Float, Float, Float]:
    """a s(b), s(b) and a s(b) s(-b), s the sigmoid; a has its digits where s(b) is subnormal"""
    T = type(b)
    size = abs(b)
    e = m.exp(-size)
    total = T(1) + e
    down = decaying(m, a, size, 0.0) / total  # a s(-|b|)
    return a / total if b >= T(0) else down, (T(1) if b >= T(0) else e) / total, down / total


def glu(m: Any, a: Float, b: Float) -> tuple[Float, Float, Float]:
    """a sigmoid(b), a and b the first and the second half of x"""
    return gated(m, a, b)


along_axis(
    glu,
    signature="(),()->()",
    split="halves",
    differentiated=2,
    exact=lambda m, a, b: a / (1 + m.exp(-b)),
    bounds={
        "float32": RowBound(
            RowError(3.3, at=((362.44717,), (-3.796989,))),
            RowError(6, at=((-0.22666965,), (0.006186227,), (-14.238212,))),
        ),
        "float64": RowBound(
            RowError(3.1, at=((8.729629312972587,), (-2.852980515541137,))),
            RowError(5.8, at=((1.5537206335957696,), (0.004065019343341748,), (-20.74447350349234,))),
        ),
    },
    special=f"As the product of its two factors. {SUBNORMAL}",
    note="The gate is the second half, as in PyTorch, JAX and Keras. Y. N. Dauphin et al., Language modeling with "
    "gated convolutional networks, ICML 2017.",
)


def bilinear(a: Float, b: Float) -> tuple[Float, Float, Float]:
    """a b, a and b the first and the second half of x"""
    return a * b, b, a


along_axis(
    bilinear,
    signature="(),()->()",
    split="halves",
    differentiated=2,
    exact=lambda m, a, b: a * b,
    bounds={
        "float32": RowBound(
            RowError(0.5, at=((0.02753042,), (-0.0058720037,))),
            RowError(0.5, at=((2.0901842,), (2.6801631,), (0.045798566,))),
        ),
        "float64": RowBound(
            RowError(0.5, at=((-8.764345407355737,), (-1.211992708228077,))),
            RowError(0.5, at=((0.207505095567036,), (-14.342448682798775,), (0.6960292633889953,))),
        ),
    },
    special="As the product of its two factors.",
    note="N. Shazeer, GLU variants improve transformer, 2020.",
)


def reglu(a: Float, b: Float) -> tuple[Float, Float, Float]:
    """relu(a) b, a and b the first and the second half of x"""
    gate, slope = relu(a)
    return gate * b, slope * b, gate


along_axis(
    reglu,
    signature="(),()->()",
    split="halves",
    differentiated=2,
    exact=lambda m, a, b: max(a, 0) * b,
    bounds={
        "float32": RowBound(
            RowError(0.5, at=((0.02753042,), (-0.0058720037,))),
            RowError(0.5, at=((2.0901842,), (2.6801631,), (0.045798566,))),
        ),
        "float64": RowBound(
            RowError(0.5, at=((0.007453901052207121,), (0.1481530819170496,))),
            RowError(0.5, at=((1.1600824175921451,), (61.34112197445207,), (1.4222900999613823,))),
        ),
    },
    special="As the product of its two factors.",
    note="The gate is the first half, as in N. Shazeer, GLU variants improve transformer, 2020.",
)


def swiglu(m: Any, a: Float, b: Float) -> tuple[Float, Float, Float]:
    """silu(a) b, a and b the first and the second half of x"""
    T = type(a)
    value, slope, _ = silu(m, a, T(1))
    lowest = T(-by_type(a, *STEEP)[1])
    steep = a if a > lowest else lowest
    total = T(1) + m.exp(-abs(a))
    tail = decaying(m, steep * T(2.0**-11) * b, -steep, 11.0) / total  # the product cannot overflow
    tail_slope = decaying(m, (T(1) + steep / total) * T(2.0**-11) * b, -steep, 11.0) / total
    far = a < T(-32)
    return tail if far else value * b, tail_slope if far else slope * b, value


along_axis(
    swiglu,
    signature="(),()->()",
    split="halves",
    differentiated=2,
    exact=lambda m, a, b: a / (1 + m.exp(-a)) * b,
    bounds={
        "float32": RowBound(
            RowError(2.5, at=((0.031184323,), (0.0019229386,))),
            RowError(4, at=((0.8022291660308838,), (-0.4919716715812683,), (0.018040848895907402,))),
        ),
        "float64": RowBound(
            RowError(3.3, at=((-122.25557180443546,), (42.48451201790764,))),
            RowError(5.3, at=((0.48917561056208336,), (-34.35106782776425,), (0.0007033775468189605,))),
        ),
    },
    special="As the product of its two factors; silu's derivative has fewer digits beside its root. silu(a) of a "
    f"subnormal a is rounded first. {SUBNORMAL}",
    vjp_scale=lambda m, g, a, b: [
        abs(v * w) * (2.0**-6 if abs(u - ACTIVATIONS["silu"].root) < ROOT_ZONE else 0)
        for v, u, w in zip(g, a, b, strict=True)
    ],
    note="The gate is the first half, as in N. Shazeer, GLU variants improve transformer, 2020, and in ONNX.",
)


def geglu(m: Any, a: Float, b: Float) -> tuple[Float, Float, Float]:
    """gelu(a) b, a and b the first and the second half of x"""
    value, slope = gelu(m, a)
    return value * b, slope * b, value


along_axis(
    geglu,
    signature="(),()->()",
    split="halves",
    differentiated=2,
    exact=lambda m, a, b: a * m.erfc(-a / m.sqrt(2)) / 2 * b,
    bounds={
        "float32": RowBound(
            RowError(2.4, at=((-11.684758186340332,), (-0.0063949464820325375,))),
            RowError(4.2, at=((-0.2366313487291336,), (0.009398962371051311,), (7.922102451324463,))),
        ),
        "float64": RowBound(
            RowError(1.8, at=((0.6987509477844014,), (-0.0031138607096177938,))),
            RowError(3.1, at=((1.6623791487153674,), (0.0015313563713751082,), (0.14416546901415672,))),
        ),
    },
    special="As the product of its two factors; gelu(a) is rounded first, to few digits where it is subnormal. "
    + SUBNORMAL,
    scale=lambda m, a, b: abs(b) * 2.0**-100,
    vjp_scale=lambda m, g, a, b: [abs(v * w) * 2.0**-100 for v, w in zip(g, b, strict=True)],
    note="The gate is the first half, as in N. Shazeer, GLU variants improve transformer, 2020.",
)
