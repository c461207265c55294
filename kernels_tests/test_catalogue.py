"""What is promised of every row of the catalogue, tested for all of them."""

import inspect
import itertools
import math
import re

import mpmath
import numpy as np
import pytest
from numba import njit
from rows import (
    DTYPES,
    NAMES,
    TRAINABLE,
    WITH_PARAMETERS,
    WITH_RULES,
    accepted,
    bits,
    call,
    function,
    nans,
    ordinary,
    plain,
    special,
    variants,
)

import numba_activations as act
from numba_activations.analysis.dual import differentiate

every_row = pytest.mark.parametrize("name", NAMES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def assert_same_bits(found, wanted):
    np.testing.assert_array_equal(bits(found), bits(wanted))


@every_row
@every_dtype
def test_value_and_derivative_reach_their_limits_at_the_infinities(name, dtype):
    limits = act.catalogue[name].limits
    for x, stated in ((np.inf, limits.plus), (-np.inf, limits.minus)):
        for found, wanted in zip(call("value_and_derivative", name, np.array([x], dtype)), stated, strict=True):
            np.testing.assert_array_equal(found, np.array([wanted], dtype))
            if wanted == 0 and math.copysign(1, wanted) < 0:  # a zero that is stated to be negative
                assert np.signbit(found[0])


@every_row
@every_dtype
def test_nan_gives_nan_in_every_result(name, dtype):
    for variant in variants(name):
        for found in call(variant, name, nans(dtype)):
            assert np.isnan(found).all(), variant


@every_row
def test_derivative_and_value_at_a_kink_are_those_of_the_exact_formula(name):
    row = act.catalogue[name]
    for kink in row.kinks:
        value, derivative = call("value_and_derivative", name, np.float64(kink))
        assert value == pytest.approx(float(row.exact(mpmath, mpmath.mpf(kink), **row.parameters)), abs=1e-300)
        at_kink = differentiate(row.exact, mpmath)(mpmath.mpf(kink), **row.parameters)
        assert derivative == pytest.approx(float(at_kink), abs=1e-300)


@every_row
def test_the_derivative_jumps_at_each_stated_kink(name):
    row = act.catalogue[name]
    slope = differentiate(row.exact, mpmath)
    for kink in row.kinks:
        left, right = (slope(mpmath.mpf(kink) + side * mpmath.mpf(2) ** -30, **row.parameters) for side in (-1, 1))
        assert abs(right - left) > 1e-3


@every_row
@every_dtype
def test_a_function_that_increases_through_zero_keeps_the_sign_of_zero(name, dtype):
    value, derivative = call("value_and_derivative", name, np.array([0.0, -0.0], dtype))
    if value[0] == 0 and derivative[0] > 0:
        assert list(np.signbit(value)) == [False, True]


@every_row
@every_dtype
def test_nothing_warns(name, dtype):
    x = special(dtype)
    with np.errstate(all="raise"):
        for variant in variants(name):
            for arrays in (x, x[::2], x[:1], x[0]):
                call(variant, name, arrays)


@every_row
@every_dtype
def test_the_dtype_is_kept(name, dtype):
    for variant in variants(name):
        for found in call(variant, name, np.ones(3, dtype)):
            assert found.dtype == dtype
        assert all(type(found) is np.dtype(dtype).type for found in call(variant, name, np.dtype(dtype).type(1)))


@every_row
@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_integers_promote_as_in_exp(name, dtype):
    x, row = np.array([0, 1], dtype), act.catalogue[name]
    wanted = np.exp(x).dtype
    floats = call("value_and_derivative", name, x.astype(wanted))
    for parameters in {(), tuple(row.parameters.values())}:
        for found, same in zip(call("value_and_derivative", name, x, *parameters), floats, strict=True):
            assert found.dtype == wanted
            assert_same_bits(found, same)


@every_row
@pytest.mark.parametrize("x", [1j, np.longdouble(1), np.array([None]), "one", np.array(["one"]), np.datetime64(1, "s")])
def test_other_types_are_refused(name, x):
    if isinstance(x, np.longdouble) and np.finfo(np.longdouble).nmant == 52:
        pytest.skip("long double is double here")
    with pytest.raises(TypeError):
        call("value_and_derivative", name, x)


@every_row
@every_dtype
def test_the_same_bits_for_scalars_and_for_arrays_of_any_length_and_stride(name, dtype):
    x = np.concatenate([special(dtype), ordinary(dtype)])
    wanted = call("value_and_derivative", name, x)
    for length in range(1, 201):
        first = length * 7 % 500
        for found, whole in zip(call("value_and_derivative", name, x[first : first + length]), wanted, strict=True):
            assert_same_bits(found, whole[first : first + length])
    for stride in (2, 3, 67, -1, -2):
        for found, whole in zip(call("value_and_derivative", name, x[::stride]), wanted, strict=True):
            assert_same_bits(found, whole[::stride])
    for k in range(0, x.size, 9):
        for found, whole in zip(call("value_and_derivative", name, x[k]), wanted, strict=True):
            assert_same_bits(found, whole[k])


@every_row
@every_dtype
def test_every_variant_has_the_bits_of_the_halves(name, dtype):
    x = np.concatenate([special(dtype), ordinary(dtype)])
    g = np.random.default_rng(2).normal(size=x.size).astype(dtype)
    value, derivative = call("value_and_derivative", name, x)
    assert_same_bits(call("value", name, x)[0], value)
    assert_same_bits(call("derivative", name, x)[0], derivative)
    if dtype != "float16":  # there the factor meets the derivative before it is rounded to float16
        with np.errstate(all="ignore"):
            assert_same_bits(call("vjp", name, x, g=g)[0], g * derivative)


@every_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_in_compiled_code(name, dtype):
    both = function("value_and_derivative", name)

    @njit
    def on_numbers(x):
        value, derivative = np.empty_like(x), np.empty_like(x)
        for i in range(x.size):
            value[i], derivative[i] = both(x[i])
        return value, derivative

    x = np.concatenate([special(dtype), ordinary(dtype)])
    for found, wanted in zip(on_numbers(x), both(x), strict=True):
        assert_same_bits(found, wanted)


@every_row
def test_the_same_bits_in_compiled_code_on_arrays(name):
    value = function("value", name)

    @njit
    def on_arrays(x):
        return value(x)

    x = np.concatenate([special("float32"), ordinary("float32")])
    assert_same_bits(on_arrays(x), value(x))


@every_row
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_kernel_as_plain_python_has_the_bits_of_the_machine_code(name, dtype):
    row = act.catalogue[name]
    x = np.concatenate([special(dtype), ordinary(dtype)[::12]])
    value, derivative = call("value_and_derivative", name, x)
    results = [plain(row, number) for number in x]
    assert all(type(part) is type(number) for number, parts in zip(x, results, strict=True) for part in parts)
    assert_same_bits([parts[0] for parts in results], value)
    assert_same_bits([parts[1] for parts in results], derivative)


@every_row
def test_the_derivative_is_that_of_the_exact_formula(name):
    row = act.catalogue[name]
    checked = 0
    for x in np.random.default_rng(4).uniform(-5, 5, 60):
        exact = row.exact(mpmath, mpmath.mpf(x), **row.parameters)
        value, derivative = call("value_and_derivative", name, x)
        if isinstance(exact, mpmath.mpc):  # outside of the domain
            assert np.isnan(value)
            continue
        if any(abs(x - kink) < 1e-6 for kink in row.kinks):
            continue
        with mpmath.workdps(40):
            wanted = mpmath.diff(lambda z: row.exact(mpmath, z, **row.parameters), mpmath.mpf(x))
        assert float(derivative) == pytest.approx(float(wanted), rel=1e-13, abs=1e-15)
        assert float(value) == pytest.approx(float(exact), rel=1e-13, abs=1e-15)
        checked += 1
    assert checked >= 3


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("times", [1.0, 1e-3, 1e-20, 40.0, 1e15])
def test_the_parameter_derivative_is_that_of_the_exact_formula(name, times):
    row, parameter = act.catalogue[name], act.catalogue[name].trainable
    given = {**row.parameters, parameter: row.parameters[parameter] * times}
    for x in np.random.default_rng(5).uniform(-5, 5, 24) * [*[1] * 12, *[1 / times] * 6, *[100 / times] * 6]:
        found = function("parameter_derivative", name)(x, **given)
        with mpmath.workdps(60):
            wanted = mpmath.diff(
                lambda p, x=x: row.exact(mpmath, mpmath.mpf(x), **{**given, parameter: p}),
                mpmath.mpf(given[parameter]),
                h=mpmath.mpf(given[parameter]) * mpmath.mpf(10) ** -25,
            )
        assert float(found) == pytest.approx(float(wanted), rel=1e-13, abs=1e-15)


@every_row
def test_an_alias_is_the_same_object_in_every_namespace(name):
    for alias in act.catalogue[name].aliases:
        assert act.catalogue[alias] is act.catalogue[name]
        for variant, found in variants(name).items():
            assert function(variant, alias) is found


@every_row
def test_the_documentation_states_formula_errors_and_limits(name):
    row = act.catalogue[name]
    for found in variants(name).values():
        assert row.formula in found.__doc__
        assert all(f"{bound.value}" in found.__doc__ for bound in row.bounds.values())
        assert row.note in found.__doc__
        assert all(parameter in found.__doc__ for parameter in row.parameters)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_parameters_have_defaults_and_are_given_by_position_or_by_name(name):
    row, x = act.catalogue[name], ordinary("float64")
    for variant, found in variants(name).items():
        wanted = call(variant, name, x)
        leading = (1.0, x) if variant == "vjp" else (x,)
        for given in (
            found(*leading, *row.parameters.values()),
            found(*leading, **row.parameters),
            found.ufunc(*leading, *row.parameters.values()),
        ):
            for one, other in zip(given if isinstance(given, tuple) else (given,), wanted, strict=True):
                assert_same_bits(one, other)


@every_dtype
def test_silu_with_beta_0_is_half_of_x_at_the_infinities_too(dtype):
    x = np.array([-np.inf, -2, -0.0, 3, np.inf, np.nan], dtype)
    y, slope = act.value_and_derivative.silu(x, 0)
    assert_same_bits(y, x / 2)
    assert_same_bits(slope, np.array([0.5] * 5 + [np.nan], dtype))
    assert_same_bits(act.parameter_derivative.silu(x, 0), x * x / 4)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
@every_dtype
def test_the_same_bits_with_the_defaults_built_in_and_given(name, dtype):
    x, kind = np.concatenate([special(dtype), ordinary(dtype)]), np.dtype(dtype).type
    given = [kind(p) for p in act.catalogue[name].parameters.values()]
    for variant, found in variants(name).items():
        leading = (x[::-1], x) if variant == "vjp" else (x,)
        results = [f if isinstance(f, tuple) else (f,) for f in (found.usual(*leading), found.ufunc(*leading, *given))]
        for one, other in zip(*results, strict=True):
            assert_same_bits(one, other)


def test_where_nothing_is_given_the_ufunc_with_the_defaults_built_in_is_called():
    class Seen:
        def __array_ufunc__(self, ufunc, *_, **__):
            return ufunc

    assert act.leaky_relu(Seen()) is act.leaky_relu(Seen(), where=True) is act.leaky_relu.usual
    assert act.leaky_relu(Seen(), 0.01) is act.leaky_relu.ufunc
    assert act.vjp.leaky_relu(Seen(), Seen()) is act.vjp.leaky_relu.usual


@pytest.mark.parametrize("given", [(0.25,), (1,), ()], ids=repr)
def test_bfloat16_is_kept_beside_parameters_that_are_numbers(given):
    x = np.ones(3, pytest.importorskip("ml_dtypes").bfloat16)
    assert act.leaky_relu(x, *given).dtype == act.vjp.leaky_relu(x, x, *given).dtype == x.dtype
    assert act.leaky_relu(x, np.float32([0.25])).dtype == np.float32


@pytest.mark.parametrize("name", WITH_PARAMETERS)
@every_dtype
def test_parameters_may_be_arrays(name, dtype):
    row, x = act.catalogue[name], np.concatenate([special(dtype), ordinary(dtype)])
    kind = np.dtype(dtype).type
    for place, default in enumerate(row.parameters.values()):
        others = tuple(kind(p) for p in row.parameters.values())
        values = np.array([default, 0.75 * default, 0.5 * default], dtype)
        if not accepted(row, {list(row.parameters)[place]: values}):
            continue
        together = call("value_and_derivative", name, x[:, None], *others[:place], values, *others[place + 1 :])
        for column, value in enumerate(values):
            alone = call("value_and_derivative", name, x, *others[:place], value, *others[place + 1 :])
            for one, other in zip(together, alone, strict=True):
                assert_same_bits(one[:, column], other)


@pytest.mark.parametrize("name", WITH_RULES)
def test_parameters_that_break_a_rule_are_refused_by_value(name):
    row, broken = act.catalogue[name], 0
    for parameter, value in itertools.product(row.parameters, (math.nan, -math.inf, math.inf, -2.5, -0.0, 0.0, 7.25)):
        if accepted(row, {parameter: value}):
            call_with(name, parameter, value)
            continue
        broken += 1
        with pytest.raises(ValueError, match=r"needs") as refused:
            call_with(name, parameter, value)
        assert any(rule.text in str(refused.value) for rule in row.rules)
        assert f"{parameter} = {value!r}" in str(refused.value)
        for several in ([row.parameters[parameter], value], np.array([row.parameters[parameter], value])):
            with pytest.raises(ValueError, match=r"needs"):
                call_with(name, parameter, several)
    assert broken >= len(row.rules)


def call_with(name, parameter, value):
    for found in variants(name).items():
        leading = (1.0, 0.5) if found[0] == "vjp" else (0.5,)
        found[1](*leading, **{parameter: value})


@pytest.mark.parametrize("name", WITH_PARAMETERS)
def test_wrong_calls_are_type_errors(name):
    found, row = function("value", name), act.catalogue[name]
    parameter = next(iter(row.parameters))
    with pytest.raises(TypeError, match=parameter):
        found(0.5, row.parameters[parameter], **{parameter: row.parameters[parameter]})
    with pytest.raises(TypeError):
        found(0.5, no_such_parameter=1.0)
    with pytest.raises(TypeError):
        found(0.5, *row.parameters.values(), np.empty(()), 1.0)
    with pytest.raises(TypeError):
        found()


def test_numbers_of_no_type_leave_the_type_of_arrays_as_it_is_with_parameters_too():
    x, half = np.ones(3, np.float32), np.ones(3, np.float16)
    for found in (
        act.vjp.elu(1.0, x, 0.5), act.vjp.elu(x, 1.0, 0.5), act.hard_tanh(1.0, x - 1), act.scaled_tanh(1.0, b=x),
        act.softplus(x, 0.1), act.vjp.softplus(2, x, 3),
    ):  # fmt: skip
        assert found.dtype == np.float32
    assert act.vjp.elu(1.0, half, 0.5).dtype == act.elu(np.ones(3, np.int8), 0.1).dtype == np.float16
    assert act.elu(x, [0.1, 0.2, 0.3]).dtype == act.hard_tanh(x, np.float64(-1), 1.0).dtype == np.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: act.softplus(x, 1e-300), "0 < beta < inf: got beta = 0.0 in the type of the result"),
        (lambda x: act.softplus(x, np.inf), "0 < beta < inf: got beta = inf"),
        (lambda x: act.softplus(1.0, np.r_[np.ones(3000), -7.0]), "got beta = -7.0"),
        (lambda x: act.hard_tanh(x, [[0.0], [3.0]], np.ones(3)), "got min_val = 3.0, max_val = 1.0"),
        (lambda x: act.soft_shrink(x, -1), "lambd >= 0: got lambd = -1"),
        (lambda x: act.standardize(x, eps=[-1e-5]), "eps >= 0: got eps = -1e-05"),
    ],
)
def test_the_first_parameters_that_break_a_rule_are_named(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call(np.ones(3, np.float32))


def test_signatures_name_the_parameters():
    assert str(inspect.signature(act.vjp.hard_tanh)) == "(g, x, /, min_val=-1.0, max_val=1.0, *, out=None, **others)"


def test_scaled_tanh_where_the_product_of_its_parameters_is_no_number():
    np.testing.assert_array_equal(act.scaled_tanh(np.array([-1.0, 0.0, 2.0]), 1e200, 1e200), [-1e200, 0, 1e200])
    np.testing.assert_array_equal(act.derivative.scaled_tanh(np.array([-1.0, 2.0]), 1e200, 1e200), [0, 0])
    np.testing.assert_array_equal(act.scaled_tanh(np.array([-np.inf, 1.0, np.inf]), 3.0, 0.0), [0, 0, 0])


def test_derivatives_by_a_parameter_have_their_limits():
    ends = np.array([-np.inf, np.inf])
    for beta in (0.01, 0.5, 0.999, 1.0, 2.0):
        np.testing.assert_array_equal(act.parameter_derivative.softplus(ends, beta), [0, 0])
