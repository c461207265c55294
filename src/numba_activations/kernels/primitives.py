"""The operations from which kernels are built, where Python has none of its own.

Each is a plain Python function whose body says exactly what it does, for ``numpy.float32`` and
``numpy.float64`` alike; `numba_activations.engine.lowering` gives each one its machine instructions. So a
kernel can be read, run and tested without a compiler, and gives the same bits with one.
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np

Float = Any  # numpy.float32 or numpy.float64 in plain Python, float32 or float64 in compiled code

NOTHING = -0.0  # what an addition that is not needed adds: the compiler deletes x + -0.0

SHIFT_SINGLE = float.fromhex("0x1.8p+23")
SHIFT_DOUBLE = float.fromhex("0x1.8p+52")


def by_type(x: Float, single: Any, double: Any) -> Any:
    """Choose between two constants by the type of `x`: `single` for float32, `double` for float64."""
    return single if isinstance(x, np.float32) else double


def fma(x: Float, y: Float, z: Float) -> Float:
    """x * y + z, rounded once."""
    kind = type(x)
    with np.errstate(all="ignore"):
        plain = x * y + z
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)) or x == 0 or y == 0:
        return plain
    return _nearest(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)), kind)


def _nearest(exact: Fraction, kind: Any) -> Float:
    """The float of type `kind` that is nearest to `exact`, ties to even."""
    try:
        double = float(exact)
    except OverflowError:
        return kind(math.inf if exact > 0 else -math.inf)
    if kind is np.float32 and Fraction(double) != exact and not int(np.float64(double).view(np.int64)) & 1:
        # Round to odd, so that the second rounding, to float32, sees on which side of a tie `exact` lies.
        double = math.nextafter(double, math.inf if exact > Fraction(double) else -math.inf)
    with np.errstate(over="ignore", under="ignore"):
        return kind(double)


def copysign(x: Float, y: Float) -> Float:
    """`x` with the sign of `y`; also for NaN and zero."""
    return np.copysign(x, y)


def shift(x: Float) -> Float:
    """The number whose addition rounds to an integer and leaves that integer in the low bits of the sum."""
    return type(x)(by_type(x, SHIFT_SINGLE, SHIFT_DOUBLE))


def ldexp(x: Float, shifted: Float) -> Float:
    """x * 2**n over the whole range, where `shifted` is n + shift(x)."""
    if math.isnan(shifted):
        return shifted
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(x, int(shifted - shift(x)))


def lowered(x: Float, shifted: Float) -> Float:
    """x * 2**n as `ldexp` has it, where x is no large number, n <= 0, and 2**n times `arithmetic.lift` a normal one."""
    return ldexp(x, shifted)


def raise_exponent(x: Float, shifted: Float) -> Float:
    """x * 2**n by adding n to the exponent field: both must be normal numbers; see `ldexp`."""
    return _add_exponent(x, shifted, +1)


def origin(x: Float) -> Float:
    """What `power_of_two` makes 1 of: shift(x) and what the exponent field of 1 holds."""
    return shift(x) + type(x)(by_type(x, 127.0, 1023.0))


def power_of_two(biased: Float) -> Float:
    """2**n of n + origin(x); a normal number. Any of NaN."""
    return raise_exponent(type(biased)(0), biased)


def raise_normal(x: Float, shifted: Float) -> Float:
    """x * 2**n as `ldexp` has it, where x and 2**n are normal numbers. NaN, with any payload, stays."""
    return x if math.isnan(x) else raise_exponent(x, shifted)


def lower_exponent(x: Float, shifted: Float) -> Float:
    """x * 2**-n by subtracting n from the exponent field: both must be normal numbers; see `ldexp`."""
    return _add_exponent(x, shifted, -1)


def _add_exponent(x: Float, shifted: Float, sign: int) -> Float:
    kind, integer, digits = (np.float32, np.int32, 23) if isinstance(x, np.float32) else (np.float64, np.int64, 52)
    width = 8 * np.dtype(kind).itemsize
    pattern = int(kind(x).view(integer)) + sign * (int(kind(shifted).view(integer)) << digits)
    return integer((pattern + 2 ** (width - 1)) % 2**width - 2 ** (width - 1)).view(kind)


def nearest_exponent(x: Float) -> Float:
    """n + shift(x) with x 2**-n in [1/sqrt(2), sqrt(2)), as `lower_exponent` takes it; x normal and positive."""
    kind, integer, digits = (np.float32, np.int32, 23) if isinstance(x, np.float32) else (np.float64, np.int64, 52)
    below = int(kind(x).view(integer)) - int(kind(math.sqrt(0.5)).view(integer))
    return kind(shift(x) + kind(below >> digits))


def from_pattern(pattern: Float) -> Float:
    """The number whose bit pattern is the integer part of `pattern`, which must lie in the integer's range."""
    if math.isnan(pattern):
        return pattern
    kind, integer = (np.float32, np.int32) if isinstance(pattern, np.float32) else (np.float64, np.int64)
    return integer(int(pattern)).view(kind)


def even(x: Float) -> Float:
    """x without the last bit of its pattern: what `inverse` takes."""
    kind, integer = (np.float32, np.int32) if isinstance(x, np.float32) else (np.float64, np.int64)
    return x if math.isnan(x) else integer(int(kind(x).view(integer)) & -2).view(kind)


def inverse(x: Float) -> Float:
    """1 / x, rounded, of a positive `even` number whose inverse is a normal number too; 0 of infinity."""
    return type(x)(1) / x


def libm_exp(x: Float) -> Float:
    """exp(x) of the C library."""
    return _libm(math.exp, x)


def libm_expm1(x: Float) -> Float:
    """exp(x) - 1 of the C library."""
    return _libm(math.expm1, x)


def _libm(function: Any, x: Float) -> Float:
    try:
        value = function(float(x))
    except OverflowError:
        value = math.inf
    with np.errstate(over="ignore", under="ignore"):
        return type(x)(value)
