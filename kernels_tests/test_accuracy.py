"""The stated errors of every row, against mpmath: none is exceeded, and none is more than twice what is reached."""

import functools
import itertools
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from rows import DTYPES, NAMES, TRAINABLE, WITH_PARAMETERS, accepted, call, function, ordinary, special

import numba_activations as act
from numba_activations.analysis import accuracy
from numba_activations.analysis.certificate import errors_of
from numba_activations.analysis.dual import differentiate
from numba_activations.records import HALVES, PARAMETER_ERROR, ROOT_ZONE


def witnesses(name, dtype):
    """Where the stated errors were found."""
    bound = act.catalogue[name].bounds[dtype]
    return np.array([e.at for e in (bound.value, bound.derivative, bound.near_root) if e is not None], dtype)


def many(dtype):
    """Inputs of all magnitudes, ordinary and special ones."""
    largest = float(np.finfo(dtype).max)
    return np.concatenate([accuracy.sample(dtype, -largest, largest, 15_000, seed=1), ordinary(dtype, 6000)])


def few(dtype):
    """Of those, as many as mpmath can serve: most where exp is neither 0 nor infinite."""
    random = np.random.default_rng(6)
    form = accuracy.Format.of(dtype)
    inner = accuracy.sample(dtype, 1.1 * form.zero_below, 1.1 * form.infinite_above, 600, seed=2)
    chosen = [random.choice(x, count, replace=False) for x, count in ((inner, 300), (special(dtype), 100))]
    return np.concatenate([*chosen, ordinary(dtype, 120)])


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


def hold(stated, x, found, what):
    """Measured <= stated <= 2 * measured."""
    worst = int(np.argmax(found))
    witness = f"{what}: {found[worst]:.4g} at {x[worst]!r}"
    assert found[worst] <= stated.size, witness
    assert stated.size <= 2 * found[worst], witness


def judge(name, dtype, x, errors):
    """Hold every error against its bound; `errors(x, found, half)` gives them in ULP and absolutely."""
    row, x = act.catalogue[name], np.unique(np.concatenate([x[np.isfinite(x)], witnesses(name, dtype)]))
    bound, results = row.bounds[dtype], call("value_and_derivative", name, x)
    inside = ~np.isnan(results[0])  # NaN outside of the domain: that it is NaN nowhere else, test_catalogue.py tests
    inside &= ~np.array([np.isinf(slope) and is_pole(row, number) for number, slope in zip(x, results[1], strict=True)])
    ulp, _ = errors(x[inside], results[0][inside], "value")
    hold(bound.value, x[inside], ulp, "value")
    inside &= ~np.isin(x, np.array(row.kinks, dtype))
    ulp, absolute = errors(x[inside], results[1][inside], "derivative")
    near = near_root(row, x[inside])
    hold(bound.derivative, x[inside][~near], ulp[~near], "derivative")
    assert (bound.near_root is None) == (row.root is None)
    if bound.near_root is not None:
        hold(bound.near_root, x[inside][near], absolute[near], "derivative near its root, absolute")


@pytest.mark.parametrize("name", NAMES)
def test_no_float64_error_exceeds_its_bound_and_no_bound_is_sloppy(name):
    def errors(x, found, half):
        exact = accuracy.truth(act.catalogue[name], x, half == "derivative")
        error = np.abs(exact.error(found))
        return error, np.ldexp(error, exact.exponent)

    judge(name, "float64", few("float64"), errors)


@pytest.mark.parametrize("name", NAMES)
def test_no_float32_error_exceeds_its_bound_and_no_bound_is_sloppy(name):
    """Against float64, which the test above holds against mpmath: it has 29 digits more."""
    form = accuracy.Format.of("float32")
    parameters = [float(np.float32(p)) for p in act.catalogue[name].parameters.values()]

    def errors(x, found, half):
        exact = call("value_and_derivative", name, x.astype(np.float64), *parameters)[HALVES.index(half)]
        with np.errstate(invalid="ignore"):  # infinity less infinity
            return errors_of(found, exact, form), np.abs(found - exact)

    judge(name, "float32", many("float32"), errors)


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
        assert (
            errors_of(found[wrong], wanted[wrong], accuracy.Format.of("float16")) <= 0.5 + 1.01 * stated * 2.0**-13
        ).all()  # 13 digits more


@pytest.mark.parametrize("name", NAMES)
def test_every_computed_type_has_a_bound(name):
    assert set(act.catalogue[name].bounds) == set(DTYPES) - {"float16"}


SHARES = (-0.95, -0.7, -0.3, -0.06, -0.02, 0.0, 0.02, 0.06, 0.3, 0.7, 0.95)  # of the largest exponent


@pytest.mark.parametrize("name", WITH_PARAMETERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_of_any_size_cost_few_digits(name, dtype):
    row, random, largest = act.catalogue[name], np.random.default_rng(9), np.finfo(dtype).maxexp
    for parameter, share, sign in itertools.product(row.parameters, SHARES, (1, -1)):
        size = 1.37 * 2.0 ** (share * largest)
        if not accepted(row, {parameter: sign * size}):
            continue
        exponents = [random.uniform(-largest, largest, 16), (random.uniform(-5, 9, 8) - share * largest)]
        x = 2.0 ** np.concatenate(
            [*exponents, random.uniform(-2, 5, 4) + share * largest / 2, random.uniform(-3, 4, 6)]
        )
        x = (random.choice([-1, 1], x.size) * np.minimum(x, np.finfo(dtype).max)).astype(dtype)
        if name == "logit" and sign < 0:  # then nothing brings x into its domain
            x = x[(x >= 0) & (x <= 1)]
        for half in HALVES:
            if (name, half) == ("clipped_linear", "derivative"):  # its line is rounded first, as its note says
                continue
            found = function(half, name)(x, **{parameter: np.dtype(dtype).type(sign * size)})
            error = np.abs(accuracy.truth(row, x, half == "derivative", {parameter: sign * size}).error(found))
            worst = int(np.argmax(error))
            assert error[worst] <= 3, (parameter, sign * size, half, float(x[worst]), float(found[worst]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_derivatives_with_respect_to_a_parameter_have_the_stated_error_for_any_value_of_it(dtype):
    """From where the exponential is 1 to where it is lost, for parameters from very small to very large."""
    random, kind, worst = np.random.default_rng(3), np.dtype(dtype).type, 0.0
    form = accuracy.Format.of(dtype)
    for name, share in itertools.product(TRAINABLE, (-0.95, -0.6, -0.2, -0.02, -0.003, 0.0, 0.003, 0.02, 0.3, 0.9)):
        row, parameter = act.catalogue[name], act.catalogue[name].trainable
        by_parameter = replace(row, exact=functools.partial(_by_parameter, row.exact))
        size = 1.37 * 2.0 ** (share * form.largest)
        x = np.concatenate([random.uniform(1.2 * form.zero_below, -1.2 * form.zero_below, 40), random.normal(size=10)])
        x = (x / size).astype(dtype)
        x = x[np.isfinite(x)]
        found = function("parameter_derivative", name)(x, **{parameter: kind(size)})
        error = np.abs(accuracy.truth(by_parameter, x, parameters={parameter: size}).error(found))
        at = int(np.argmax(error))
        assert error[at] <= PARAMETER_ERROR, (name, size, float(x[at]), float(found[at]))
        worst = max(worst, error[at])
    assert worst >= PARAMETER_ERROR / 2


def _by_parameter(exact, m, x, **given):
    (parameter,) = given.values()
    return differentiate(lambda m, p: exact(m, x, p), m)(parameter)
