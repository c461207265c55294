"""What the error of a tier becomes in each activation: stated, and neither exceeded nor sloppy."""

import functools

import numpy as np
import pytest

import numba_activations as act
from numba_activations.analysis import propagation
from numba_activations.engine import registry
from numba_activations.engine.keys import Key
from numba_activations.records import ACTIVATIONS, APPROXIMATIONS, HALVES
from numba_activations.tier_errors import UNITS, stated

POINTS = 40  # beyond the few hundred that a sample has, of which as many are taken
CASES = [(tier, name, dtype) for tier, dtype in propagation.tiers() for name in propagation.names()]


def plain(tier, name, x):
    """Value and derivative, by the kernel as plain Python: nothing is compiled."""
    record, module = ACTIVATIONS[name], APPROXIMATIONS[tier].module
    with np.errstate(all="ignore"):
        pairs = [record.kernel(module, n, *map(type(n), record.parameters.values()))[:2] for n in x]
    return [np.array(half) for half in zip(*pairs, strict=True)]


@functools.cache
def sampled(tier, name, dtype):
    """Inputs, and the errors there: of all magnitudes, and the witnesses."""
    x = propagation.inputs(tier, name, dtype, POINTS, seed=3)
    x = np.random.default_rng(3).choice(x, min(POINTS, x.size), replace=False)
    witnesses = [error.at for half in HALVES for error in stated(tier, name, dtype, half)]
    x = np.unique(np.append(x, np.array(witnesses, dtype)))
    return x, propagation.errors(tier, name, x, functools.partial(plain, tier, name))


@pytest.mark.parametrize(("tier", "name", "dtype"), CASES)
def test_no_error_of_an_activation_in_a_tier_exceeds_what_is_stated_and_none_is_sloppy(tier, name, dtype):
    x, found = sampled(tier, name, dtype)
    for half in HALVES:
        promised = {error.unit: error for error in stated(tier, name, dtype, half)}
        for unit, errors in zip(UNITS, found[half], strict=True):
            if unit in promised:
                worst = np.nanargmax(errors)
                witness = f"{half}, {unit}: {errors[worst]:.3g} at {x[worst]!r}"
                assert errors[worst] <= promised[unit].size, witness
                assert promised[unit].size <= 2 * errors[worst], witness


@pytest.mark.slow
@pytest.mark.parametrize(("tier", "name", "dtype"), [case for case in CASES if propagation.is_rough(case[0], case[2])])
def test_no_error_exceeds_what_is_stated_at_a_million_inputs(tier, name, dtype):
    x = propagation.inputs(tier, name, dtype, 1_000_000, seed=3)
    found = propagation.errors(tier, name, x, registry.function(Key(tier, "value_and_derivative", name)))
    for half in HALVES:
        promised = {error.unit: error for error in stated(tier, name, dtype, half)}
        for unit, errors in zip(UNITS, found[half], strict=True):
            if unit in promised:
                worst = np.nanargmax(errors)
                assert errors[worst] <= promised[unit].size, f"{half}, {unit}: {errors[worst]:.3g} at {x[worst]!r}"


@pytest.mark.parametrize(("tier", "name", "dtype"), [c for c in CASES if not c[0].startswith("schraudolph")])
def test_only_lines_lose_what_exp_has_beside_1(tier, name, dtype):
    for half in HALVES:
        assert "relative" in {error.unit for error in stated(tier, name, dtype, half)}


def test_a_3_percent_exp_is_no_3_percent_sigmoid():
    of_exp = APPROXIMATIONS["schraudolph"].bounds["float32"]
    relative, absolute = stated("schraudolph", "sigmoid", "float32")
    assert of_exp.size <= relative.size <= 1.2 * of_exp.size  # in the tail, where sigmoid is exp
    assert absolute.size < 0.3 * of_exp.size


def test_exp_itself_and_tiers_that_have_nothing_else_have_no_such_errors():
    assert stated("u3", "exp", "float32") is None
    assert stated("limit", "sigmoid", "float32") is None
    assert stated("correct", "sigmoid", "float64") is None


def test_the_documentation_of_a_tier_s_activation_states_them():
    for error in stated("schraudolph", "tanh", "float32"):
        assert str(error) in act.approx.schraudolph.tanh.__doc__
    for error in stated("u3", "silu", "float64", "derivative"):
        assert str(error) in act.approx.u3.derivative.silu.__doc__
    assert "What becomes of it" not in act.approx.u3.exp.__doc__


def test_the_largest_error_has_its_witness_and_is_infinite_where_there_is_none():
    x = np.array([1.0, 2.0, 3.0])
    found = propagation.largest(np.array([0.1, np.nan, 0.2]), x)
    assert (found.size, found.at) == (0.2, 3.0)
    assert propagation.largest(np.array([np.nan] * 3), x).size == np.inf
