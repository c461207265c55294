"""What the tiers promise of themselves, and how one is chosen."""

import numpy as np
import pytest

import numba_activations as act
from numba_activations.records import APPROXIMATIONS


@pytest.mark.parametrize(
    ("wanted", "dtype", "name"),
    [
        ({"max_relative_error": 0.03}, "float32", "schraudolph"),
        ({"max_relative_error": 1e-2}, "float64", "r2e3"),
        ({"max_relative_error": 1.2e-4}, "float32", "r1e4"),
        ({"max_relative_error": 1e-5}, np.float64, "r3e6"),
        ({"max_ulp": 3}, "float32", "u3"),
        ({"max_ulp": 1}, "float32", "full"),
        ({"max_ulp": 0.5}, "float32", "correct"),
    ],
)
def test_the_cheapest_tier_that_keeps_a_promise_is_found(wanted, dtype, name):
    assert act.approx.best_for(**wanted, dtype=dtype).record.name == name


def test_what_is_found_is_the_cheapest_of_those_that_will_do():
    for wanted in 10.0 ** np.arange(-6.0, 0.0, 0.25):
        found = act.approx.best_for(max_relative_error=wanted).record
        assert found.promise("float32")[0] <= wanted
        for tier in APPROXIMATIONS.values():
            if tier.builds_activations and tier.promise("float32")[0] <= wanted:
                assert found.cost <= tier.cost


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ({"max_ulp": 0.4}, LookupError, "no tier has max_ulp 0.4 in float32: the nearest is 'correct' with 0.5"),
        ({"max_relative_error": 1e-20, "dtype": "float64"}, LookupError, "nearest is 'full'"),
        ({"max_ulp": 0}, ValueError, "max_ulp is 0"),
        ({"max_ulp": float("nan")}, ValueError, "max_ulp is nan"),
        ({"max_ulp": 1, "dtype": "float16"}, ValueError, "dtype is float16"),
        ({}, TypeError, "one of them"),
        ({"max_ulp": 1, "max_relative_error": 1}, TypeError, "one of them"),
    ],
)
def test_what_no_tier_promises_is_said(wanted, error, message):
    with pytest.raises(error, match=message):
        act.approx.best_for(**wanted)


def test_the_default_tier_holds_the_functions_of_the_package():
    assert act.approx.full.sigmoid is act.sigmoid
    assert act.approx.full.derivative.tanh is act.derivative.tanh
    assert "full" not in act.approx.names()
