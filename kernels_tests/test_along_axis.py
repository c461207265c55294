"""Every function along an axis keeps what its row promises; driven by the table."""

import itertools
import math
import pickle
import re
import textwrap
import warnings

import numba
import numpy as np
import pytest
from numba import njit
from numba.core.runtime import _nrt_python, rtsys
from processes import run
from rows import nans

import numba_activations as act
from numba_activations import tier_errors
from numba_activations.analysis import rows
from numba_activations.engine import along_axis
from numba_activations.engine.keys import DEFAULT, Key
from numba_activations.engine.trace import trace
from numba_activations.kernels.rows import LANES, Row
from numba_activations.namespaces import names
from numba_activations.records import ALONG_AXIS, APPROXIMATIONS, EPSILON

KEYS = [Key(DEFAULT, variant, name) for name, record in ALONG_AXIS.items() for variant in along_axis.variants(record)]
PUBLIC_KEYS = [key for key in KEYS if not key.variant.endswith(along_axis.BY_LABEL)]
ROW_KEYS = [key for key in KEYS if not ALONG_AXIS[key.name].elementwise]
IN_TIERS = [record for record in ALONG_AXIS.values() if record.uses_exp]
BUILDING = [name for name, tier in APPROXIMATIONS.items() if tier.builds_activations and name != DEFAULT]
DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
each_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.variant}-{key.name}")
each_row_key = pytest.mark.parametrize("key", ROW_KEYS, ids=lambda key: f"{key.variant}-{key.name}")
each_record = pytest.mark.parametrize("record", ALONG_AXIS.values(), ids=lambda record: record.name)
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def cores(key):
    return along_axis.variants(ALONG_AXIS[key.name])[key.variant].inputs


def operands(key, dtype, shape, seed=0):
    """Arguments of a ufunc: arrays whose last axis are rows, and numbers for every row."""
    random = np.random.default_rng(seed)
    elementwise = ALONG_AXIS[key.name].elementwise
    kinds = along_axis.variants(ALONG_AXIS[key.name])[key.variant].dtypes(dtype)
    return [
        random.integers(shape[-1], size=shape[:-1])
        if kind == along_axis.LABEL
        else np.abs(random.normal(size=shape if core or elementwise else shape[:-1]) * 8).astype(kind)
        - (core != "") * 4
        for core, kind in zip(cores(key), kinds, strict=False)
    ]


def floating(args, dtype):
    """Arguments with another type for all but labels."""
    return [a if a.dtype == along_axis.LABEL else a.astype(dtype) for a in args]


def results(value):
    return value if isinstance(value, tuple) else (value,)


def assert_same(got, wanted):
    for a, b in zip(results(got), results(wanted), strict=True):
        np.testing.assert_array_equal(a, b, strict=True)


def same_bits_as_in_plain_python(key, dtype, length):
    args = [a[0] for a in operands(key, dtype, (1, length))]
    with np.errstate(all="ignore"):
        wanted = along_axis.row_kernel(key)(Row(length, dtype.type), *args)
    assert_same(along_axis.ufunc(key)(*args), wanted)


def stated_and_measured(stated, errors):
    worst = max(errors)
    assert worst <= stated.size
    assert stated.size <= 2 * worst


@each_record
@each_dtype
def test_values_are_within_the_stated_error_which_is_not_sloppy(record, dtype):
    stated = record.bounds[dtype.name].value
    witness = tuple(np.asarray(v, dtype)[()] for v in stated.at)
    tried = itertools.chain([witness], rows.sample(record, dtype, (1, 2, 3, 8, 70), 12, ties=True))
    stated_and_measured(stated, [rows.error(record, each) for each in tried])


@each_record
@each_dtype
def test_vjps_are_within_the_stated_error_which_is_not_sloppy(record, dtype):
    stated = record.bounds[dtype.name].vjp
    g, *witness = (np.asarray(v, dtype)[()] for v in stated.at)
    errors = [rows.vjp_error(record, g, tuple(witness))]
    random = np.random.default_rng(0)
    value = along_axis.ufunc(Key(DEFAULT, "value", record.name))
    for each in rows.sample(record, dtype, (1, 2, 4), 8, ties=False):
        g = random.normal(size=np.shape(value(*each))).astype(dtype)[()]
        errors.append(rows.vjp_error(record, g, each))
    stated_and_measured(stated, errors)


@each_row_key
@each_dtype
@pytest.mark.parametrize("length", [1, 7, LANES, LANES + 1, 3 * LANES + 5])
def test_compiled_code_has_the_bits_of_the_kernel_in_plain_python(key, dtype, length):
    same_bits_as_in_plain_python(key, dtype, length)


@each_key
@each_dtype
@pytest.mark.parametrize("length", [5, LANES, 45, 2100])
def test_bits_do_not_depend_on_layout(key, dtype, length):
    function, args = along_axis.ufunc(key), operands(key, dtype, (3, 13, length))
    wanted = function(*args)

    def laid_out(a):
        if a.ndim < 3:
            return a
        spaced = np.empty((*a.shape[:-1], 2 * length), a.dtype)[..., ::-2]
        spaced[...] = a
        return spaced

    assert_same(function(*map(laid_out, args)), wanted)
    assert_same(function(*map(np.asfortranarray, args)), wanted)
    alone = function(*(a[1, 4] for a in args))
    assert_same(alone, tuple(w[1, 4] for w in results(wanted)) if isinstance(wanted, tuple) else wanted[1, 4])
    if not ALONG_AXIS[key.name].elementwise:
        moved = [np.ascontiguousarray(np.moveaxis(a, -1, 0)) if a.ndim == 3 else a for a in args]
        along_first = function(*moved, axis=0)
        assert_same(np.moveaxis(along_first, 0, -1) if np.ndim(along_first) == 3 else along_first, wanted)


