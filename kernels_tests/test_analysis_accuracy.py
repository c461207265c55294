"""The ruler by which everything else is measured: its own marks must be right."""

import math

import mpmath
import numpy as np
import pytest

import numba_activations as act
from numba_activations.analysis import accuracy
from numba_activations.analysis.dual import differentiate

TYPES = ("float16", "float32", "float64")


def at(name, dtype, *numbers, derivative=False):
    return accuracy.truth(act.catalogue[name], np.array(numbers, dtype), derivative)


@pytest.mark.parametrize("dtype", TYPES)
def test_the_nearest_float_is_half_an_ulp_off_at_most_and_its_neighbours_one_more(dtype):
    exact = at("exp", dtype, 1.0, -1.0, 3.0)
    nearest = exact.near.astype(dtype)
    for computed, low, high in (
        (nearest, 0, 0.5),
        (np.nextafter(nearest, np.array(np.inf, dtype)), 0.5, 1.5),
        (np.nextafter(nearest, np.array(-np.inf, dtype)), 0.5, 1.5),
    ):
        error = np.abs(exact.error(computed))
        assert ((low <= error) & (error <= high)).all()


@pytest.mark.parametrize("dtype", TYPES)
def test_errors_keep_their_sign_and_their_fraction(dtype):
    exact = at("relu", dtype, 1.0)  # f(1) = 1
    eps = float(np.finfo(dtype).eps)
    assert exact.error(np.array([1 + 3 * eps], dtype)).tolist() == [3.0]
    assert exact.error(np.array([1 - 3 * eps / 2], dtype)).tolist() == [-1.5]  # the floats below 1 lie twice as close
    assert exact.relative(np.array([2.0])).tolist() == [2 * eps]


@pytest.mark.parametrize("dtype", TYPES)
def test_a_subnormal_result_is_judged_by_the_spacing_of_the_subnormals(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    exact = at("relu", dtype, tiny)
    assert exact.error(np.array([0], dtype)).tolist() == [-1.0]
    assert exact.error(np.array([3 * tiny], dtype)).tolist() == [2.0]
    assert np.isnan(exact.relative(np.array([1.0]))).all()
    assert math.isnan(accuracy.measure(np.array([0], dtype), exact).max_relative)


@pytest.mark.parametrize("dtype", TYPES)
def test_infinity_counts_as_the_next_power_of_two(dtype):
    largest = np.finfo(dtype).max
    exact = at("relu", dtype, largest)
    assert exact.error(np.array([np.inf], dtype)).tolist() == [1.0]
    assert exact.error(np.array([-largest], dtype)).tolist() == [-2.0 * (2.0 ** accuracy.Format.of(dtype).digits - 1)]
    overflown = at("exp", dtype, 800.0)
    assert overflown.error(np.array([np.inf], dtype)).tolist() == [0.0]
    assert overflown.error(np.array([largest], dtype)).tolist() == [-1.0]


@pytest.mark.parametrize("dtype", TYPES)
def test_nan_is_infinitely_wrong(dtype):
    assert accuracy.measure(np.array([np.nan], dtype), at("exp", dtype, 1.0)).max_ulp == math.inf


def test_exact_values_survive_the_cancellation_of_their_formula():
    row = act.catalogue["tanh"]
    found = accuracy.truth(row, np.array([300.0]), derivative=True)  # 1 - tanh(300)^2 loses 866 bits
    with mpmath.workprec(2000):
        wanted = 1 / mpmath.cosh(300) ** 2
        assert abs(mpmath.mpf(found.near[0]) / wanted - 1) < 2.0**-52


def test_the_rest_continues_the_exact_value_beyond_float64():
    found = at("exp", "float64", 1.0)
    with mpmath.workprec(300):
        exact = mpmath.mpf(found.near[0]) + mpmath.mpf(found.rest[0]) * mpmath.mpf(2) ** int(found.exponent[0])
        assert abs(exact / mpmath.e - 1) < 2.0**-100


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh"])
def test_the_fast_oracle_gives_what_mpmath_gives(name):
    x = accuracy.sample("float32", -90, 80, 6000)
    row = act.catalogue[name]
    fast = accuracy.truth(row, x)
    parts = [accuracy.truth(row, part) for part in np.array_split(x, 12)]  # too few numbers each for the fast oracle
    slow = np.concatenate([p.near for p in parts])
    assert not any(p.rest.any() for p in (fast,))
    assert any(p.rest.any() for p in parts)
    np.testing.assert_allclose(fast.near, slow, rtol=1e-14)


@pytest.mark.parametrize("number", [-3.3, -0.23, 0.57, 20.5])  # no kink of any row
@pytest.mark.parametrize("name", list(act.catalogue))
def test_dual_numbers_differentiate_every_exact_formula(name, number):
    row = act.catalogue[name]
    found = differentiate(row.exact, mpmath)(mpmath.mpf(number), **row.parameters)
    wanted = mpmath.diff(lambda x: row.exact(mpmath, x, **row.parameters), number)
    assert mpmath.almosteq(found, wanted, rel_eps=1e-8, abs_eps=1e-9)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        (lambda m, x: x**3 - 2 * x + 1, 25.0),
        (lambda m, x: (5 - x) / (1 + x), -0.375),
        (lambda m, x: abs(-x) - 4 / x, 1 + 4 / 9),
        (lambda m, x: m.sqrt(x + 1) * m.log(x + 1), math.log(4) / 4 + 0.5),
        (lambda m, x: m.expm1(x) - m.log1p(x), math.exp(3) - 0.25),
        (lambda m, x: m.erf(x) + m.erfc(x) + m.sinh(x) - m.cosh(x), math.exp(-3)),
        (lambda m, x: x if x > 3 or x < 3 else (2 * x if x >= 3 and x <= 3 and x == 3 else -x), 2.0),
        (lambda m, x: 7, 0.0),
    ],
)
def test_dual_numbers_know_the_rules(formula, wanted):
    assert float(differentiate(formula, mpmath)(mpmath.mpf(3))) == pytest.approx(wanted, rel=1e-14)


