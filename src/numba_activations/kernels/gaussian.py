"""The normal distribution, the error function, and what is made of them.

For z >= 0, Phi(-z) = exp(-z^2/2) M(z), and (z + 5/4) M(z) is nearly constant: a polynomial in q = (z - 4) / (z + 4),
which takes all of [0, inf] to [-1, 1], gives it everywhere. Both factors are kept to more digits than one float holds,
the square in the exponent too; so a result is rounded about once. The coefficients come from tools/fit_gaussian.py.
"""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from . import coefficients_gaussian as c
from .arithmetic import divide, fast_two_sum, times, two_product, two_sum
from .logarithm import log_parts
from .primitives import NOTHING, Float, by_type, copysign, fma, ldexp
from .tiers.reduction import at_most, clamped, horner


def polynomial(x: Float, table: tuple[float, ...]) -> Float:
    """As `horner`, odd and even powers apart: LLVM does not unroll a loop over 24 coefficients, and nothing vectorises.
    """
    return fma(x, horner(x * x, table[-2::-2][::-1]), horner(x * x, table[-1::-2][::-1]))


def nearly_constant(x: Float, table: tuple[float, ...], low: float) -> tuple[Float, Float]:
    """The polynomial of a table as a sum of two, where the constant term outweighs the others."""
    T = type(x)
    high, lost = fast_two_sum(T(table[-1]), x * polynomial(x, table[:-1]))
    return high, lost + T(low)


def mills_parts(z: Float, low: Float) -> tuple[Float, Float, Float, Float]:
    """M(z + low) = (a + a_low) / (b + b_low), z >= 0"""
    T = type(z)
    table, table_low = by_type(z, (c.TAIL_SINGLE, c.TAIL_LOW_SINGLE), (c.TAIL_DOUBLE, c.TAIL_LOW_DOUBLE))
    a, a_low = nearly_constant((z - T(4)) * (T(1) / (z + T(4))), table, table_low)
    b, b_low = fast_two_sum(T(1.25), z)  # exact for z > 1.25 too, as long as 1.25 is not lost beside z
    return a, a_low, b, b_low + low


def half_square(z: Float) -> tuple[Float, Float]:
    """z^2 / 2 as a sum of two"""
    return two_product(type(z)(0.5) * z, z)


def tail_parts(z: Float, z_low: Float, e: Float, e_low: Float) -> tuple[Float, Float]:
    """M(z + z_low) (e + e_low) as a sum of two"""
    a, a_low, b, b_low = mills_parts(z, z_low)
    a, a_low = divide(a, a_low, b, b_low)
    return times(a, a_low, e, e_low)


def gelu(m: Any, x: Float) -> tuple[Float, Float]:
    """x Phi(x), Phi the normal distribution function"""
    T = type(x)
    z = clamped(abs(x), 0.0, by_type(x, 16.0, 40.0))  # beyond, Phi(-z) is 0
    h, h_low = half_square(z)
    e, e_low, shifted = m.parts(-h, -h_low)
    t, t_low = tail_parts(z, T(NOTHING), e, e_low)
    below = x < T(0)
    scale = ldexp(T(1), shifted)
    tail = t * scale
    w = T(1) - tail
    w_low = fma(-t_low, scale, (T(1) - w) - tail)
    factor = z if below else abs(x)
    y = fma(factor, t if below else w, z * (t_low if below else w_low))  # z, as infinity times 0 is NaN
    y = y * scale if below else y

    d, d_low = two_sum(T(by_type(x, c.ROOT_SINGLE, c.ROOT_DOUBLE)), -z)
    d_low = d_low + T(by_type(x, c.ROOT_LOW_SINGLE, c.ROOT_LOW_DOUBLE))
    table, table_low = by_type(x, (c.SLOPE_SINGLE, c.SLOPE_LOW_SINGLE), (c.SLOPE_DOUBLE, c.SLOPE_LOW_DOUBLE))
    s, s_low = nearly_constant(fma(z + z, T(1) / (z + T(4)), T(-1)), table, table_low)  # q, best near -1
    s, s_low = times(d, d_low, s, s_low)
    s, s_low = times(s, s_low, e, e_low)
    slope = ldexp(s + s_low, shifted)
    return copysign(y, x), slope if below else T(1) - slope


