"""The stated errors of every row, against mpmath: none is exceeded, and none is more than twice what is reached."""

import mpmath
import numpy as np
import pytest
from rows import DTYPES, NAMES, call, ordinary, special

import numba_activations as act
from numba_activations.analysis import accuracy
from numba_activations.analysis.dual import differentiate
from numba_activations.records import ROOT_ZONE

POINTS = {"float32": 6000, "float64": 600}
HALVES = ("value", "derivative")


def inputs(name, dtype):
    """Inputs of all magnitudes, the special ones, and the witnesses of the stated errors."""
    bound, largest = act.catalogue[name].bounds[dtype], float(np.finfo(dtype).max)
    witnesses = np.array([bound.value.at, bound.derivative.at], dtype)
    spread = accuracy.sample(dtype, -largest, largest, POINTS[dtype], seed=1)
    x = np.concatenate([spread, ordinary(dtype, POINTS[dtype]), special(dtype), witnesses])
    return np.unique(x[np.isfinite(x)])


def is_pole(row, number):
    """Whether the exact formula divides by zero."""
    try:
        differentiate(row.exact, mpmath)(mpmath.mpf(float(number)), **row.parameters)
    except ZeroDivisionError:
        return True
    return False


def near_root(row, x):
    """Which inputs lie where the derivative has an absolute bound."""
    return np.abs(x - (np.inf if row.root is None else row.root)) <= ROOT_ZONE


@pytest.mark.parametrize("dtype", POINTS)
@pytest.mark.parametrize("name", [name for name in NAMES if act.catalogue[name].root is not None])
def test_the_absolute_error_near_the_root_of_the_derivative_holds_and_is_not_sloppy(name, dtype):
    row = act.catalogue[name]
    x = np.linspace(row.root - ROOT_ZONE, row.root + ROOT_ZONE, POINTS[dtype]).astype(dtype)
    error = accuracy.measure(call("derivative", name, x)[0], accuracy.truth(row, x, derivative=True))
    assert error.max_absolute <= row.bounds[dtype].near_root.size <= 2 * error.max_absolute


@pytest.mark.parametrize("dtype", POINTS)
@pytest.mark.parametrize("name", NAMES)
def test_no_error_exceeds_its_bound_and_no_bound_is_sloppy(name, dtype):
    row, x = act.catalogue[name], inputs(name, dtype)
    results = call("value_and_derivative", name, x)
    inside = ~np.isnan(results[0])  # NaN outside of the domain: that it is NaN nowhere else, test_catalogue.py tests
    inside &= ~np.array([np.isinf(slope) and is_pole(row, number) for number, slope in zip(x, results[1], strict=True)])
    kinks = np.isin(x, np.array(row.kinks, dtype))
    for half, found in zip(HALVES, results, strict=True):
        judged = inside & ~kinks & ~near_root(row, x) if half == "derivative" else inside
        error = accuracy.measure(found[judged], accuracy.truth(row, x[judged], derivative=half == "derivative"))
        stated = getattr(row.bounds[dtype], half).size
        assert error.max_ulp <= stated, f"{half}: {error}"
        assert stated <= 2 * error.max_ulp, f"{half}: {error}"


def half_errors(found, exact):
    """Errors of float16 results in ULP; infinity counts as 2^(emax + 1)."""
    form = accuracy.Format.of("float16")
    ulp = np.exp2(np.clip(np.frexp(exact)[1] - 1, form.smallest, form.largest) - form.digits + 1)
    finite = np.where(np.isinf(found), np.copysign(2.0 ** (form.largest + 1), exact), found.astype(np.float64))
    return np.abs(finite - exact) / ulp


@pytest.mark.parametrize("name", NAMES)
def test_float16_is_correctly_rounded_but_where_float32_cannot_tell_the_side_of_a_middle(name):
    row = act.catalogue[name]
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    parameters = [float(np.float16(p)) for p in row.parameters.values()]
    exact = call("value_and_derivative", name, every.astype(np.float64), *parameters)
    for half, found, wanted in zip(HALVES, call("value_and_derivative", name, every), exact, strict=True):
        finite = np.isfinite(wanted)
        np.testing.assert_array_equal(found[~finite], wanted[~finite])
        with np.errstate(over="ignore"):
            wrong = finite & (found != wanted.astype(np.float16))
        assert wrong.sum() <= 2**16 / 1000
        stated = getattr(row.bounds["float32"], half).size
        assert (half_errors(found[wrong], wanted[wrong]) <= 0.5 + 1.01 * stated * 2.0**-13).all()  # 13 digits more


@pytest.mark.parametrize("name", NAMES)
def test_every_computed_type_has_a_bound(name):
    assert set(act.catalogue[name].bounds) == set(DTYPES) - {"float16"}
