"""Smooth relatives of max(x, 0)."""

import math
from typing import Any

import numpy as np

from ..records import Bound, Error, Limits, Rule, activation
from .arithmetic import constant, divide, finite, invertible, is_distant, lower, nearer, plus, times, two_product
from .coefficients_logarithm import COSH_DOUBLE, COSH_SINGLE, NEARER_DOUBLE, NEARER_SINGLE, WIDE_DOUBLE, WIDE_SINGLE
from .logarithm import excess
from .primitives import NOTHING, Float, by_type, copysign, fma, ldexp, lowered
from .sigmoidal import limit, sigmoid_below, tanh_parts, tanh_sum
from .tiers.reduction import at_most, horner


def beyond_log1p(e: Float, low: Float) -> Float:
    """What log(1 + e + low) is less than e by, 0 <= e <= 1."""
    T = type(e)
    s = e / (T(2) + e)
    w = s * s  # log(1 + e) = 2 s + s w p(w) and e = 2 s + s e
    low = fma(T(-1.5) * s, low, low)  # about low / (1 + e)
    return fma(s, e, fma(-s * w, horner(w, by_type(e, WIDE_SINGLE, WIDE_DOUBLE)), -low))


def log_sigmoid(m: Any, x: Float) -> tuple[Float, Float]:
    """-log(1 + exp(-x))"""
    T = type(x)
    high, rest, shifted = m.parts(-abs(x), T(NOTHING))
    e, e_lost = lowered(high, shifted), lowered(rest, shifted)
    y = ((x if x < T(0) else T(0)) + beyond_log1p(e, e_lost)) - e
    w = m.half(abs(x), T(1))
    return y, T(1) - w if x < T(0) else w


activation(
    log_sigmoid,
    exact=lambda m, x: -m.log1p(m.exp(-x)),
    aliases=("logsigmoid", "log_expit"),
    limits=Limits(plus=(0, 0), minus=(-math.inf, 1)),
    bounds={
        "float32": Bound(Error(1.43, at=-0.002936288481578231), Error(1.46, at=1.1047301292419434)),
        "float64": Bound(Error(1.5, at=0.4586318732153334), Error(1.46, at=1.1188224967031708)),
    },
)


def softplus(m: Any, x: Float, beta: Float = 1.0) -> tuple[Float, Float, Float]:
    """log(1 + exp(beta x)) / beta"""
    T = type(x)
    z, z_lost = two_product(beta, abs(x))
    z_lost = z_lost if z < T(4) * limit(x) else T(0)
    distant = beta < T(1) and is_distant(z)
    near, near_lost, fade = nearer(z, distant)
    high, rest, shifted = m.parts(-near, -(z_lost + near_lost))
    e, e_lost = lowered(high, shifted), lowered(rest, shifted)
    factor, octaves = invertible(beta)
    inverse = T(1) / (beta * factor)
    faded = (high + rest) / (beta * factor) * fade
    q = ldexp(faded * factor, shifted) if distant else e * inverse
    less = T(0) if distant else beyond_log1p(e, e_lost) - fma(-q, beta * factor, e)
    unit = T(1) if distant else factor
    y = (fma(-inverse, less, (x if x > T(0) else T(0)) / unit) + q) * unit
    w = m.half(z, T(1))
    w = fma(w - T(1), z_lost * w, w)
    # d/dbeta = (z s(z) - log(1 + e^z)) / beta^2 = -(|z| s(-|z|) + log(1 + e^-|z|)) / beta^2
    held = finite(z)
    fading = -held * (high + rest) / (T(1) + e)
    by_beta = (beyond_log1p(e, e_lost) - e + ldexp(fading, shifted)) * inverse * factor * inverse * factor
    by_beta = ldexp(-fma(held, faded, faded) * inverse, shifted + octaves) if distant else by_beta
    return y, T(1) - w if x >= T(0) else w, T(0) if near > limit(x) else by_beta


activation(
    softplus,
    exact=lambda m, x, beta: m.log1p(m.exp(beta * x)) / beta,
    limits=Limits(plus=(math.inf, 1), minus=(0, 0)),
    rules=(Rule("0 < beta < inf", lambda beta: (beta > 0) & (beta < np.inf)),),
    trainable="beta",
    bounds={
        "float32": Bound(Error(1.43, at=0.002936288481578231), Error(1.46, at=-1.1047301292419434)),
        "float64": Bound(Error(1.5, at=-0.4813792039770286), Error(1.46, at=-1.1003857636896681)),
    },
)