@each_key
@pytest.mark.parametrize("length", [9, 1000, 2500])
def test_out_receives_the_result_and_may_be_an_input(key, length):
    function, args = along_axis.ufunc(key), operands(key, np.float32, (20, length))
    wanted = results(function(*args))
    outs = tuple(np.full((*w.shape[:-1], 2 * w.shape[-1]), 7, np.float32)[..., ::2] for w in wanted)
    function(*args, out=outs)
    assert_same(outs, wanted)
    assert all((out.base[..., 1::2] == 7).all() for out in outs)
    kind = [(w.shape, w.dtype) for w in wanted]
    for place, a in enumerate(args):
        if kind == [(a.shape, a.dtype)]:
            same = [*args[:place], a.copy(), *args[place + 1 :]]
            function(*same, out=same[place])
            assert_same(same[place], wanted[0])


@each_key
def test_half_precision_is_computed_in_single_precision(key):
    function, args = along_axis.ufunc(key), operands(key, np.float16, (3, 40))
    with np.errstate(over="ignore"):
        wanted = [w.astype(np.float16) for w in results(function(*floating(args, np.float32)))]
    assert_same(tuple(results(function(*args))), tuple(wanted))


@each_key
def test_integers_promote_as_in_exp(key):
    function = along_axis.ufunc(key)
    args = [np.ones(a.shape, np.int64) for a in operands(key, np.float64, (2, 4))]
    assert all(r.dtype == np.float64 for r in results(function(*args)))


@each_key
@each_dtype
def test_nothing_warns_and_nan_in_a_row_gives_nan(key, dtype):
    function, elementwise = along_axis.ufunc(key), ALONG_AXIS[key.name].elementwise
    largest = np.finfo(dtype).max
    special = [0.0, -0.0, 1.0, -1.0, largest, -largest, np.finfo(dtype).tiny / 4, np.inf, -np.inf, np.nan]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for length, seed in itertools.product((1, 3, 50), range(20)):
            random = np.random.default_rng(seed)
            drawn = operands(key, dtype, (length,), seed)
            args = [a if a.dtype == along_axis.LABEL else random.choice(special, a.shape).astype(dtype) for a in drawn]
            function(*args)
            if key.variant.startswith("value") and not elementwise:
                args[0][random.integers(length)] = np.nan
                assert np.isnan(function(*args)).all()


@pytest.mark.parametrize("length", [10_000, 10_000_000])
def test_sums_of_long_rows_are_accurate(length):
    x = np.full(length, np.float32(0.1))
    np.testing.assert_allclose(act.softmax(x), np.float32(1 / length), rtol=2.0**-22, strict=False)
    assert act.logsumexp(x) == pytest.approx(float(np.float32(0.1)) + math.log(length), rel=2.0**-22)


@pytest.mark.parametrize("length", [1, 2, LANES, LANES + 1, 1000, 33_000])
def test_the_sum_of_the_others_leaves_one_of_the_largest_out(length):
    x = np.random.default_rng(length).exponential(size=length).astype(np.float32)
    for place in (0, length // 2, length - 1):
        x[place] = x.max() + np.float32(1000)
        others = math.fsum(x) - float(x[place])
        assert float(Row(length, np.float32).others(x)) == pytest.approx(others, rel=2.0**-22, abs=0)
    assert Row(length, np.float32).others(np.full(length, np.float32(0.75))) == 0.75 * (length - 1)


@pytest.mark.parametrize(("name", "passes"), [("softmax", 2), ("log_softmax", 2), ("logsumexp", 1), ("logmeanexp", 1)])
def test_the_sum_of_exponentials_takes_one_pass(name, passes):
    assert trace(along_axis.row_kernel(Key(DEFAULT, "value", name)), (True,), labelled=False).passes == passes


@pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "logsumexp", "logmeanexp"])
@each_dtype
def test_every_nan_gives_nan(name, dtype):
    for nan, length in itertools.product(nans(dtype), (3, 100)):
        for place in (0, length - 1):
            x = np.zeros(length, dtype)
            x[place] = nan
            assert np.isnan(getattr(act, name)(x)).all()


@pytest.mark.parametrize("name", along_axis.names())
def test_names_and_aliases_are_public_and_pickle(name):
    function = getattr(act, name)
    assert function is getattr(act, ALONG_AXIS[name].name)
    assert name in act.__all__
    assert pickle.loads(pickle.dumps(function)) is function
    assert ALONG_AXIS[name].formula in function.__doc__
    assert ALONG_AXIS[name].special in function.__doc__


