"""The normal distribution, the error function, and what is made of them.

For z >= 0, Phi(-z) = exp(-z^2/2) M(z), and (a z + b) M(z) = 1 + g with a small g that is the quotient of two
polynomials in z. With exp(-z^2/2) = (1 + s) 2^n the tail is u (1 + g) (1 + s) 2^n where u = 1 / (a z + b): one division
serves u and g. It is summed as u + u (s + v), and so rounded once at its full size. The same, with exp(-z^2), gives
erfc. The coefficients come from tools/fit_gaussian.py.
"""

import math
from typing import Any

from ..records import Bound, Error, Limits, activation
from . import coefficients_gaussian as c
from .arithmetic import divide, fast_two_sum, plus, times, two_product, two_sum
from .logarithm import log_parts
from .primitives import NOTHING, Float, by_type, copysign, fma, ldexp, lowered
from .tiers.reduction import at_most, halves, horner, polynomial

Table = tuple[tuple[float, float], tuple[float, ...], tuple[float, ...]]  # a and b, numerator and denominator of g
TAIL: tuple[Table, Table] = (
    (c.TAIL_LINE, c.TAIL_ABOVE_SINGLE, c.TAIL_BELOW_SINGLE),
    (c.TAIL_LINE, c.TAIL_ABOVE_DOUBLE, c.TAIL_BELOW_DOUBLE),
)
MILLS: tuple[Table, Table] = (
    (c.TAIL_LINE, c.MILLS_ABOVE_SINGLE, c.MILLS_BELOW_SINGLE),
    (c.TAIL_LINE, c.MILLS_ABOVE_DOUBLE, c.MILLS_BELOW_DOUBLE),
)
ERFC: tuple[Table, Table] = (
    (c.ERFC_LINE, c.ERFC_ABOVE_SINGLE, c.ERFC_BELOW_SINGLE),
    (c.ERFC_LINE, c.ERFC_ABOVE_DOUBLE, c.ERFC_BELOW_DOUBLE),
)
SLOPE = (c.SLOPE_ABOVE_SINGLE, c.SLOPE_BELOW_SINGLE), (c.SLOPE_ABOVE_DOUBLE, c.SLOPE_BELOW_DOUBLE)


def minus_half_square(z: Float) -> tuple[Float, Float]:
    """-z^2 / 2 as a sum of two"""
    return two_product(type(z)(-0.5) * z, z)


def bell(m: Any, x: Float) -> tuple[Float, Float, Float, Float]:
    """z = |x| and exp(-z^2 / 2) as (1 + s + rest) 2^n; z is held where z Phi(-z) and its derivative are 0"""
    z = at_most(abs(x), by_type(x, 14.6, 38.7))
    s, rest, shifted = m.surplus(*minus_half_square(z))
    return z, s, rest, shifted


def product_surplus(g: Float, s: Float, rest: Float) -> Float:
    """(1 + g) (1 + s + rest) - 1 - s"""
    return fma(g, type(g)(1) + (s + rest), rest)


def inverse_line(z: Float, table: Table) -> tuple[Float, Float]:
    """u = 1 / (a z + b) as rounded, and the g for which u (1 + g) is what the table is of"""
    T = type(z)
    (a, b), above, below = table
    total = fma(T(a), z, T(b))
    lost = fma(T(a), z, T(b) - total)  # exact but for its own rounding, as b has few digits
    denominator = halves(z, below)
    inverse = T(1) / (total * denominator)
    u = denominator * inverse
    lacking = fma(-u, lost, fma(-u, total, T(1)))  # what u lacks, by u
    return u, fma(halves(z, above), total * inverse, lacking)


def tail_product(z: Float, s: Float, rest: Float) -> Float:
    """z Phi(-z) 2^-n, where exp(-z^2 / 2) = (1 + s + rest) 2^n"""
    u, g = inverse_line(z, by_type(z, *TAIL))
    y = z * u
    more = fma(y, g, fma(z, u, -y))
    product = y + more
    return y + fma(product, s, fma(product, rest, more))


def plus_product(u: Float, v: Float) -> tuple[Float, Float]:
    """u + u v as a sum of two"""
    product, product_low = two_product(u, v)
    high, low = two_sum(u, product)
    return high, low + product_low