def gate(m: Any, x: Float, held: Float, unit: Float, up: bool, z: Float, low: Float) -> Float:
    """x s(z + low), or where it is not `up` x s(-z - low), for z >= 0; x = held unit lift, unless it has no say."""
    T = type(x)
    y = fma(m.share(z, low, held), -unit if up else unit, x if up else T(0))
    return copysign(y, x)


def gate_slope(m: Any, up: bool, z: Float, low: Float, a: Float, a_low: Float) -> Float:
    """s(z) (1 + a s(-z)), or where it is not `up` s(-z) (1 - a s(z)), for z = z + low >= 0 and a = a + a_low <= 4z."""
    # The latter is e^z (c + e^-z) / (1 + e^z)^2 with c = 1 - a, which has no rounding beside the root, and there s in
    # e^z = (1 + s) 2^n is so small that its own rounding is nothing. With its mirror image the latter is 1.
    T = type(z)
    s, rest, scale = m.climb(z, low)
    s = s + rest
    small = scale * lower(z)
    total = (T(1) + small) + s
    lost = s - ((total - T(1)) - small)
    inverse = T(1) / total
    lack = fma(-inverse, lost, fma(-inverse, total, T(1)))  # 2^n / (1 + e^z) = inverse (1 + lack)
    c = T(1) - a
    u, u_low = fma(c, s, c + small), fma(-a_low, s, -a_low)
    t = u * inverse
    t_low = fma(t + t, lack, fma(u_low, inverse, fma(u, inverse, -t)))
    below = fma(t, inverse, t_low * inverse) * scale * lower(z)
    return T(1) - below if up else below


# |x| above the first is multiplied by the second, so that its product with `lift` is a number.
LARGE = (2.0**80, 2.0**-60), (2.0**800, 2.0**-400)
SQUARE = 2.0**40, 2.0**400  # the square of what is no larger, times `lift`, is a number


def silu(m: Any, x: Float, beta: Float = 1.0) -> tuple[Float, Float, Float]:
    """x / (1 + exp(-beta x))"""
    T = type(x)
    usual = beta == T(1)  # what is not, the compiler then leaves out
    large, reduced = by_type(x, *LARGE)
    size = at_most(abs(x), limit(x)) if usual else finite(abs(x))
    up = (x >= T(0)) == (beta >= T(0))
    z, z_lost = two_product(abs(beta), size)
    low = T(NOTHING) if usual or z > T(4) * limit(x) else z_lost
    slope = gate_slope(m, up, z, low, z if usual else at_most(z, limit(x)), low)

    distant = not usual and z > limit(x)
    near, near_lost, fade = nearer(z, distant)
    near_low = low + near_lost
    lessened = T(reduced) if size > T(large) and not usual and not distant else T(1)
    held = copysign(size, x) * lessened * fade
    y = gate(m, x, held, lower(x) / lessened, up, near, near_low)
    w, w_lost = sigmoid_below(m, near, near_low)
    w = w + w_lost
    # lower(x) comes where it makes nothing overflow or subnormal.
    first, second, last = T(1), T(1), lower(x)
    if near < T(32):
        first, last = lower(x), T(1)
    elif size > T(by_type(x, *SQUARE)):
        second, last = lower(x), T(1)
    by_beta = (x * (w * first)) * (x * second * fade * (T(1) - w * lower(x))) * last
    by_beta = T(0) if (abs(x) if usual else near) > limit(x) else by_beta
    straight = beta == T(0)  # x/2, at the infinities too
    return T(0.5) * x if straight else y, slope, by_beta


activation(
    silu,
    exact=lambda m, x, beta: x / (1 + m.exp(-beta * x)),
    aliases=("swish",),
    limits=Limits(plus=(math.inf, 1), minus=(-0.0, -0.0)),
    trainable="beta",
    bounds={
        "float32": Bound(
            Error(1.19, at=-17.67693519592285),
            Error(2.14, at=-1.2145923376083374),
            Error(1.5e-09, at=-1.2326879501342773, unit="absolute"),
        ),
        "float64": Bound(
            Error(1.1, at=-20.484243018055874),
            Error(2.1, at=-3.8588078939495754),
            Error(2.5e-18, at=-1.23391745041394, unit="absolute"),
        ),
    },
    root=-1.278464542761074,
)