class TestSoftmax:
    def test_the_winner_keeps_its_digits(self):
        assert act.log_softmax([0.0, -20.0])[0] == pytest.approx(-2.0611536181902037e-09, rel=1e-15)
        assert act.vjp.softmax([1.0, 0.0], [0.0, -50.0])[0] == pytest.approx(1.9287498479639178e-22, rel=1e-15)

    @pytest.mark.parametrize(("other", "wanted"), [(-110.0, -1e6 * math.exp(-110)), (-np.inf, 0.0)])
    def test_the_winner_keeps_its_digits_beside_a_million_of_the_smallest(self, other, wanted):
        x = np.full(1_000_001, other, np.float32)
        x[77] = 0
        tiny = np.finfo(np.float32).smallest_subnormal
        assert abs(act.log_softmax(x)[77] - wanted) <= tiny

    def test_tails_keep_their_digits(self):
        x = np.array([0, -80.3], np.float32)
        assert act.softmax(x)[1] == pytest.approx(math.exp(float(x[1])), rel=2.0**-22)

    @pytest.mark.parametrize("function", ["softmax", "log_softmax"], indirect=True)
    @pytest.mark.parametrize("masked", [0, 100])
    @pytest.mark.parametrize("row", [[-np.inf, -np.inf], [np.inf, 0], [0, np.inf], [np.nan, 0], [-np.inf, np.nan]])
    def test_rows_without_a_distribution_are_nan(self, function, row, masked):
        assert np.isnan(function([*row, *[-np.inf] * masked])).all()

    @pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "logsumexp", "logmeanexp"])
    @pytest.mark.parametrize("first", [-1e30, -400.0, -61.0, -28.0, -27.0, 27.0, 28.0, 61.0, 400.0, 1e30])
    @each_dtype
    def test_the_first_number_of_a_row_may_be_far_from_the_largest(self, name, first, dtype):
        record = ALONG_AXIS[name]
        for length in (5, 77):
            x = 3 * np.random.default_rng(length).normal(size=length).astype(dtype)
            x[0] = first
            assert rows.error(record, (x,)) <= record.bounds[dtype.name].value.size

    @pytest.mark.parametrize("name", ["softmax", "softmin", "log_softmax", "logsumexp", "logmeanexp"])
    @pytest.mark.parametrize("masked", [1, 40, 90])
    @each_dtype
    def test_a_row_may_begin_with_what_is_masked(self, name, masked, dtype):
        for length in (masked, masked + 5, 200):
            x = 3 * np.random.default_rng(length).normal(size=length).astype(dtype)
            x[:masked] = np.inf if name == "softmin" else -np.inf
            with np.errstate(all="ignore"):
                wanted = along_axis.row_kernel(Key(DEFAULT, "value", name))(Row(length, dtype.type), x)
            assert_same(getattr(act, name)(x), wanted)

    @pytest.mark.parametrize("length", [5, 77, 5000])
    def test_numbers_that_are_masked_leave_the_others_their_digits(self, length):
        x = np.full(length, -np.inf, np.float32)
        x[[2, -1]] = 0.5, -80
        for function, wanted in ((act.softmax, 0.0), (act.log_softmax, -np.inf)):
            y, alone = function(x), function(x[[2, -1]])
            assert_same(y[[2, -1]], alone)
            assert np.count_nonzero(y == wanted) == length - 2
        assert act.logsumexp(x) == act.logsumexp(x[[2, -1]])

        assert act.softmax([-np.inf, 0.0]).tolist() == [0, 1]
        assert act.log_softmax([-np.inf, 0.0]).tolist() == [-np.inf, 0]
        assert act.softmin([np.inf, 0.0]).tolist() == [0, 1]

    def test_empty_rows_stay_empty(self):
        assert act.softmax(np.empty((3, 0))).shape == (3, 0)

    @pytest.mark.parametrize("masked", [0, 100])
    @pytest.mark.parametrize(
        ("row", "value"),
        [
            ([], -np.inf),
            ([-np.inf], -np.inf),
            ([np.inf, np.inf], np.inf),
            ([np.inf, 0], np.inf),
            ([0, np.inf], np.inf),
            ([-np.inf, 3], 3),
        ],
    )
    def test_logsumexp_has_the_limits(self, row, value, masked):
        assert act.logsumexp([*row, *[-np.inf] * masked]) == value
        assert act.logsumexp([*[-np.inf] * masked, *row]) == value

    @pytest.mark.parametrize("masked", [0, 100])
    @pytest.mark.parametrize("other", [-np.inf, 1.0, np.inf])
    def test_logsumexp_of_nan_is_nan_beside_infinity(self, other, masked):
        for row in itertools.permutations([other, np.nan, np.inf]):
            assert np.isnan(act.logsumexp([*row, *[-np.inf] * masked]))

    def test_logmeanexp_of_equal_numbers_is_that_number(self):
        assert act.logmeanexp(np.full(1001, 0.1)) == 0.1
        assert np.isnan(act.logmeanexp([]))

    @pytest.mark.parametrize("dtype", ["float16", "float32"])
    def test_logmeanexp_sees_one_number_among_more_than_float32_can_count(self, dtype):
        x = np.zeros(2**24 + 1, dtype)
        x[-1] = 11
        assert act.logmeanexp(x) == pytest.approx(math.log1p(math.expm1(11) / x.size), rel=1e-3)

    def test_keepdims_and_axes(self):
        x = np.arange(24.0).reshape(2, 3, 4)
        assert act.logsumexp(x, axis=1, keepdims=True).shape == (2, 1, 4)
        assert_same(act.softmax(x, axes=[0, 0]), act.softmax(x, axis=0))


