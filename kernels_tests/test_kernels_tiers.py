"""What is promised of every approximation of exp."""

import numpy as np
import pytest
from rows import bits

import numba_activations as act
from numba_activations.analysis import accuracy
from numba_activations.kernels import full
from numba_activations.records import APPROXIMATIONS, SATURATES

POINTS = {"float32": 30_000, "float64": 1000}
CASES = [(tier, dtype) for tier, record in APPROXIMATIONS.items() for dtype in record.bounds]


def exp_of(tier):
    """The public exp of a tier."""
    return act.exp if APPROXIMATIONS[tier].module is full else getattr(act.approx, tier).exp


def inputs(tier, dtype):
    """Inputs of all magnitudes within the stated interval, its ends, and the witness."""
    low, high = APPROXIMATIONS[tier].interval[dtype]
    x = accuracy.sample(dtype, low, high, POINTS[dtype], seed=2)
    x = np.append(x, np.array([low, high, APPROXIMATIONS[tier].bounds[dtype].at], dtype))
    kind = x.dtype.type
    return np.unique(x[np.isfinite(x) & (x >= kind(low)) & (x <= kind(high))])


@pytest.mark.parametrize(("tier", "dtype"), CASES)
def test_no_error_of_a_tier_exceeds_its_bound_and_no_bound_is_sloppy(tier, dtype):
    x, stated = inputs(tier, dtype), APPROXIMATIONS[tier].bounds[dtype]
    error = accuracy.measure(exp_of(tier)(x), accuracy.truth(act.catalogue["exp"], x))
    largest = error.max_ulp if stated.unit == "ULP" else error.max_relative
    assert largest <= stated.size <= 2 * largest


@pytest.mark.parametrize(("tier", "dtype"), CASES)
def test_nan_gives_nan_and_nothing_warns(tier, dtype):
    with np.errstate(all="raise"):
        found = exp_of(tier)(np.array([np.nan, np.inf, -np.inf, 1e5, -1e5], dtype))
    np.testing.assert_array_equal(np.isnan(found), [True, False, False, False, False])


@pytest.mark.parametrize(("tier", "dtype"), [case for case in CASES if APPROXIMATIONS[case[0]].special == SATURATES])
def test_a_tier_that_saturates_stays_at_the_values_of_its_ends(tier, dtype):
    low, high = APPROXIMATIONS[tier].interval[dtype]
    function = exp_of(tier)
    ends = function(np.array([low, high], dtype))
    np.testing.assert_array_equal(bits(function(np.array([-np.inf, np.inf], dtype))), bits(ends))


@pytest.mark.parametrize("tier", ["full", "correct", "libm"])
def test_a_tier_with_the_whole_range_has_its_ends_right(tier):
    found = exp_of(tier)(np.array([-np.inf, -104, -103.5, 88.72, 88.73, np.inf], np.float32))
    np.testing.assert_array_equal(found == 0, [True, True, False, False, False, False])
    np.testing.assert_array_equal(np.isinf(found), [False, False, False, False, True, True])