def quick_gelu(m: Any, x: Float) -> tuple[Float, Float]:
    """x / (1 + exp(-1.702 x))"""
    T = type(x)
    up, size = x >= T(0), at_most(abs(x), limit(x))
    factor, factor_lost = constant(x, 1.702, 0.0)
    z, low = two_product(size, factor)
    low = fma(size, factor_lost, low)
    return gate(m, x, copysign(size, x), lower(x), up, z, low), gate_slope(m, up, z, low, z, low)


activation(
    quick_gelu,
    exact=lambda m, x: x / (1 + m.exp(-1.702 * x)),
    aliases=("gelu_sigmoid",),
    limits=Limits(plus=(math.inf, 1), minus=(-0.0, -0.0)),
    bounds={
        "float32": Bound(
            Error(1.4, at=-10.403982162475586),
            Error(2.06, at=-8.447369575500488),
            Error(2.6e-09, at=-0.7071067690849304, unit="absolute"),
        ),
        "float64": Bound(
            Error(1.1, at=-1.4169072990114149),
            Error(2.1, at=-3.876328811586019),
            Error(4.4e-18, at=-0.7107232116117959, unit="absolute"),
        ),
    },
    root=-0.751154255441289,
)


def gelu_tanh(m: Any, x: Float) -> tuple[Float, Float]:
    """x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))"""
    T = type(x)
    up, size = x >= T(0), at_most(abs(x), by_type(x, 11.2, 21.9))  # z is beyond its limit there
    line, line_low = by_type(x, (T(LINE_SINGLE), T(LINE_LOW_SINGLE)), (T(LINE_DOUBLE), T(LINE_LOW_DOUBLE)))
    cube, cube_low = constant(x, CUBE, CUBE_LOW)
    steep, steep_low = constant(x, STEEP, STEEP_LOW)
    w, w_low = two_product(size, size)
    g = fma(cube, w, line)  # z = x g
    g_low = fma(cube, w, line - g) + fma(cube, w_low, fma(cube_low, w, line_low))
    z = size * g
    low = fma(size, g_low, fma(size, g, -z))
    d = fma(steep, w, line)  # z'(x)
    d_low = fma(steep, w, line - d) + fma(steep, w_low, fma(steep_low, w, line_low))
    a = size * d
    a_low = fma(size, d_low, fma(size, d, -a))
    return gate(m, x, copysign(size, x), lower(x), up, z, low), gate_slope(m, up, z, low, a, a_low)


# 2 sqrt(2 / pi), of which the last digit is as large as that of z'(x) may be, and the rest; and 0.044715 times as much
LINE_SINGLE, LINE_LOW_SINGLE = float.fromhex("0x1.9884600000000p+0"), float.fromhex("-0x1.9857935ee5e07p-21")
LINE_DOUBLE, LINE_LOW_DOUBLE = float.fromhex("0x1.9884533d43640p+0"), float.fromhex("0x1.08d0fcb3c500cp-48")
CUBE, CUBE_LOW = float.fromhex("0x1.2444f2a4d8b4bp-4"), float.fromhex("-0x1.3023b0e5fbc6ep-58")
STEEP, _LOST = two_product(3.0, CUBE)
STEEP_LOW = _LOST + 3.0 * CUBE_LOW

activation(
    gelu_tanh,
    exact=lambda m, x: x / (1 + m.exp(-2 * m.sqrt(2 / m.pi) * (x + 0.044715 * x**3))),
    aliases=("gelu_approx", "gelu_new"),
    limits=Limits(plus=(math.inf, 1), minus=(-0.0, -0.0)),
    bounds={
        "float32": Bound(
            Error(1.34, at=-5.11257791519165),
            Error(2.12, at=-4.49478006362915),
            Error(2.7e-09, at=-0.7087212800979614, unit="absolute"),
        ),
        "float64": Bound(
            Error(1.1, at=-5.303597736386647),
            Error(2.1, at=-7.2292355803067565),
            Error(4.4e-18, at=-0.7069323691916719, unit="absolute"),
        ),
    },
    root=-0.7524614220710162,
)