class TestInTiers:
    @pytest.mark.parametrize("tier", APPROXIMATIONS)
    def test_a_tier_offers_what_needs_exp(self, tier):
        record = APPROXIMATIONS[tier]
        for variant in ("value", "derivative", "vjp"):
            offered = set(names(tier, variant)) & set(along_axis.names(variant))
            needing = {name for name in along_axis.names(variant) if ALONG_AXIS[name].uses_exp}
            if tier == DEFAULT:
                assert offered == set(along_axis.names(variant))
            else:
                assert offered == (needing if record.builds_activations else set())

    @pytest.mark.parametrize("record", IN_TIERS, ids=lambda record: record.name)
    @pytest.mark.parametrize("tier", ["r1e4", "schraudolph"])
    def test_values_are_within_the_error_that_the_tier_adds(self, record, tier):
        self.compare(record, tier, "value")

    @pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
    @pytest.mark.parametrize("tier", ["r1e4", "schraudolph"])
    def test_vjps_are_within_the_error_that_the_tier_adds(self, name, tier):
        self.compare(ALONG_AXIS[name], tier, "vjp")

    @pytest.mark.parametrize("tier", BUILDING)
    def test_softmax_has_that_error_in_every_tier(self, tier):
        self.compare(ALONG_AXIS["softmax"], tier, "value")

    def compare(self, record, tier, variant):
        """Where exp stands as it is, its error must be seen, too."""
        for dtype in map(np.dtype, APPROXIMATIONS[tier].bounds):
            of_exp, _ = APPROXIMATIONS[tier].promise(dtype.name)
            added = tier_errors.along_axis(tier, dtype.name)[variant == "vjp"]
            random = np.random.default_rng(1)
            own, errors = getattr(record.bounds[dtype.name], variant).size, []
            for each in rows.sample(record, dtype, (2, 3, 30), 6, ties=variant == "value"):
                if record.elementwise and np.abs(each).max() > tier_errors.reach(tier, dtype.name):
                    continue
                if variant == "value":
                    errors.append(rows.error(record, each, tier))
                elif each[0].size < 30:
                    g = random.normal(size=() if record.signature.endswith("->()") else each[0].shape)
                    errors.append(rows.vjp_error(record, g.astype(dtype)[()], each, tier))
            assert max(errors) <= own + added * 2 / EPSILON[dtype.name]
            if of_exp > 1e-6:
                assert max(errors) > 0.1 * of_exp / EPSILON[dtype.name]

    @pytest.mark.parametrize("tier", BUILDING)
    @pytest.mark.parametrize("name", ["softmax", "logsumexp"])
    def test_compiled_code_has_the_bits_of_the_kernel_in_plain_python(self, name, tier):
        for dtype in map(np.dtype, APPROXIMATIONS[tier].bounds):
            for length in (7, LANES + 3):
                same_bits_as_in_plain_python(Key(tier, "value", name), dtype, length)

    @pytest.mark.parametrize("first", [-1e30, -400.0, -28.0, 28.0, 400.0, 1e30])
    @pytest.mark.parametrize("tier", ["r1e4", "schraudolph"])
    def test_the_first_number_of_a_row_may_be_far_from_the_largest(self, tier, first):
        softmax, x = getattr(act.approx, tier).softmax, np.linspace(-3, 3, 77, dtype=np.float32)
        x[0] = first
        error, _ = tier_errors.along_axis(tier, "float32")
        np.testing.assert_allclose(softmax(x), act.softmax(x), rtol=error + 1e-6, atol=1e-38)

    @pytest.mark.parametrize("tier", BUILDING)
    def test_what_is_no_distribution_and_what_is_masked_is_as_in_the_default(self, tier):
        softmax, logsumexp = getattr(act.approx, tier).softmax, getattr(act.approx, tier).logsumexp
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for masked in (0, 100):
                rest = [-np.inf] * masked
                for row in ([-np.inf] * 2, [np.inf, 0], [0, np.inf], [np.nan, 0], [-np.inf, np.nan], [0, np.nan]):
                    assert np.isnan(softmax(np.array([*row, *rest], np.float32))).all()
                wanted = softmax(np.array([0.5, -3], np.float32))
                assert_same(softmax(np.array([0.5, -3, *rest, -np.inf], np.float32))[:2], wanted)
                assert np.isposinf(logsumexp(np.array([0, np.inf, *rest], np.float32)))
                assert np.isnan(logsumexp(np.array([np.inf, np.nan, *rest], np.float32)))

    def test_gates_use_the_tier_s_activations(self):
        x = np.random.default_rng(0).normal(size=(5, 8)) * 3
        a, b = x[:, :4], x[:, 4:]
        tier = act.approx.r1e4
        np.testing.assert_allclose(tier.glu(x), a * tier.sigmoid(b), rtol=2 * tier.bound["float64"].size)
        np.testing.assert_allclose(tier.swiglu(x), tier.silu(a) * b, rtol=1e-13)
        np.testing.assert_allclose(tier.geglu(x), tier.gelu(a) * b, rtol=1e-13)
        slopes = np.concatenate([tier.derivative.silu(a) * b, tier.silu(a)], axis=1)
        np.testing.assert_allclose(tier.vjp.swiglu(np.ones_like(a), x), slopes, rtol=1e-12)

    def test_float32_alone_is_refused_in_float64(self):
        x = np.zeros((2, 4))
        for function in (act.approx.correct.softmax, act.approx.correct.glu):
            assert function(x.astype(np.float16)).dtype == np.float16
            with pytest.raises(TypeError, match="not supported for the input types"):
                function(x)
        with pytest.raises(TypeError, match="not supported for the input types"):
            act.approx.correct.vjp.glu(x[:, :2], x)

        @njit
        def compiled(x):
            return act.approx.correct.softmax(x)

        assert_same(compiled(x.astype(np.float32)), np.full(x.shape, np.float32(0.25)))
        with pytest.raises(numba.TypingError, match="has no float64"):
            compiled(x)

    def test_documentation_states_the_error_that_is_added(self):
        value, vjp = tier_errors.along_axis("r1e4", "float32")
        assert (value, vjp) == pytest.approx((2.1e-4, 4.2e-4), rel=1e-3)
        assert f"at most {value:.2g} in float32, vjp {vjp:.2g}" in act.approx.r1e4.softmax.__doc__
        assert "beyond the interval" in act.approx.schraudolph.glu.__doc__
        assert pickle.loads(pickle.dumps(act.approx.r1e4.vjp.softmax)) is act.approx.r1e4.vjp.softmax

    def test_compiled_code_has_them_too(self):
        @njit
        def compiled(x):
            return act.approx.r1e4.softmax(x), act.approx.schraudolph.logsumexp(x, axis=0), act.approx.r1e4.glu(x)

        x = np.random.default_rng(0).normal(size=(6, 40)).astype(np.float32)
        assert_same(compiled(x), compiled.py_func(x))


