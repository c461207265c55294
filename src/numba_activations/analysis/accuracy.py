"""The error of a function in ULP, against exact values.

ULP error = |y - f(x)| / 2^(max(e, emin) - p + 1): f(x) is the real value at the input as the type has it, e its binary
exponent, p the digits of the type and emin the exponent of its smallest normal number. An infinite y counts as
2^(emax + 1), so that overflow one step early is an error of one step and not of infinity.

The exact values come from `exact` of a row, in mpmath, with as many digits as it takes until more change nothing. Where
the same formula in float64 agrees with mpmath on a sample, it serves the narrower types: millions of points a second.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..records import Activation
from .dual import differentiate

__all__ = ["Accuracy", "Format", "Truth", "exactly", "measure", "sample", "truth"]

Doubles = NDArray[np.float64]
Reals = NDArray[Any]

# Inputs whose exp, expm1 or tanh lies closest to the middle of two floats or to the end of the range; found by search.
_HARD = """
-0x1.d2259ap+3 -0x1.e1dbe2p-8 0x1.fdff02p-17 -0x1.c1c4b8p-10 -0x1p-25 0x1.8d7cb6p-12 0x1.cd3982p-14 0x1.747de2p-15
0x1.344e9cp-5 0x1.62b666p+1 0x1.036492p+1 0x1.cb763ap-12 0x1.fbff82p-18 -0x1.f03c6ep+5
0x1.accfbe46b4efp-1 0x1.005ae04256babp-1 -0x1.f31bfe026a32ep-2 0x1.f0a1fc4b9f04bp+5 0x1.41c9e095cd545p-1
0x1.60bb5fb993b99p+3 0x1.fee02d3d0ec9ap+8 0x1.4297ec53f6b7fp-1 0x1.8bbe2fb45c151p-2 0x1.00a0f3cf999acp+2
0x1.018a1e31f3a2fp-4 0x1.028bf1d22b07dp-2
"""
HARD = tuple(map(float.fromhex, _HARD.split()))


@dataclass(frozen=True, slots=True)
class Format:
    """A binary floating-point type: its digits, and the exponents of its smallest normal and its largest number."""

    dtype: np.dtype[Any]
    digits: int
    smallest: int
    largest: int

    @classmethod
    def of(cls, dtype: DTypeLike) -> "Format":
        """The format of a dtype; bfloat16 of ml_dtypes too."""
        dtype = np.dtype(dtype)
        if dtype.kind == "f":
            limits: Any = np.finfo(dtype)
        else:
            import ml_dtypes

            limits = ml_dtypes.finfo(dtype)
        return cls(dtype, int(limits.nmant) + 1, int(limits.minexp), int(limits.maxexp) - 1)

    @property
    def zero_below(self) -> float:
        """Where exp rounds to 0 in this type."""
        return (self.smallest - self.digits) * float(np.log(2))

    @property
    def infinite_above(self) -> float:
        """Where exp overflows in this type."""
        return (self.largest + 1) * float(np.log(2))


def _ordered(values: Reals) -> NDArray[np.int64]:
    """Bit patterns as integers in the order of the numbers: neighbours differ by 1, and both zeros are 0."""
    pattern = values.view(f"i{values.dtype.itemsize}").astype(np.int64)
    return np.where(pattern < 0, np.iinfo(values.view(f"i{values.dtype.itemsize}").dtype).min - pattern, pattern)


def _from_ordered(order: NDArray[np.int64], dtype: np.dtype[Any]) -> Reals:
    integer = np.dtype(f"i{dtype.itemsize}")
    pattern = np.where(order < 0, np.iinfo(integer).min - order, order)
    return pattern.astype(integer).view(dtype)


def sample(dtype: DTypeLike, low: float, high: float, count: int, seed: int = 0) -> Reals:
    """Inputs between `low` and `high` that leave no part of it out, sorted, each once.

    A quarter is stratified by bit pattern, so that every binade weighs the same; a quarter is uniform where exp is a
    finite number, another where activations bend, between -10 and 10; a quarter lies within 4 ULP of the multiples of
    ln2/2, where range reduction changes its mind. The ends, zeros, subnormal numbers, powers of two and the known
    hard inputs come on top.

    Parameters
    ----------
    dtype : dtype
        float16, bfloat16, float32 or float64.
    low, high : float
        The interval; it is cut to what the type can represent.
    count : int
        About how many inputs, beyond the few hundred that are always there.
    seed : int
        Of the random choices.

    Returns
    -------
    ndarray of dtype
    """
    form = Format.of(dtype)
    dtype = form.dtype
    random = np.random.default_rng(seed)
    largest = _ordered(np.array([np.inf], dtype))[0] - 1
    with np.errstate(over="ignore"):
        ends = np.clip(_ordered(np.array([low, high]).astype(dtype)), -largest, largest)
    first, last = int(ends[0]), int(ends[1])
    quarter = max(count // 4, 1)

    edges = np.array([first + (last - first) * k // quarter for k in range(quarter + 1)], np.int64)
    strata = random.integers(edges[:-1], edges[1:], endpoint=True)
    finite = max(low, form.zero_below), min(high, form.infinite_above)
    bends = max(low, -10.0), min(high, 10.0)
    uniform = [random.uniform(*ends, quarter) for ends in (finite, bends) if ends[0] < ends[1]]
    turns = np.round(random.uniform(*finite, quarter) / (np.log(2) / 2)) * (np.log(2) / 2)
    powers = 2.0 ** np.arange(form.smallest - form.digits + 1, form.largest + 1)
    with np.errstate(over="ignore", under="ignore"):
        special = np.array([*HARD, form.zero_below, form.infinite_above, 0.0]).astype(dtype)
        alone, near = np.concatenate([*uniform, powers, -powers]).astype(dtype), turns.astype(dtype)
    spread = random.integers(-4, 4, quarter, endpoint=True)
    close = [_ordered(special) + k for k in (-1, 0, 1)]
    order = np.concatenate([ends, strata, _ordered(alone), _ordered(near) + spread, *close])
    return _from_ordered(np.unique(order[(order >= first) & (order <= last)]), dtype)


@dataclass(frozen=True, slots=True)
class Truth:
    """Exact values at inputs: each is `near` + `rest` * 2^exponent, where 2^exponent is the ULP."""

    x: Reals
    near: Doubles
    rest: Doubles
    exponent: NDArray[np.int64]
    form: Format

    @classmethod
    def of(cls, x: Reals, values: Doubles) -> "Truth":
        """The truth where float64 has it, for a narrower type or for errors that are much larger than its own."""
        form = Format.of(x.dtype)
        largest = np.ldexp(1.0, min(form.largest + 1, 1023))
        near = np.clip(np.asarray(values, np.float64), -largest, largest)
        return cls(x, near, np.zeros(x.shape), _ulp_exponent(near, form), form)

    def error(self, computed: Reals) -> Doubles:
        """Signed errors in ULP; infinite where NaN was computed."""
        shift = np.where(self.exponent + self.form.digits > 1, 2, 0)  # keeps 2^(emax + 1) below infinity
        with np.errstate(over="ignore", invalid="ignore"):
            gap = self._scaled(computed.astype(np.float64), shift) - self._scaled(self.near, shift)
            error = np.ldexp(gap, shift - self.exponent) - self.rest
        return np.where(np.isnan(error), np.inf, error)

    def relative(self, error: Doubles) -> Doubles:
        """Errors in ULP as parts of the exact value; NaN where that is no normal number."""
        size = np.where(np.isinf(self.near), 2.0**self.form.digits, np.abs(np.ldexp(self.near, -self.exponent)))
        return np.where(size >= 2.0 ** (self.form.digits - 1), error, np.nan) / size

    def _scaled(self, values: Doubles, shift: NDArray[np.int64]) -> Doubles:
        scaled = np.ldexp(values, -shift)
        return np.where(np.isinf(values), np.copysign(2.0 ** (self.form.largest - 1), values), scaled)

    def part(self, chosen: Any) -> "Truth":
        """The truth at some of the inputs."""
        return Truth(self.x[chosen], self.near[chosen], self.rest[chosen], self.exponent[chosen], self.form)


def _ulp_exponent(near: Doubles, form: Format) -> NDArray[np.int64]:
    binary = np.frexp(np.where(np.isfinite(near), near, 0.0))[1].astype(np.int64) - 1
    binary = np.where(np.isinf(near), form.largest, np.where(near == 0, form.smallest, binary))
    return np.clip(binary, form.smallest, form.largest) - form.digits + 1


def exactly(function: Callable[[Any], Any], x: float, form: Format) -> Any:
    """``function(x)`` in mpmath, with enough digits: twice as many give the same to far below an ULP.

    A formula may cancel. Zero, which every digit may have been lost for, is believed only when the digits reach from
    the largest number of the type to below the smallest. A value that is not 0 but far below the smallest number counts
    as found when its binary exponent is: its digits do not matter, and may take very many to find.
    """
    import mpmath

    nothing = form.smallest - form.digits - 64
    enough = form.largest - form.smallest + form.digits + 64
    bits = form.digits + 48
    with mpmath.workprec(bits):
        last = function(mpmath.mpf(x))
    while True:
        bits *= 2
        with mpmath.workprec(bits):
            value = function(mpmath.mpf(x))
            agree = value != 0 and abs(value - last) <= abs(value) * mpmath.mpf(2) ** -(form.digits + 24)
            size, before = mpmath.mag(value), mpmath.mag(last)
            agree = agree or (-mpmath.inf < size < nothing and abs(size - before) <= -size >> 24)
        if agree or bits >= enough:
            return value
        last = value


def _mpmath_truth(function: Callable[[Any], Any], x: Reals, form: Format) -> Truth:
    import mpmath

    beyond = mpmath.mpf(2) ** (form.largest + 1)
    near, rest = np.empty(x.shape), np.zeros(x.shape)
    exact: list[Any] = []
    for k, number in enumerate(x.tolist()):
        value = exactly(function, number, form)
        if isinstance(value, mpmath.mpc):
            raise ValueError(f"the exact value at {number!r} is {value}: it must be real")
        exact.append(max(min(value, beyond), -beyond))
        near[k] = float(exact[-1])
    exponent = _ulp_exponent(near, form)
    for k, value in enumerate(exact):
        rounded = beyond * int(np.sign(near[k])) if np.isinf(near[k]) else mpmath.mpf(near[k])
        with mpmath.workprec(2 * 53 + 64):
            rest[k] = float(mpmath.ldexp(value - rounded, -int(exponent[k])))
    return Truth(x, near, rest, exponent, form)


class _NumPyNamespace:
    """What `exact` of a row may call, for float64 arrays: NumPy's functions, and SciPy's where NumPy has none."""

    def __getattr__(self, name: str) -> Any:
        if hasattr(np, name):
            return getattr(np, name)
        import scipy.special

        return getattr(scipy.special, name)


class _MpmathNamespace:
    """mpmath, with an erfc for all numbers: its own raises OverflowError where the square of x overflows a double."""

    def __getattr__(self, name: str) -> Any:
        import mpmath

        return getattr(mpmath, name)

    def erfc(self, x: Any) -> Any:
        """1 - erf(x); from 1e100 on by the first term of its asymptotic series, which is right to 200 digits."""
        return self.exp(-x * x) / (x * self.sqrt(self.pi)) if x > self.mpf(10) ** 100 else self.__getattr__("erfc")(x)


NUMPY, MPMATH = _NumPyNamespace(), _MpmathNamespace()
_CHECKED = 1024  # points on which the fast oracle must agree with mpmath
_TOLERANCE = 2.0**-18  # to this part of an ULP


def truth(
    record: Activation,
    x: Reals,
    derivative: bool = False,
    parameters: Mapping[str, float] | None = None,
) -> Truth:
    """Exact values of an activation, or of its derivative, at inputs of a floating-point type.

    Parameters
    ----------
    record : Activation
        The row, whose `exact` is the definition.
    x : ndarray
        Finite numbers of float16, bfloat16, float32 or float64, one-dimensional.
    derivative : bool
        Whether the derivative is meant; at a kink it is a convention that no formula knows.
    parameters : mapping, optional
        Values instead of the defaults. Both are rounded to the type first, as a ufunc does with a Python number.

    Returns
    -------
    Truth
    """
    form = Format.of(x.dtype)
    given = {k: float(form.dtype.type(v)) for k, v in {**record.parameters, **(parameters or {})}.items()}

    def on(namespace: Any) -> Callable[[Any], Any]:
        if derivative:
            return partial(differentiate(record.exact, namespace), **given)
        return partial(record.exact, namespace, **given)

    slow = partial(_mpmath_truth, on(MPMATH), form=form)
    if form.dtype == np.float64 or x.size <= _CHECKED:
        return slow(x)
    try:
        with np.errstate(all="ignore"):
            fast = on(NUMPY)(x.astype(np.float64))
    except (ImportError, TypeError, ValueError):  # the formula takes no arrays, or SciPy is missing: mpmath will do
        return slow(x)
    if np.shape(fast) != x.shape or np.isnan(fast).any():
        return slow(x)
    quick = Truth.of(x, fast)
    chosen = np.linspace(0, x.size - 1, _CHECKED).astype(np.int64)
    checked, part = slow(x[chosen]), quick.part(chosen)
    with np.errstate(invalid="ignore"):
        gap = np.ldexp(part.near - checked.near, -checked.exponent) - checked.rest
    return quick if (np.abs(gap) <= _TOLERANCE).all() else slow(x)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How far computed values are from the exact ones.

    Attributes
    ----------
    points : int
        How many inputs.
    max_ulp, mean_ulp : float
        Largest and mean absolute error in ULP.
    max_absolute : float
        Largest absolute error.
    max_relative, mean_relative : float
        Largest and mean error relative to the exact value, where that is a normal number; NaN if it never is.
    bias : float
        Mean signed relative error there: what a sum of many results is wrong by.
    correctly_rounded : float
        Share of results that no float is nearer to the exact value than.
    at, got, wanted : float
        The witness of `max_ulp`: input, computed and exact value.
    """

    points: int
    max_ulp: float
    mean_ulp: float
    max_absolute: float
    max_relative: float
    mean_relative: float
    bias: float
    correctly_rounded: float
    at: float
    got: float
    wanted: float


def measure(computed: Reals, exact: Truth) -> Accuracy:
    """Sum up the errors of computed values.

    Raises
    ------
    ValueError
        If there are none, or their number is another than that of the exact values.
    """
    if computed.shape != exact.x.shape or computed.size == 0:
        raise ValueError(f"{computed.shape} computed values for {exact.x.shape} exact ones: at least one, and as many")
    error = exact.error(computed)
    relative = exact.relative(error)
    normal = relative[~np.isnan(relative)]
    relative = normal if normal.size else np.array([np.nan])
    size = np.abs(error)
    worst = int(np.argmax(size))
    return Accuracy(
        points=error.size,
        max_ulp=float(size[worst]),
        mean_ulp=float(size.mean()),
        max_absolute=float(np.ldexp(size, exact.exponent).max()),
        max_relative=float(np.abs(relative).max()),
        mean_relative=float(np.abs(relative).mean()),
        bias=float(relative.mean()),
        correctly_rounded=float((size <= 0.5).mean()),
        at=float(exact.x[worst]),
        got=float(computed[worst]),
        wanted=float(exact.near[worst]),
    )