def mish(m: Any, x: Float) -> tuple[Float, Float]:
    """x tanh(log(1 + exp(x)))"""
    # With e^x = a / b: tanh(log(1 + e^x)) = a (a + 2b) / (a (a + 2b) + 2b^2), and nothing cancels or overflows.
    T = type(x)
    up = x >= T(0)
    high, rest, scale = m.growth(abs(x), T(NOTHING))
    small = scale * lower(x)
    a, a_lost = (high, rest) if up else (small, T(NOTHING))
    b, b_lost = (small, T(NOTHING)) if up else (high, rest)
    lifted, unit = (high, T(1)) if up else (scale, lower(x))
    sum2, sum2_lost = plus(a, a_lost, T(2) * b, T(2) * b_lost)
    sum1, sum1_lost = plus(a, a_lost, b, b_lost)
    above, above_lost = times(a, a_lost, sum2, sum2_lost)
    square, square_lost = times(b, b_lost, b, b_lost)
    below, below_lost = plus(above, above_lost, T(2) * square, T(2) * square_lost)
    q, q_lost = divide(sum2, sum2_lost, below, below_lost)
    t, t_lost = times(lifted, a_lost, q, q_lost)
    # t'(x) = 4 a b^2 (a + b) / (a (a + 2b) + 2b^2)^2
    f, f_lost = divide(sum1, sum1_lost, below, below_lost)
    g, g_lost = divide(square, square_lost, below, below_lost)
    g, g_lost = times(f, f_lost, g, g_lost)
    g, g_lost = times(T(4) * x, T(NOTHING), g, g_lost)
    g, g_lost = plus(q, q_lost, g, g_lost)
    d, d_lost = times(lifted, a_lost, g, g_lost)
    y, dy = fma(x, t, x * t_lost) * unit, (d + d_lost) * unit
    y, dy = (x, T(1)) if x > limit(x) else (y, dy)
    y, dy = (T(0), T(0)) if x < -limit(x) else (y, dy)
    return copysign(y, x), dy


activation(
    mish,
    exact=lambda m, x: x * m.tanh(m.log1p(m.exp(x))),
    limits=Limits(plus=(math.inf, 1), minus=(-0.0, 0)),
    bounds={
        "float32": Bound(
            Error(0.85, at=3.226837e-38),
            Error(0.83, at=-1.085192322731018),
            Error(7.2e-10, at=-1.1425890922546387, unit="absolute"),
        ),
        "float64": Bound(
            Error(0.87, at=2.650344203837819e-308),
            Error(0.76, at=-715.2519004172252),
            Error(1.4e-18, at=-1.1424796435840534, unit="absolute"),
        ),
    },
    root=-1.1924312145154905,
)


def elu(m: Any, x: Float, alpha: Float = 1.0) -> tuple[Float, Float]:
    """x if x > 0 else alpha (exp(x) - 1)"""
    T = type(x)
    up, usual = x > T(0), alpha == T(1)
    high, rest = m.less_one(T(0) if up else x, T(NOTHING), T(1))
    below = copysign(fma(alpha, high, alpha * rest), alpha * x)

    near, near_lost, fade = nearer(-x, is_distant(-x))
    high, rest, shifted = m.parts(-near, -near_lost)
    factor = T(0.5) * alpha * fade
    slope = m.exp(x) if usual else ldexp(fma(factor, high, factor * rest), shifted + T(1))
    return x if up else below, T(1) if up else slope


activation(
    elu,
    exact=lambda m, x, alpha: x if x > 0 else alpha * m.expm1(x),
    limits=Limits(plus=(math.inf, 1), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(0.91, at=-0.2872103750705719), Error(0.9, at=-48.8587)),
        "float64": Bound(Error(0.92, at=-0.09281163085665511), Error(0.9, at=-21.11419296893996)),
    },
    note="For another alpha than 1 the derivative jumps at 0, where it is alpha, as in PyTorch and JAX.",
)


def celu(m: Any, x: Float, alpha: Float = 1.0) -> tuple[Float, Float]:
    """x if x > 0 else alpha (exp(x / alpha) - 1)"""
    T = type(x)
    up = x > T(0)
    below = T(0) if up else x
    factor, _ = invertible(alpha)
    z, z_lost = divide(below * factor, T(NOTHING), alpha * factor, T(NOTHING))
    z_lost = z_lost if z > -limit(x) else T(0)
    e, e_lost = m.less_one(z, z_lost, T(1))
    high, rest, shifted = m.parts(z, z_lost)
    straight = up or (alpha > T(1) and z > T(by_type(x, -(2.0**-26), -(2.0**-55))))  # where z may lack digits
    y = x if straight else copysign(fma(alpha, e, alpha * e_lost), x)
    return y, T(1) if up else lowered(high + rest, shifted)