class TestSelections:
    def test_hardmax_takes_the_first_of_several(self):
        assert act.hardmax([1, 3, 3.0]).tolist() == [0, 1, 0]
        assert act.hardmax([-np.inf, -np.inf]).tolist() == [1, 0]
        long = np.zeros(5000)
        long[[3210, 4000]] = 1
        assert act.hardmax(long).nonzero()[0].tolist() == [3210]

    def test_maxout_takes_neighbours_along_any_axis(self):
        x = np.array([[1.0, 5, 2, 7], [4, 3, 9, 9]])
        assert act.maxout(x, 2).tolist() == [[5, 7], [4, 9]]
        assert act.maxout(x.T, pieces=2, axis=0).tolist() == [[5, 4], [7, 9]]
        assert act.vjp.maxout(np.ones((2, 2)), x, 2).tolist() == [[0, 1, 0, 1], [1, 0, 1, 0]]

    def test_maxout_needs_pieces_that_divide(self):
        with pytest.raises(ValueError, match="got 3 for a length of 4"):
            act.maxout(np.ones(4), 3)

    def test_sparsemax_is_a_distribution_with_zeros(self):
        y = act.sparsemax(np.random.default_rng(0).normal(size=(50, 1000)))
        np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-14)
        assert (y == 0).any(-1).all()
        assert act.sparsemax([0.5, 0.0, -np.inf]).tolist() == [0.75, 0.25, 0]


class TestGated:
    @pytest.mark.parametrize("record", [r for r in ALONG_AXIS.values() if r.split == "halves"], ids=lambda r: r.name)
    def test_halves_of_any_axis(self, record):
        x = np.random.default_rng(0).normal(size=(3, 4, 5))
        value, vjp = getattr(act, record.name), getattr(act.vjp, record.name)
        y = value(x, axis=1)
        wanted = along_axis.ufunc(Key(DEFAULT, "value", record.name))(x[:, :2], x[:, 2:])
        assert_same(y, wanted)
        dx = vjp(y, x, axis=1)
        moved = vjp(np.moveaxis(y, 1, -1), np.ascontiguousarray(np.moveaxis(x, 1, -1)))
        assert_same(np.moveaxis(dx, 1, -1), moved)

    def test_the_gate_of_glu_is_the_second_half_and_of_the_others_the_first(self):
        x = [2.0, -3.0]
        assert act.glu(x)[0] == pytest.approx(2 * act.sigmoid(-3.0), rel=1e-15)
        assert act.reglu(x)[0] == -6
        assert act.geglu(x)[0] == act.gelu(2.0) * -3
        assert act.swiglu(x)[0] == act.silu(2.0) * -3

    def test_odd_lengths_are_refused(self):
        with pytest.raises(ValueError, match="axis 0 of x has 3"):
            act.glu(np.ones(3))


