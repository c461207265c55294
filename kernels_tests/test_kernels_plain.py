"""The kernels of every tier as plain Python are the specification of the machine code."""

import numpy as np
import pytest
from rows import bits, ordinary, special

import numba_activations as act
from numba_activations.kernels import full, libm
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