def scaled(factor: Float, s: Float, shifted: Float) -> Float:
    """factor (1 + s) 2^n"""
    return lowered(fma(factor, s, factor), shifted)


def gelu(m: Any, x: Float) -> tuple[Float, Float]:
    """x Phi(x), Phi the normal distribution function"""
    T = type(x)
    z, s, rest, shifted = bell(m, x)
    below = lowered(tail_product(z, s, rest), shifted)

    numerator, denominator = by_type(x, *SLOPE)
    g = polynomial(z, numerator) / polynomial(z, denominator)
    d = (T(by_type(x, c.ROOT_SINGLE, c.ROOT_DOUBLE)) - z) + T(by_type(x, c.ROOT_LOW_SINGLE, c.ROOT_LOW_DOUBLE))
    slope = scaled(T(0.5) * d, s + product_surplus(g, s, rest), shifted)
    negative = x < T(0)
    return (T(-0.0) if negative else x) - below, slope if negative else T(1) - slope


activation(
    gelu,
    exact=lambda m, x: x * m.erfc(-x / m.sqrt(2)) / 2,
    aliases=("gelu_erf",),
    limits=Limits(plus=(math.inf, 1), minus=(-0.0, -0.0)),
    bounds={
        "float32": Bound(Error(1.48, at=-1.4418573379516602), Error(2.39, at=-0.0031687915325164795)),
        "float64": Bound(Error(1.3, at=-24.23709653338696), Error(2.3, at=-0.06815516055058218)),
    },
    note="The exact function, not the approximation by tanh. As x goes to -inf, it goes to -0.",
)


def ndtr(m: Any, x: Float) -> tuple[Float, Float]:
    """Phi(x), the normal distribution function: (1 + erf(x / sqrt(2))) / 2"""
    T = type(x)
    z, s, rest, shifted = bell(m, x)
    u, g = inverse_line(z, by_type(x, *TAIL))
    tail = scaled(u, s + product_surplus(g, s, rest), shifted)
    density = T(by_type(x, c.DENSITY_SINGLE, c.DENSITY_DOUBLE))
    return tail if x < T(0) else T(1) - tail, scaled(density, s + rest, shifted)


activation(
    ndtr,
    exact=lambda m, x: m.erfc(-x / m.sqrt(2)) / 2,
    limits=Limits(plus=(1, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(1.24, at=-9.528755187988281), Error(1.19, at=4.354214668273926)),
        "float64": Bound(Error(1.3, at=-32.132636079220596), Error(1.3, at=1.5247054381489842)),
    },
)


def log_ndtr(m: Any, x: Float) -> tuple[Float, Float]:
    """log(Phi(x))"""
    T = type(x)
    below = x < T(0)
    z = at_most(abs(x), by_type(x, 1.0e5, 1.0e10))
    h, h_low = minus_half_square(z)
    s, rest, shifted = m.surplus(-at_most(-h, by_type(x, 128.0, 800.0)), T(0) if z > T(40) else h_low)
    u, g = inverse_line(z, by_type(x, *MILLS))
    r, r_low = plus_product(u, g)
    t, t_low = plus(*plus_product(u, s), u * product_surplus(g, s, rest), T(NOTHING))
    scale = ldexp(T(1), shifted)
    tail = ldexp(t, shifted)
    w = T(1) - tail
    w_low = fma(-t_low, scale, (T(1) - w) - tail)
    log, log_low = log_parts(r if below else w, r_low if below else w_low, -tail, -t_low * scale)
    y, lost = two_sum(T(NOTHING) if x >= T(0) else h, log)
    y = y + (lost + (log_low if x >= T(0) else log_low + h_low))
    far = -x > z  # log(M(z)) is lost beside z^2 / 2 there, and the derivative rounds to z
    y = T(-0.5) * x * x if far else y

    density, density_low = by_type(
        x, (c.DENSITY_SINGLE, c.DENSITY_LOW_SINGLE), (c.DENSITY_DOUBLE, c.DENSITY_LOW_DOUBLE)
    )
    e, e_low = fast_two_sum(T(1), s)
    d, d_low = times(T(density), T(density_low), T(1) if below else e, T(NOTHING) if below else e_low + rest)
    d, d_low = divide(d, d_low, r if below else w, r_low if below else w_low)
    slope = d + d_low
    return y, -x if far else slope if below else ldexp(slope, shifted)


