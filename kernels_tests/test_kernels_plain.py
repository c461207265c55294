"""The kernels of every tier as plain Python are the specification of the machine code."""

import numba
import numpy as np
import pytest
from rows import bits, ordinary, special

import numba_activations as act
from numba_activations.kernels import full, libm
from numba_activations.kernels.primitives import even, inverse
from numba_activations.records import ACTIVATIONS, APPROXIMATIONS

ROWS = ("exp", "expm1", "sigmoid")  # one that calls exp of a tier, one that calls parts, one that calls growth
CASES = [
    (tier, name, dtype)
    for tier, record in APPROXIMATIONS.items()
    for name in ROWS
    for dtype in record.bounds
    if record.module is not full and record.serves(ACTIVATIONS[name])  # that of the default: test_catalogue.py
]


def plain(tier, name, x):
    """Value and derivative, computed number by number without a compiler."""
    with np.errstate(all="ignore"):
        pairs = [ACTIVATIONS[name].kernel(APPROXIMATIONS[tier].module, number) for number in x]
    return [np.array(half) for half in zip(*pairs, strict=True)]


@pytest.mark.parametrize(("tier", "name", "dtype"), CASES)
def test_every_tier_as_plain_python_has_the_bits_of_the_machine_code(tier, name, dtype):
    x = np.concatenate([special(dtype), ordinary(dtype, 100)])
    compiled = getattr(getattr(act.approx, tier).value_and_derivative, name)(x)
    for found, wanted in zip(plain(tier, name, x), compiled, strict=True):
        assert found.dtype == wanted.dtype
        if APPROXIMATIONS[tier].module is libm and dtype == "float32":
            # Python has the C library's exp, not its expf: they differ by a rounding, which sigmoid passes on.
            np.testing.assert_array_max_ulp(found, wanted, maxulp=2)
        else:
            np.testing.assert_array_equal(bits(found), bits(wanted))


@numba.njit
def evened_and_inverse(x):
    numbers, inverses = np.empty_like(x), np.empty_like(x)
    for k in range(len(x)):
        numbers[k] = even(x[k])
        inverses[k] = inverse(numbers[k])
    return numbers, inverses


@pytest.mark.parametrize(("dtype", "integer"), [("float32", "int32"), ("float64", "int64")])
def test_an_inverse_is_the_rounded_quotient_also_where_nothing_is_divided(dtype, integer):
    one, two = (np.array(v, dtype).view(integer) for v in (1, 2))
    if dtype == "float32":
        binade = np.arange(one, two, dtype=integer).view(dtype)  # every mantissa
    else:  # 2^105 / (2^53 - s) is (2^53 + s + s^2 / 2^53) / 2 and little more: here, about half way to the next number
        s = np.sqrt(np.arange(1, 10**5, 2) * 2.0**53).astype(integer) & -2
        drawn = np.random.default_rng(0).integers(one, two, 10**6)
        ends = np.concatenate([one + np.arange(100), two - np.arange(1, 101)])
        binade = np.concatenate([ends, drawn, two - s - 2, two - s, two - s + 2]).view(dtype)
    scales = np.float64(2) ** np.array([-np.finfo(dtype).maxexp + 3, 0, np.finfo(dtype).maxexp - 4])
    x = np.concatenate([*(binade * scale.astype(dtype) for scale in scales), np.array([np.inf, np.nan], dtype)])
    numbers, inverses = evened_and_inverse(x)
    assert not (numbers[:-1].view(integer) & 1).any()
    assert np.nanmax(np.abs(numbers.view(integer)[:-1] - x.view(integer)[:-1])) <= 1
    np.testing.assert_array_equal(bits(inverses), bits(1 / numbers))
    few = x[:: len(x) // 100]
    np.testing.assert_array_equal(bits(numbers[:: len(x) // 100]), bits(np.array([even(v) for v in few])))
