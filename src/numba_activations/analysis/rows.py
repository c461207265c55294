"""The error of a function along an axis, and of its vjp, against exact values from mpmath."""

from collections.abc import Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
from numpy.typing import DTypeLike

from ..engine import along_axis
from ..engine.keys import DEFAULT, Key
from ..records import AxisFunction

# enough for differences, of step _STEP, where a result is 1 and its derivative as small as floats can be
_DIGITS = {np.dtype(np.float32): 150, np.dtype(np.float64): 420}
_STEP = mpmath.mpf(10) ** -40
Operands = tuple[Any, ...]


def sample(
    record: AxisFunction, dtype: DTypeLike, lengths: Sequence[int], count: int, ties: bool
) -> Iterator[Operands]:
    """Operands of the ufunc of a record: `count` rows of each length, at many scales, with the default parameters.

    Some rows have a winner, some lie close together far from 0, and with `ties` some numbers of others are equal.
    """
    random = np.random.default_rng(count)
    variant = along_axis.variants(record)["value"]
    rows = sum(core != "" for core in variant.inputs) or len(variant.inputs)
    for length in lengths:
        for place in range(count):
            x = [random.normal(size=length) * 2.0 ** random.uniform(-8, 8) for _ in range(rows)]
            if place % 3 == 1:
                x[0] = x[0] / np.abs(x[0]).max() + random.normal() * 100
            if record.has_targets:
                x[1] = np.eye(length)[place % length] if place % 2 else random.dirichlet(np.ones(length))
            if ties and place % 5 == 4:
                x[0][random.integers(length)] = x[0][0]
            operands = [row.astype(dtype) for row in x]
            yield (*operands, *(np.asarray(v, dtype)[()] for v in record.parameters.values()))


def error(record: AxisFunction, operands: Operands, tier: str = DEFAULT) -> float:
    """The largest error of the value of one row, in ULP."""
    computed = along_axis.ufunc(Key(tier, "value", record.name))(*operands)
    with mpmath.workdps(_DIGITS[operands[0].dtype]):
        numbers = _numbers(operands)
        exact = _value(record, numbers)
        return max(_errors(computed, exact, _sizes(record, numbers, exact)))


def vjp_error(record: AxisFunction, g: Any, operands: Operands, tier: str = DEFAULT) -> float:
    """The largest error of the vjp of one row, in ULP of the sum of the products' magnitudes, or of `vjp_scale`.

    Along a row, a derivative that is subnormal has only its digits: there the error is that of the smallest normal one.
    """
    computed = along_axis.ufunc(Key(tier, "vjp", record.name))(g, *operands)
    results = computed if isinstance(computed, tuple) else (computed,)
    worst = 0.0
    with mpmath.workdps(_DIGITS[operands[0].dtype]):
        weights = [mpmath.mpf(float(v)) for v in np.atleast_1d(g)]
        numbers = _numbers(operands)
        for place in range(record.differentiated):
            exact, size = [], []
            for j in range(len(numbers[place])):
                terms = [w * d for w, d in zip(weights, _derivative(record, numbers, place, j), strict=True)]
                exact.append(mpmath.fsum(terms))
                least = 0 if record.elementwise else float(np.finfo(results[place].dtype).tiny) * max(map(abs, weights))
                size.append(max(mpmath.fsum(abs(t) for t in terms), least))
            if record.vjp_scale:
                magnitude = weights[0] if record.signature.endswith(")->()") and not record.elementwise else weights
                size = [
                    max(*pair)
                    for pair in zip(map(abs, exact), record.vjp_scale(mpmath, magnitude, *numbers), strict=True)
                ]
            worst = max(worst, *_errors(results[place], exact, size))
    return worst


def _numbers(operands: Operands) -> list[Any]:
    return [
        [mpmath.mpf(float(v)) for v in operand] if np.ndim(operand) else mpmath.mpf(float(operand))
        for operand in operands
    ]


def _value(record: AxisFunction, numbers: list[Any]) -> list[Any]:
    if record.elementwise:
        return [record.exact(mpmath, *each) for each in zip(*numbers, strict=True)]
    value = record.exact(mpmath, *numbers)
    return [mpmath.mpf(v) for v in value] if isinstance(value, list) else [mpmath.mpf(value)]


def _derivative(record: AxisFunction, numbers: list[Any], place: int, j: int) -> list[Any]:
    """The derivatives of all results with respect to one number."""
    ends = []
    for sign in (1, -1):
        moved = list(numbers[place])
        moved[j] += sign * _STEP
        ends.append(_value(record, [*numbers[:place], moved, *numbers[place + 1 :]]))
    return [(a - b) / (2 * _STEP) for a, b in zip(*ends, strict=True)]


def _sizes(record: AxisFunction, numbers: list[Any], exact: list[Any]) -> list[Any]:
    """What the errors of values are relative to: the values themselves, or the record's scale."""
    if record.scale is None:
        return [abs(v) for v in exact]
    if record.elementwise:
        return [max(abs(v), record.scale(mpmath, *each)) for v, *each in zip(exact, *numbers, strict=True)]
    return [max(abs(v), record.scale(mpmath, *numbers)) for v in exact]


def _errors(computed: Any, exact: list[Any], size: list[Any]) -> list[float]:
    """The errors in the spacing of the floats at each `size`."""
    limits = np.finfo(np.asarray(computed).dtype)
    errors = []
    for got, wanted, magnitude in zip(np.atleast_1d(computed), exact, size, strict=True):
        _, exponent = mpmath.frexp(magnitude)
        spacing = mpmath.ldexp(1, max(int(exponent) - 1, int(limits.minexp)) - int(limits.nmant))
        errors.append(float(abs(mpmath.mpf(float(got)) - wanted) / spacing))
    return errors