activation(
    gelu,
    exact=lambda m, x: x * m.erfc(-x / m.sqrt(2)) / 2,
    aliases=("gelu_erf",),
    limits=Limits(plus=(math.inf, 1), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(1.24, at=-1.325013518333435), Error(1.4, at=-9.238072379957885e-06)),
        "float64": Bound(Error(1.25, at=-1.317039801572051), Error(1.3, at=-3.2149839292125643e-15)),
    },
    note="The exact function, not the approximation by tanh. As x goes to -inf, it goes to -0.",
)


def ndtr(m: Any, x: Float) -> tuple[Float, Float]:
    """Phi(x), the normal distribution function: (1 + erf(x / sqrt(2))) / 2"""
    T = type(x)
    z = clamped(abs(x), 0.0, by_type(x, 16.0, 40.0))
    h, h_low = half_square(z)
    e, e_low, shifted = m.parts(-h, -h_low)
    t, t_low = tail_parts(z, T(NOTHING), e, e_low)
    tail = ldexp(t + t_low, shifted)
    density, density_low = by_type(
        x, (c.DENSITY_SINGLE, c.DENSITY_LOW_SINGLE), (c.DENSITY_DOUBLE, c.DENSITY_LOW_DOUBLE)
    )
    d, d_low = times(T(density), T(density_low), e, e_low)
    return tail if x < T(0) else T(1) - tail, ldexp(d + d_low, shifted)


activation(
    ndtr,
    exact=lambda m, x: m.erfc(-x / m.sqrt(2)) / 2,
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(1.28, at=-0.6840832233428955), Error(0.84, at=13.150272369384766)),
        "float64": Bound(Error(1.23, at=-1.2193666545728574), Error(0.75, at=-37.61952160899381)),
    },
)


def log_ndtr(m: Any, x: Float) -> tuple[Float, Float]:
    """log(Phi(x))"""
    T = type(x)
    below = x < T(0)
    z = clamped(abs(x), 0.0, by_type(x, 1.0e5, 1.0e10))
    h, h_low = half_square(z)
    e, e_low, shifted = m.parts(-h, T(0) if z > T(40) else -h_low)
    a, a_low, b, b_low = mills_parts(z, T(NOTHING))
    r, r_low = divide(a, a_low, b, b_low)
    t, t_low = times(r, r_low, e, e_low)
    scale = ldexp(T(1), shifted)
    tail = ldexp(t, shifted)
    w = T(1) - tail
    w_low = fma(-t_low, scale, (T(1) - w) - tail)
    log, log_low = log_parts(r if below else w, r_low if below else w_low, -tail, -t_low * scale)
    y, lost = two_sum(T(NOTHING) if x >= T(0) else -h, log)
    y = y + (lost + (log_low if x >= T(0) else log_low - h_low))
    far = -x > z  # log(M(z)) is lost beside z^2 / 2 there, and the derivative rounds to z
    y = T(-0.5) * x * x if far else y

    density, density_low = by_type(
        x, (c.DENSITY_SINGLE, c.DENSITY_LOW_SINGLE), (c.DENSITY_DOUBLE, c.DENSITY_LOW_DOUBLE)
    )
    d, d_low = times(T(density), T(density_low), b if below else e, b_low if below else e_low)
    d, d_low = divide(d, d_low, a if below else w, a_low if below else w_low)
    slope = d + d_low
    slope = slope if below else ldexp(slope, shifted)
    return y, -x if far else slope


activation(
    log_ndtr,
    exact=lambda m, x: m.log(m.erfc(-x / m.sqrt(2)) / 2),
    limits=Limits(plus=(0, 0), minus=(-math.inf, math.inf)),
    bounds={
        "float32": Bound(Error(1.4, at=0.2937873601913452), Error(1.31, at=-252.7333221435547)),
        "float64": Bound(Error(1.14, at=-0.06220785302415699), Error(1.17, at=-255.96186861063293)),
    },
)