activation(
    celu,
    exact=lambda m, x, alpha: x if x > 0 else alpha * m.expm1(x / alpha),
    limits=Limits(plus=(math.inf, 1), minus=(-1, 0)),
    rules=(Rule("0 < alpha < inf", lambda alpha: (alpha > 0) & (alpha < np.inf)),),
    bounds={
        "float32": Bound(Error(0.91, at=-0.2872103750705719), Error(0.82, at=-87.61995)),
        "float64": Bound(Error(0.92, at=-0.09281163085665511), Error(0.75, at=-708.9240152073412)),
    },
)

# The fixed point of mean 0 and variance 1: G. Klambauer and others, Self-normalizing neural networks (2017).
SCALE, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def selu(m: Any, x: Float) -> tuple[Float, Float]:
    """1.0507009873554805 (x if x > 0 else 1.6732632423543772 (exp(x) - 1))"""
    T = type(x)
    up = x > T(0)
    slope, slope_lost = constant(x, SCALE, 0.0)
    left, left_lost = constant(x, LEFT, LEFT_REST)
    e, e_lost = m.less_one(T(0) if up else x, T(NOTHING), T(1))
    below = fma(left, e, fma(left, e_lost, left_lost * e))
    high, rest, shifted = m.parts(x, T(NOTHING))
    d, d_lost = times(high, rest, left, left_lost)
    right = fma(x, slope, finite(x) * slope_lost)
    return right if up else copysign(below, x), slope if up else lowered(d + d_lost, shifted)


LEFT, LEFT_REST = two_product(SCALE, ALPHA)

activation(
    selu,
    exact=lambda m, x: SCALE * (x if x > 0 else ALPHA * m.expm1(x)),
    kinks=(0.0,),
    limits=Limits(plus=(math.inf, SCALE), minus=(-SCALE * ALPHA, 0)),
    bounds={
        "float32": Bound(Error(1.06, at=-0.31801849603652954), Error(0.81, at=-88.40047)),
        "float64": Bound(Error(1.1, at=-0.07270522262679613), Error(0.8, at=-709.1122404537045)),
    },
    note="The derivative at 0 is 1.7581, that of the branch below, as in PyTorch and JAX.",
)


def log_cosh(m: Any, x: Float) -> tuple[Float, Float]:
    """log(cosh(x))"""
    T = type(x)
    size, w = abs(x), x * x
    near = fma(T(0.5) * x, x, w * w * horner(w, by_type(x, COSH_SINGLE, COSH_DOUBLE)))
    e = m.exp(T(-2) * size)
    s, g = excess(e, by_type(x, NEARER_SINGLE, NEARER_DOUBLE))
    y = near if size < T(0.75) else (size - T(math.log(2))) + fma(-s, g, e)
    slope, _ = tanh_sum(m, size)
    return y, copysign(slope, x)


activation(
    log_cosh,
    exact=lambda m, x: m.log(m.cosh(x)),
    aliases=("logcosh",),
    limits=Limits(plus=(math.inf, 1), minus=(math.inf, -1)),
    bounds={
        "float32": Bound(Error(1.14, at=0.7510895729064941), Error(1.21, at=0.8998016119003296)),
        "float64": Bound(Error(1.65, at=0.7741811426675298), Error(1.2, at=0.9973952061095999)),
    },
)


def lisht(m: Any, x: Float) -> tuple[Float, Float]:
    """x tanh(x)"""
    T = type(x)
    size, near = abs(x), abs(x) < T(1)
    held = at_most(size, limit(x))
    base, base_lost = two_product(x, x) if near else (size, T(NOTHING))
    value = base + fma(-held, m.gap(size, near), base_lost)
    t, t_lost, d = tanh_parts(m, size, T(NOTHING))
    return value, copysign(fma(held, d * lower(x), t) + t_lost, x)


activation(
    lisht,
    exact=lambda m, x: x * m.tanh(x),
    limits=Limits(plus=(math.inf, 1), minus=(math.inf, -1)),
    bounds={
        "float32": Bound(Error(1.31, at=-0.9825332760810852), Error(1.36, at=0.6358861)),
        "float64": Bound(Error(1.25, at=0.9937188036501219), Error(1.35, at=-0.5892292919251156)),
    },
)