def test_a_function_without_a_rule_is_named():
    with pytest.raises(TypeError, match="Dual"):
        differentiate(lambda m, x: m.gamma(x), mpmath)(mpmath.mpf(1))


@pytest.mark.parametrize("interval", [(-math.inf, math.inf), (-20.0, 3.0), (0.5, 2)])
@pytest.mark.parametrize("dtype", TYPES)
def test_a_sample_covers_its_interval(dtype, interval):
    low, high = interval
    x = accuracy.sample(dtype, low, high, 3000)
    assert x.dtype == dtype
    assert np.isfinite(x).all()
    assert (x[1:] > x[:-1]).all()
    largest = np.finfo(dtype).max
    assert x[0] == max(low, -largest)
    assert x[-1] == min(high, largest)
    if low < 0 < high:
        tiny = np.finfo(dtype).smallest_subnormal
        assert {-tiny, 0.0, tiny} <= set(x.tolist())
        assert {float(np.array(h, dtype)) for h in accuracy.HARD if low <= h <= high} <= set(x.tolist())
    binades = np.unique(np.frexp(x[x != 0])[1])
    assert (np.diff(binades) == 1).all()


def test_a_sample_is_the_same_every_time_and_another_with_another_seed():
    one, same, other = (accuracy.sample("float32", -5, 5, 500, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_bfloat16_has_a_format():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    form = accuracy.Format.of(ml_dtypes.bfloat16)
    assert (form.digits, form.smallest, form.largest) == (8, -126, 127)


def test_a_measurement_sums_up_and_names_its_witness():
    exact = at("relu", "float32", 1.0, 2.0, 4.0)
    found = accuracy.measure(np.array([1, 2 * (1 + 2**-22), 4 * (1 - 2**-23)], "float32"), exact)
    assert (found.points, found.max_ulp, found.mean_ulp, found.correctly_rounded) == (3, 2.0, 1.0, pytest.approx(1 / 3))
    assert (found.at, found.got, found.wanted) == (2.0, 2 * (1 + 2**-22), 2.0)
    assert found.max_relative == 2**-22
    assert found.max_absolute == 2**-21
    assert found.bias == pytest.approx(2**-23 / 3)
    assert found.mean_relative == pytest.approx(2**-23)


def test_measuring_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        accuracy.measure(np.array([], "float32"), at("exp", "float32"))