X, HALF = np.ones((3, 4)), np.ones((3, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: act.maxout(X), TypeError, "maxout() needs an integer as pieces: got None"),
        (lambda: act.maxout(X, 2.5), TypeError, "maxout() needs an integer as pieces: got 2.5"),
        (lambda: act.maxout(X, 3), ValueError, "maxout() needs pieces >= 1 that divide the axis: got 3"),
        (lambda: act.maxout(pieces=2), TypeError, "maxout() takes 1 arrays: got 0"),
        (lambda: act.glu(X, axis=None), TypeError, "glu() needs an integer as axis: got None"),
        (lambda: act.vjp.glu(HALF, X, out=[1]), TypeError, "vjp.glu() takes an array as out: got [1]"),
        (lambda: act.vjp.glu(HALF, X, out=HALF), ValueError, "a result of shape (3, 4): out has (3, 2)"),
        (lambda: act.softmax_cross_entropy(X, [[0], [1], [2]]), ValueError, "labels of shape (3,), one for each row"),
        (
            lambda: act.softmax_cross_entropy(X, [1, 1, 1], axis=0),
            ValueError,
            "with shape (4,) and arg 1 with shape (3,)",
        ),
        (lambda: act.softmax_cross_entropy(X[:, :3], np.eye(3, dtype=int)), ValueError, "probabilities must be floats"),
        (lambda: act.maxout(np.ma.array(X, mask=X > 2), 2), TypeError, "maxout() takes no masked arrays"),
        (lambda: act.softmax_cross_entropy(X, [1, 1, 1], axis=None), TypeError, "an integer as axis: got None"),
    ],
)
def test_what_is_wrong_is_told_of_arguments_along_an_axis(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_a_number_g_leaves_the_type_of_arrays_as_it_is():
    for dtype in ("float16", "float32"):
        x = np.array([1, 2, 3, 4], dtype)
        for found in (
            act.vjp.glu(1.0, x),
            act.vjp.maxout(1.0, x, 2),
            act.vjp.softmax_cross_entropy(1.0, x, 1),
            act.vjp.softmax_cross_entropy(1, x, x),
        ):
            assert found.dtype == dtype


@pytest.mark.parametrize("name", ["standardize", "rms_norm"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64"])
def test_integers_promote_as_in_exp_beside_parameters(name, dtype):
    x = np.array([1, 0, 1], dtype)
    wanted = np.exp(x).dtype
    for given in ({}, {"eps": 1e-3}):
        assert getattr(act, name)(x, **given).dtype == wanted
        assert getattr(act.vjp, name)(x, x, **given).dtype == wanted
        assert getattr(act, name)(x, dtype=np.float64, **given)[0] == getattr(act, name)(x.astype(float), **given)[0]


def test_a_refused_call_in_compiled_code_keeps_no_copy():
    """It loses what any call that raises does in Numba, the references of its caller, and no more."""

    @njit
    def ours(g, x):
        return act.vjp.softmax(g, x)

    @njit
    def refused(g, x):
        if g.shape != x.shape:
            raise ValueError("another shape")
        return g * x

    @njit
    def plain(g, x):
        return refused(g, x)

    g, x, lost = np.ones((3, 4)).T, np.ones((4, 3)), []
    _nrt_python.memsys_enable_stats()
    for function in (ours, plain):
        function(g, x)
        before = rtsys.get_allocation_stats()
        for _ in range(10):
            with pytest.raises(ValueError, match="another shape"):
                function(g, x[:2])
        after = rtsys.get_allocation_stats()
        lost.append(after.alloc - before.alloc - (after.free - before.free))
    assert lost[0] <= lost[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda out: act.vjp.glu(HALF, X, out=out),
        lambda out: act.vjp.maxout(HALF, X, pieces=2, out=out),
        lambda out: act.vjp.softmax_cross_entropy(1.0, X, 2, out=out),
    ],
    ids=["halves", "pieces", "one label for all"],
)
def test_out_may_be_a_tuple_of_one(call):
    out = np.empty_like(X)
    assert call((out,)) is out
    assert_same(out, call(None))


class TestNormalizations:
    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    @pytest.mark.parametrize("size", [2.0**-120, 2.0**-20, 2.0**100])
    def test_squares_neither_overflow_nor_vanish(self, dtype, size):
        x = np.array([1, -1, 1, -1], dtype) * dtype.type(size)
        np.testing.assert_allclose(act.standardize(x, eps=0), [1, -1, 1, -1], rtol=1e-6)
        np.testing.assert_allclose(act.rms_norm(x, eps=0), [1, -1, 1, -1], rtol=1e-6)

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    @pytest.mark.parametrize("name", ["standardize", "rms_norm"])
    def test_a_row_of_any_size_has_the_same_digits(self, name, dtype):
        value, vjp = getattr(act, name), getattr(act.vjp, name)
        info, g = np.finfo(dtype), np.array([3, -2, 2.5], dtype)
        x = 1 + np.array([0, 2, 7], dtype) * info.eps
        wanted, slopes = value(x, eps=0), vjp(g, x, eps=0)
        for exponent in range(info.minexp, info.maxexp):  # below these, numbers have fewer digits
            assert_same(value(np.ldexp(x, exponent), eps=0), wanted)
            found = vjp(g, np.ldexp(x, exponent), eps=0)
            with np.errstate(over="ignore", under="ignore"):
                np.testing.assert_allclose(found, np.ldexp(slopes, -exponent), rtol=0, atol=info.smallest_subnormal)

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    def test_least_numbers_that_differ_by_their_spacing(self, dtype):
        x = np.array([0, 1, 2], dtype) * np.finfo(dtype).smallest_subnormal
        np.testing.assert_allclose(act.standardize(x, eps=0), [-(1.5**0.5), 0, 1.5**0.5], rtol=1e-6)
        np.testing.assert_allclose(act.rms_norm(x, eps=0), np.array([0, 1, 2]) * 0.6**0.5, rtol=1e-6)

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    @pytest.mark.parametrize("eps", [1e-5, 1e-30, "least", "largest"])
    def test_beside_equal_numbers_eps_is_all(self, dtype, eps):
        info = np.finfo(dtype)
        eps = dtype.type({"least": info.smallest_subnormal, "largest": info.max}.get(eps, eps))
        g = np.array([3, -2, 2.5, 4.5], dtype)
        for size in (0, info.smallest_subnormal, info.tiny, 1e-20, 1, 1e20, info.max):
            x = np.full(4, size, dtype)
            assert act.standardize(x, eps).tolist() == [0] * 4
            np.testing.assert_allclose(act.vjp.standardize(g, x, eps), (g - 2) / np.sqrt(eps), rtol=1e-6)
        np.testing.assert_allclose(act.vjp.rms_norm(g, x * 0, eps), g / np.sqrt(eps), rtol=1e-6)

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    def test_a_small_number_keeps_its_digits_beside_a_large_one(self, dtype):
        info = np.finfo(dtype)
        large, small = 2.0 ** (info.maxexp - 1), 1.1 * 2.0 ** -(info.maxexp // 2 - 60)
        x = np.array([large, small, small, small], dtype)
        np.testing.assert_allclose(act.rms_norm(x, eps=0)[1:], x[1:] / dtype.type(large / 2), rtol=1e-6)

    def test_a_large_mean_costs_no_digits(self):
        x = np.array([1e8 + 1, 1e8 - 1])
        assert act.standardize(x, 0.0).tolist() == [1, -1]

    def test_equal_numbers_become_zero(self):
        assert act.standardize(np.full(7, 1e30, np.float32)).tolist() == [0] * 7

    def test_eps_must_not_be_negative(self):
        with pytest.raises(ValueError, match=r"eps >= 0: got eps = -1\.0"):
            act.standardize(np.ones(3), eps=-1.0)
        with pytest.raises(TypeError, match="'eps' by position and by name"):
            act.rms_norm(np.ones(3), 1e-3, eps=1e-3)


class TestLosses:
    def test_labels_are_one_hot_probabilities(self):
        logits = np.random.default_rng(0).normal(size=(6, 5))
        labels = np.arange(6) % 5
        one_hot = np.eye(5)[labels]
        np.testing.assert_allclose(
            act.softmax_cross_entropy(logits, labels), act.softmax_cross_entropy(logits, one_hot), rtol=1e-14
        )
        assert_same(
            act.derivative.softmax_cross_entropy(logits, labels), act.derivative.softmax_cross_entropy(logits, one_hot)
        )
        assert_same(act.softmax_cross_entropy(logits.T, labels, axis=0), act.softmax_cross_entropy(logits, labels))

    def test_labels_and_probabilities_broadcast(self):
        logits, labels, probabilities = np.arange(5.0), np.arange(6) % 5, np.eye(5)[np.arange(6) % 5]
        repeated = np.tile(logits, (6, 1))
        for function in (act.softmax_cross_entropy, act.derivative.softmax_cross_entropy):
            assert_same(function(logits, labels), function(repeated, labels))
            assert_same(function(logits, probabilities), function(repeated, probabilities))
            assert_same(function(repeated, 3), function(repeated, np.full(6, 3)))

    @pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64", ">i4"])
    def test_labels_may_be_integers_of_any_type(self, dtype):
        logits, labels = np.random.default_rng(0).normal(size=(6, 5)), np.arange(6) % 5
        function = act.derivative.softmax_cross_entropy
        assert_same(function(logits, labels.astype(dtype)), function(logits, labels))

    @pytest.mark.parametrize(("dtype", "label"), [("float16", 2049), ("float32", 2**24 + 1)])
    def test_labels_need_not_be_floats_of_the_logits(self, dtype, label):
        logits = np.zeros(label + 2, dtype)
        slope = act.derivative.softmax_cross_entropy(logits, label)
        assert (slope < 0).nonzero()[0].tolist() == [label]
        logits[label] = -1
        assert act.softmax_cross_entropy(logits, label) == pytest.approx(1 + math.log(label + 2), rel=1e-3)

    def test_certainty_keeps_its_digits(self):
        assert act.softmax_cross_entropy([0.0, -50.0], 0) == pytest.approx(1.9287498479639178e-22, rel=1e-15)
        assert act.derivative.softmax_cross_entropy([0.0, -50.0], 0)[0] == pytest.approx(-1.9287498479639178e-22)
        assert act.derivative.sigmoid_cross_entropy(50.0, 1.0) == pytest.approx(-1.9287498479639178e-22)

    @pytest.mark.parametrize(("label", "dtype"), [(-1, "int8"), (3, "int64"), (2**63, "uint64")])
    def test_labels_out_of_range_are_refused(self, label, dtype):
        with pytest.raises(ValueError, match=f"between 0 and 2: got {label}"):
            act.softmax_cross_entropy(np.zeros((2, 3)), np.array([0, label], dtype))

    def test_infinite_logits_on_the_right_side_cost_nothing(self):
        assert act.sigmoid_cross_entropy([np.inf, -np.inf], [1.0, 0.0]).tolist() == [0, 0]
        assert act.softmax_cross_entropy([0.0, -np.inf], [1.0, 0.0]) == 0


def public_arguments(key, dtype, shape, axis):
    """What the public function of a key takes for an x of a shape."""
    random, record = np.random.default_rng(0), ALONG_AXIS[key.name]
    g, names = key.variant == "vjp", along_axis.arguments(key)
    args = tuple(np.abs(random.normal(size=shape) * 8).astype(dtype) for _ in names[g:])
    args += (2,) if record.split == "pieces" else ()
    if g:
        along = {"axis": axis} if takes_axis(key) else {}
        value = along_axis.function(key._replace(variant="value"))(*args, **along)
        args = (random.normal(size=np.shape(value)).astype(dtype)[()], *args)
    return args


def takes_axis(key):
    return ALONG_AXIS[key.name].split or not ALONG_AXIS[key.name].elementwise


# Callers of functions of one argument, two and three: Numba knows no f(*args, axis=axis).
ALONG = (
    lambda f: lambda a, axis: f(a, axis=axis),
    lambda f: lambda a, b, axis: f(a, b, axis=axis),
    lambda f: lambda a, b, c, axis: f(a, b, c, axis=axis),
)
NUMBER_BY_NUMBER = (
    lambda f: lambda a, axis: f(a),
    lambda f: lambda a, b, axis: f(a, b),
    lambda f: lambda a, b, c, axis: f(a, b, c),
)


class TestInCompiledCode:
    @pytest.mark.parametrize("key", PUBLIC_KEYS, ids=lambda key: f"{key.variant}-{key.name}")
    @each_dtype
    def test_every_function_has_the_same_bits(self, key, dtype):
        function = along_axis.function(key)
        calls = ALONG if takes_axis(key) else NUMBER_BY_NUMBER
        compiled = njit(calls[len(public_arguments(key, dtype, (4,), 0)) - 1](function))
        # each number of dimensions compiles anew: every function meets one with each dtype
        shape = (2, 6, 40) if dtype == np.float32 else (40,)
        for axis in (*range(len(shape)), -1):
            args = public_arguments(key, dtype, shape, axis)
            got, wanted = compiled(*args, axis), compiled.py_func(*args, axis)
            assert np.shape(got) == np.shape(wanted)
            assert getattr(got, "dtype", dtype) == dtype  # Numba makes a float of a number
            assert np.asarray(got, dtype).tobytes() == wanted.tobytes()

    def test_calls_may_stand_among_array_expressions(self):
        @njit
        def compiled(x):
            return 2 * act.softmax(x - 1) + act.vjp.log_softmax(x, x)

        x = np.random.default_rng(0).normal(size=(3, 5))
        assert_same(compiled(x), compiled.py_func(x))

    def test_parameters_have_their_names_and_defaults(self):
        @njit
        def compiled(x):
            return act.standardize(x), act.standardize(x, 2), act.rms_norm(x, axis=0, eps=0.5), act.maxout(x, pieces=2)

        x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
        assert_same(compiled(x), compiled.py_func(x))

    def test_arrays_of_any_layout_and_integers_are_taken(self):
        @njit
        def compiled(x):
            return act.softmax(x, axis=0)

        x = np.random.default_rng(0).normal(size=(8, 6))
        for each in (x[::2, ::-1], np.asfortranarray(x), (x * 9).astype(np.int64), x[:0], x[:, :0]):
            assert_same(compiled(each), compiled.py_func(each))

    def test_a_reduced_axis_may_be_kept(self):
        @njit
        def compiled(x, axis):
            kept, mean = act.logsumexp(x, axis=axis, keepdims=True), act.logmeanexp(x, axis=axis, keepdims=True)
            return kept, mean, act.logsumexp(x, axis=axis, keepdims=False), x - act.logsumexp(x, keepdims=True)

        x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
        for axis in range(-3, 3):
            assert_same(compiled(x, axis), compiled.py_func(x, axis))
        with pytest.raises(numba.TypingError, match=r"True or False, written out, as keepdims: got .*bool"):
            njit(lambda x, kept: act.logsumexp(x, keepdims=kept))(x, True)
        with pytest.raises(TypeError, match=r"softmax\(\) got an unexpected keyword argument 'keepdims'"):
            njit(lambda x: act.softmax(x, keepdims=True))(x)

    def test_out_receives_the_result(self):
        @njit
        def compiled(x, out):
            return act.softmax(x, out=out)

        x = np.random.default_rng(0).normal(size=(4, 6))
        wanted, out = act.softmax(x), np.zeros((4, 12))[:, ::2]
        assert_same(compiled(x, out), wanted)
        assert_same(out, wanted)
        assert_same(compiled(x, x), wanted)
        with pytest.raises(ValueError, match="out must have the shape of the result"):
            compiled(x, np.zeros((4, 5)))

    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    def test_labels_are_taken_for_targets(self, dtype):
        @njit
        def compiled(g, logits, labels, axis):
            return (
                act.softmax_cross_entropy(logits, labels, axis=axis),
                act.derivative.softmax_cross_entropy(logits, labels, axis=axis),
                act.vjp.softmax_cross_entropy(g, logits, labels, axis=axis),
            )

        logits = np.random.default_rng(0).normal(size=(5, 6)).astype(dtype)
        for axis in (0, 1):
            labels = np.arange(logits.shape[1 - axis], dtype=np.int32) % 4
            g = labels.astype(dtype)
            assert_same(compiled(g, logits, labels, axis), compiled.py_func(g, logits, labels, axis))
        for label in (-1, 6):
            with pytest.raises(ValueError, match="less than the number of classes"):
                compiled(g, logits, np.full(5, label, np.int32), 1)

    def test_a_row_may_have_a_label(self):
        compiled = njit(lambda logits, label: act.softmax_cross_entropy(logits, label, axis=0))
        assert compiled(np.array([0.0, -50.0]), 0) == act.softmax_cross_entropy([0.0, -50.0], 0)

    def test_what_does_not_fit_is_refused(self):
        @njit
        def compiled(g, x, axis):
            return act.glu(x, axis=axis), act.vjp.logsumexp(g, x, axis=axis)

        g, x = np.ones(3), np.ones((3, 4))
        compiled(g, x, 1)
        for axis in (-3, 2):
            with pytest.raises(ValueError, match="axis must be one of the array's"):
                compiled(g, x, axis)
        with pytest.raises(ValueError, match="multiple"):
            compiled(g, x, 0)
        with pytest.raises(ValueError, match="another shape"):
            compiled(np.ones(2), x, 1)

    def test_types_that_do_not_fit_are_named(self):
        compiled = njit(lambda x: act.softmax(x, axis=0))
        with pytest.raises(numba.TypingError, match=r"takes arrays of float32, float64 or integers.*: got float64"):
            compiled(1.0)
        with pytest.raises(numba.TypingError, match=r"takes arrays of float32.*complex128"):
            compiled(np.ones(2, complex))

    def test_a_callers_cache_is_hit_by_a_process_that_has_no_such_function(self, tmp_path):
        (tmp_path / "caller_along_axis.py").write_text(
            textwrap.dedent("""
                from numba import njit
                import numba_activations as act

                @njit(cache=True)
                def compiled(x):
                    return act.softmax(x)
            """)
        )
        code = """
            import sys
            import os
            sys.path.insert(0, os.environ["CALLER"])
            import caller_along_axis, numpy as np
            y = caller_along_axis.compiled(np.linspace(-3, 3, 100))
            print(y.tobytes().hex(), sum(caller_along_axis.compiled.stats.cache_hits.values()))
        """
        environment = {"CALLER": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        wanted = act.softmax(np.linspace(-3, 3, 100)).tobytes().hex()
        assert run(code, **environment) == [wanted, "0"]
        assert run(code, **environment) == [wanted, "1"]