activation(
    log_ndtr,
    exact=lambda m, x: m.log(m.erfc(-x / m.sqrt(2)) / 2),
    limits=Limits(plus=(0, 0), minus=(-math.inf, math.inf)),
    bounds={
        "float32": Bound(Error(1.2, at=12.852611541748047), Error(1.62, at=-1869.5435791015625)),
        "float64": Bound(Error(1.1, at=22.129905768254023), Error(1.7, at=-2094449.9204649907)),
    },
)


def minus_square(m: Any, x: Float) -> tuple[Float, Float, Float, Float]:
    """z = |x| and exp(-z^2) as (1 + s + rest) 2^n; z is held where 2 z exp(-z^2) is 0"""
    z = at_most(abs(x), by_type(x, 10.4, 27.4))
    h, h_low = two_product(z, z)
    s, rest, shifted = m.surplus(-h, -h_low)
    return z, s, rest, shifted


def gaussian(m: Any, x: Float) -> tuple[Float, Float]:
    """exp(-x^2)"""
    z, s, rest, shifted = minus_square(m, x)
    return lowered(type(x)(1) + (s + rest), shifted), copysign(scaled(z + z, s + rest, shifted), -x)


activation(
    gaussian,
    exact=lambda m, x: m.exp(-x * x),
    limits=Limits(plus=(0, 0), minus=(0, 0)),
    bounds={
        "float32": Bound(Error(0.88, at=-1.3158493041992188), Error(1.04, at=-2.690023899078369)),
        "float64": Bound(Error(0.9, at=-1.017524534978434), Error(1.0, at=0.5793709787212679)),
    },
)


def erf(m: Any, x: Float) -> tuple[Float, Float]:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x"""
    T = type(x)
    one = by_type(x, c.ONE_SINGLE, c.ONE_DOUBLE)
    z = at_most(abs(x), one)
    near = fma(z, horner(z * z, by_type(x, c.ERF_SINGLE, c.ERF_DOUBLE)), z)
    root = polynomial(z - T(c.CENTRE), by_type(x, c.ERFC_ROOT_SINGLE, c.ERFC_ROOT_DOUBLE))
    square = T(0) if z == T(one) else root * root
    y = near if z < T(c.NEAR) else fma(-square, square, T(1))

    _, s, rest, shifted = minus_square(m, x)
    return copysign(y, x), scaled(T(by_type(x, c.PEAK_SINGLE, c.PEAK_DOUBLE)), s + rest, shifted)


activation(
    erf,
    exact=lambda m, x: m.erf(x),
    limits=Limits(plus=(1, 0), minus=(-1, 0)),
    bounds={
        "float32": Bound(Error(1.46, at=-1.1589956283569336), Error(1.68, at=7.1860575675964355)),
        "float64": Bound(Error(1.4, at=-1.1427702180457944), Error(1.05, at=1.0030928154854943)),
    },
)


def erfc(m: Any, x: Float) -> tuple[Float, Float]:
    """1 - erf(x)"""
    T = type(x)
    z, s, rest, shifted = minus_square(m, x)
    u, g = inverse_line(z, by_type(x, *ERFC))
    tail = scaled(u, s + product_surplus(g, s, rest), shifted)
    slope = scaled(T(by_type(x, -c.PEAK_SINGLE, -c.PEAK_DOUBLE)), s + rest, shifted)
    return T(2) - tail if x < T(0) else tail, slope


activation(
    erfc,
    exact=lambda m, x: m.erfc(x),
    limits=Limits(plus=(0, 0), minus=(2, 0)),
    bounds={
        "float32": Bound(Error(1.3, at=1.3204597234725952), Error(1.68, at=7.1860575675964355)),
        "float64": Bound(Error(1.4, at=1.085872717665066), Error(1.05, at=-1.938054023469129)),
    },
)