def minus_square(m: Any, x: Float) -> tuple[Float, Float, Float]:
    """exp(-x^2) as (e + e_low) 2^n"""
    z = clamped(x, *by_type(x, (-16.0, 16.0), (-40.0, 40.0)))  # beyond, it is 0
    h, h_low = two_product(z, z)
    return m.parts(-h, -h_low)


def gaussian(m: Any, x: Float) -> tuple[Float, Float]:
    """exp(-x^2)"""
    z = clamped(x, *by_type(x, (-16.0, 16.0), (-40.0, 40.0)))  # beyond, it is 0
    h, h_low = two_product(z, z)
    e, e_low, shifted = m.parts(-h, -h_low)
    double = z + z
    return ldexp(e + e_low, shifted), ldexp(fma(-double, e, -double * e_low), shifted)


activation(
    gaussian,
    exact=lambda m, x: m.exp(-x * x),
    limits=Limits(plus=(0, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.84, at=-9.356354713439941), Error(0.84, at=9.510688781738281)),
        "float64": Bound(Error(0.7, at=-26.622026324699437), Error(0.81, at=26.690375939136956)),
    },
)


def erfc_parts(m: Any, x: Float) -> tuple[Float, Float, Float, Float, Float]:
    """erfc(x) / 2 = t + t_low and exp(-x^2) = e + e_low for x >= 0, both times 2^-n"""
    T = type(x)
    h, h_low = two_product(x, x)
    e, e_low, shifted = m.parts(-h, -h_low)
    root, root_low = by_type(x, (c.SQRT2_SINGLE, c.SQRT2_LOW_SINGLE), (c.SQRT2_DOUBLE, c.SQRT2_LOW_DOUBLE))
    z, z_low = times(T(root), T(root_low), x, T(NOTHING))
    t, t_low = tail_parts(z, z_low, e, e_low)
    return t, t_low, e, e_low, shifted


def erf(m: Any, x: Float) -> tuple[Float, Float]:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x"""
    T = type(x)
    z = at_most(abs(x), by_type(x, c.ONE_SINGLE, c.ONE_DOUBLE))
    near = fma(z, horner(z * z, by_type(x, c.ERF_SINGLE, c.ERF_DOUBLE)), z)
    root = polynomial(z - T(c.CENTRE), by_type(x, c.ERFC_ROOT_SINGLE, c.ERFC_ROOT_DOUBLE))
    square = root * root
    y = near if z < T(c.NEAR) else fma(-square, square, T(1))

    e, e_low, shifted = minus_square(m, x)
    peak, peak_low = by_type(x, (c.PEAK_SINGLE, c.PEAK_LOW_SINGLE), (c.PEAK_DOUBLE, c.PEAK_LOW_DOUBLE))
    d, d_low = times(T(peak), T(peak_low), e, e_low)
    return copysign(y, x), ldexp(d + d_low, shifted)


activation(
    erf,
    exact=lambda m, x: m.erf(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(1.12, at=-0.5023291707038879), Error(0.87, at=9.361889839172363)),
        "float64": Bound(Error(1.13, at=0.5012758723262078), Error(0.77, at=26.626664673341736)),
    },
)


def erfc(m: Any, x: Float) -> tuple[Float, Float]:
    """1 - erf(x)"""
    T = type(x)
    z = clamped(abs(x), 0.0, by_type(x, 16.0, 40.0))
    t, t_low, e, e_low, shifted = erfc_parts(m, z)
    tail = ldexp(T(2) * (t + t_low), shifted)
    peak, peak_low = by_type(x, (c.PEAK_SINGLE, c.PEAK_LOW_SINGLE), (c.PEAK_DOUBLE, c.PEAK_LOW_DOUBLE))
    d, d_low = times(T(peak), T(peak_low), e, e_low)
    return T(2) - tail if x < T(0) else tail, -ldexp(d + d_low, shifted)


activation(
    erfc,
    exact=lambda m, x: m.erfc(x),
    limits=Limits(plus=(0, 0), minus=(2, 0)),
    bounds={
        "float32": Bound(Error(1.38, at=0.49987319111824036), Error(0.87, at=9.361889839172363)),
        "float64": Bound(Error(1.23, at=0.4802383728322129), Error(0.77, at=26.626664673341736)),
    },
)
