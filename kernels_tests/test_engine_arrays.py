"""Results go where they belong and nowhere else, whatever the arrays look like."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import DTYPES, bits, special

import numba_activations as act

FUNCTIONS = {
    "value": "sigmoid",
    "derivative": "derivative.tanh",
    "parameter": "leaky_relu",
    "two results": "value_and_derivative.sigmoid",
    "two inputs": "vjp.tanh",
}
every_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS, indirect=True)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
CANARY = 0xA5


def leading(function):
    """How many arrays a function takes, parameters aside."""
    return 2 if function is act.vjp.tanh else 1


def outputs(function):
    return getattr(function, "ufunc", function).nout


def numbers(dtype, size, seed=0):
    """Ordinary and special numbers, shuffled."""
    random = np.random.default_rng(seed)
    x = np.concatenate([random.normal(scale=4, size=size).astype(dtype), special(dtype)])
    return random.permutation(x)[:size]


def reference(function, *arrays):
    """Results on fresh contiguous copies, always as a tuple."""
    return as_tuple(function(*(np.array(a, order="C", copy=True) for a in arrays)))


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


class Guarded:
    """Memory of canaries with an array somewhere inside: `view` makes the array of the aligned middle of the memory."""

    def __init__(self, dtype, size, view, offset=0):
        self.memory = np.full(3 * size * np.dtype(dtype).itemsize + 128, CANARY, np.uint8)
        first = size * np.dtype(dtype).itemsize + 64 + offset
        self.middle = self.memory[first : first + size * np.dtype(dtype).itemsize].view(dtype)
        self.array = view(self.middle)

    def untouched_around(self):
        """Whether all bytes outside of the array are canaries still."""
        self.array[...] = np.full(self.array.itemsize, CANARY, np.uint8).view(self.array.dtype)[0]
        return bool((self.memory == CANARY).all())


VIEWS = {
    "contiguous": lambda m: m,
    "strided": lambda m: m[::2],
    "far strided": lambda m: m[5::17],
    "reversed": lambda m: m[::-1],
    "reversed and strided": lambda m: m[-3::-3],
    "rows": lambda m: m[:600].reshape(20, 30)[:, 3:20],
    "column": lambda m: m[:600].reshape(20, 30)[:, 7],
    "transposed": lambda m: m[:600].reshape(20, 30).T,
    "transposed and reversed": lambda m: m[:600].reshape(20, 30).T[::-1, ::-2],
    "three dimensions": lambda m: m[:600].reshape(5, 12, 10).transpose(2, 0, 1)[::2],
    "one number": lambda m: m[3:4],
    "nothing": lambda m: m[:0],
    "no dimensions": lambda m: m[5:6].reshape(()),
}
every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@every_function
@every_dtype
@every_view
def test_out_of_any_layout_gets_its_cells_and_no_other_is_written(function, dtype, view):
    outs = [Guarded(dtype, 700, view) for _ in range(outputs(function))]
    shape = outs[0].array.shape
    arrays = [numbers(dtype, 700, k)[: outs[0].array.size].reshape(shape) for k in range(leading(function))]
    returned = function(*arrays, out=tuple(o.array for o in outs))
    for result, guarded, wanted in zip(as_tuple(returned), outs, reference(function, *arrays), strict=True):
        assert result is guarded.array
        np.testing.assert_array_equal(bits(guarded.array), bits(wanted))
        assert guarded.untouched_around()


@every_function
@every_dtype
@every_view
def test_inputs_of_any_layout(function, dtype, view):
    arrays = [view(numbers(dtype, 700, k)) for k in range(leading(function))]
    before = [a.copy() for a in arrays]
    for found, wanted in zip(as_tuple(function(*arrays)), reference(function, *arrays), strict=True):
        assert found.shape == wanted.shape
        np.testing.assert_array_equal(bits(found), bits(wanted))
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(bits(array), bits(copy))


@every_function
@every_dtype
@pytest.mark.parametrize("shift", [-65, -2, -1, 0, 1, 2, 65])
@pytest.mark.parametrize("stride", [1, 2, -1])
def test_out_may_overlap_an_input_in_every_way(function, dtype, shift, stride):
    size = 300
    memory = [numbers(dtype, 3 * size, k) for k in range(outputs(function))]
    x = memory[0][100 : 100 + size]
    others = [numbers(dtype, size, 9)] * (leading(function) - 1)
    first = 100 + shift if stride > 0 else 100 + shift + size - 1
    out = tuple(
        m[first : first + stride * size if first + stride * size >= 0 else None : stride][:size] for m in memory
    )
    wanted = reference(function, *others, x)
    expected = [m.copy() for m in memory]
    for m, result in zip(expected, wanted, strict=True):
        m[first : first + stride * size if first + stride * size >= 0 else None : stride][:size] = result
    function(*others, x, out=out)
    for found, m in zip(memory, expected, strict=True):
        np.testing.assert_array_equal(bits(found), bits(m))


@every_dtype
def test_both_results_may_lie_in_one_memory_and_over_the_input(dtype):
    memory = numbers(dtype, 600)
    x = memory[::2]
    value, derivative = reference(act.value_and_derivative.sigmoid, x)
    act.value_and_derivative.sigmoid(x, out=(memory[::2], memory[1::2]))
    np.testing.assert_array_equal(bits(memory[::2]), bits(value))
    np.testing.assert_array_equal(bits(memory[1::2]), bits(derivative))


@every_function
@every_dtype
def test_in_place_has_the_bits_of_out_of_place(function, dtype):
    for size in (1, 63, 64, 65, 511, 512, 513, 1000):
        arrays = [numbers(dtype, size, k) for k in range(leading(function))]
        wanted = reference(function, *arrays)
        outs = (arrays[-1], np.empty(size, dtype))[: outputs(function)]
        for found, exact in zip(as_tuple(function(*arrays, out=outs)), wanted, strict=True):
            np.testing.assert_array_equal(bits(found), bits(exact))


@every_function
@every_dtype
def test_where_leaves_the_other_cells_alone(function, dtype):
    size = 700
    chosen = np.random.default_rng(3).random(size) < 0.4
    arrays = [numbers(dtype, size, k) for k in range(leading(function))]
    outs = [Guarded(dtype, 2 * size, lambda m: m[::2]) for _ in range(outputs(function))]
    for guarded in outs:
        guarded.array[...] = 7
    function(*arrays, out=tuple(o.array for o in outs), where=chosen)
    for guarded, wanted in zip(outs, reference(function, *arrays), strict=True):
        np.testing.assert_array_equal(bits(guarded.array[chosen]), bits(wanted[chosen]))
        assert (guarded.array[~chosen] == 7).all()
        assert guarded.untouched_around()


@every_function
def test_out_of_another_type_is_cast_where_casting_allows(function):
    arrays = [numbers("float32", 700, k) for k in range(leading(function))]
    wanted = reference(function, *arrays)
    wide = tuple(np.empty(1400)[::2] for _ in wanted)
    for found, exact in zip(as_tuple(function(*arrays, out=wide)), wanted, strict=True):
        np.testing.assert_array_equal(found, exact.astype(np.float64))
    narrow = tuple(np.empty(700, np.float16) for _ in wanted)
    with np.errstate(over="ignore"):  # the cast is NumPy's own, and warns as always
        for found, exact in zip(as_tuple(function(*arrays, out=narrow)), wanted, strict=True):
            np.testing.assert_array_equal(found, exact.astype(np.float16))
    with pytest.raises(TypeError):
        function(*arrays, out=tuple(np.empty(700, np.int32) for _ in wanted))
    with pytest.raises(TypeError):
        function(*arrays, out=narrow, casting="no")


@every_function
def test_dtype_and_casting_choose_the_loop(function):
    arrays = [numbers("float32", 200, k) for k in range(leading(function))]
    exact = reference(function, *(a.astype(np.float64) for a in arrays))
    for found, wanted in zip(as_tuple(function(*arrays, dtype=np.float64)), exact, strict=True):
        np.testing.assert_array_equal(bits(found), bits(wanted))
        assert found.dtype == np.float64
    with pytest.raises(TypeError):
        function(*(a.astype(np.float64) for a in arrays), dtype=np.float32, casting="safe")


@every_function
@every_dtype
def test_out_that_does_not_fit_is_refused_and_left_as_it_was(function, dtype):
    arrays = [numbers(dtype, 50, k) for k in range(leading(function))]
    outs = tuple(np.full(49, 3, dtype) for _ in range(outputs(function)))
    with pytest.raises(ValueError, match="broadcast"):
        function(*arrays, out=outs)
    assert all((o == 3).all() for o in outs)
    read_only = tuple(np.full(50, 3, dtype) for _ in range(outputs(function)))
    for o in read_only:
        o.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        function(*arrays, out=read_only)
    assert all((o == 3).all() for o in read_only)


@every_function
@every_dtype
def test_read_only_unaligned_and_byte_swapped_arrays(function, dtype):
    arrays = [numbers(dtype, 700, k) for k in range(leading(function))]
    wanted = reference(function, *arrays)

    def unaligned(a):
        memory = np.empty(a.nbytes + 1, np.uint8)
        view = memory[1:].view(a.dtype)
        view[...] = a
        return view

    def read_only(a):
        copy = a.copy()
        copy.flags.writeable = False
        return copy

    for change in (unaligned, read_only, lambda a: a.astype(a.dtype.newbyteorder())):
        for found, exact in zip(as_tuple(function(*map(change, arrays))), wanted, strict=True):
            np.testing.assert_array_equal(bits(found), bits(exact))
    outs = [Guarded(dtype, 700, lambda m: m, offset=1) for _ in wanted]
    function(*arrays, out=tuple(o.array for o in outs))
    for guarded, exact in zip(outs, wanted, strict=True):
        np.testing.assert_array_equal(bits(guarded.array), bits(exact))
        assert guarded.untouched_around()
    swapped = tuple(np.empty(700, np.dtype(dtype).newbyteorder()) for _ in wanted)
    for found, exact in zip(as_tuple(function(*arrays, out=swapped)), wanted, strict=True):
        np.testing.assert_array_equal(bits(found.astype(dtype)), bits(exact))


@every_dtype
def test_inputs_and_parameters_broadcast(dtype):
    g, x = numbers(dtype, 30, 1)[:, None], numbers(dtype, 70, 2)
    full = np.broadcast_arrays(g, x)
    np.testing.assert_array_equal(bits(act.vjp.tanh(g, x)), bits(reference(act.vjp.tanh, *full)[0]))
    repeated = np.broadcast_to(x, (4, 70))
    np.testing.assert_array_equal(bits(act.sigmoid(repeated)), bits(np.broadcast_to(act.sigmoid(x), (4, 70))))
    slopes = np.array([[0.0], [0.5], [2.0]], dtype)
    both = np.broadcast_arrays(x, slopes)
    np.testing.assert_array_equal(bits(act.leaky_relu(x, slopes)), bits(reference(act.leaky_relu.ufunc, *both)[0]))
    with pytest.raises(ValueError, match="broadcast"):
        act.vjp.tanh(x, x[:-1])


layouts = st.tuples(st.integers(1, 40), st.integers(0, 30), st.sampled_from([1, 2, 3, 5, -1, -2, -4]))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DTYPES), st.integers(0, 700), layouts, layouts, st.booleans())
def test_any_pair_of_strides_in_one_or_two_memories(dtype, size, source, target, shared):
    def place(memory, layout):
        _, offset, stride = layout
        whole = memory[offset : offset + abs(stride) * size : abs(stride)]
        return whole if stride > 0 else whole[::-1]

    memory = numbers(dtype, 5 * 700 + 64, size)
    other = memory if shared else numbers(dtype, memory.size, 1)
    x, out = place(memory, source), place(other, target)
    expected, wanted = other.copy(), reference(act.sigmoid, x)[0]
    place(expected, target)[...] = wanted
    act.sigmoid(x, out=out)
    np.testing.assert_array_equal(bits(other), bits(expected))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(width=32), max_size=200))
def test_any_numbers(values):
    x = np.array(values, np.float32)
    with np.errstate(all="raise"):
        value, derivative = act.value_and_derivative.tanh(x)
    nan = np.isnan(x)
    np.testing.assert_array_equal(np.isnan(value), nan)
    np.testing.assert_array_equal(np.isnan(derivative), nan)
    assert (np.abs(value[~nan]) <= 1).all()
    assert ((derivative[~nan] >= 0) & (derivative[~nan] <= 1)).all()
    np.testing.assert_array_equal(np.signbit(value[~nan]), np.signbit(x[~nan]))


def test_ufunc_methods_are_numpys():
    assert isinstance(act.sigmoid, np.ufunc)
    assert isinstance(act.leaky_relu.ufunc, np.ufunc)
    x = numbers("float32", 6)
    np.testing.assert_array_equal(act.vjp.tanh.outer(x, x), act.vjp.tanh(x[:, None], x))
    y = np.arange(4.0)
    act.sigmoid.at(y, [1, 3])
    np.testing.assert_array_equal(y, [0, act.sigmoid(1.0), 2, act.sigmoid(3.0)])


def test_an_error_in_the_caller_s_own_flags_is_still_seen():
    act.sigmoid(np.array([np.nan, 1e300, -1e300]))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.float64(1) / np.zeros(1)


@pytest.mark.parametrize("name", ["leaky_relu.ufunc", "vjp.sigmoid", "vjp.relu"])
@pytest.mark.parametrize("count", [2, 7, 200, 3000])
def test_what_numpy_makes_of_functions_of_two_arguments_takes_one_result_after_the_other(name, count):
    function = functools.reduce(getattr, name.split("."), act)
    plain = np.frompyfunc(lambda a, b: float(function(a, b)), 2, 1)
    for x in (np.linspace(-9, 7, count), np.linspace(-9, 7, 2 * count)[::2]):
        np.testing.assert_array_equal(function.accumulate(x), plain.accumulate(x.astype(object)).astype(float))
        assert function.reduce(x) == plain.reduce(x.astype(object))
        square = np.resize(x, (count, 3))
        np.testing.assert_array_equal(function.reduce(square, axis=0), [function.reduce(x) for x in square.T])
        np.testing.assert_array_equal(function.reduceat(x, [0, 1]), [x[0], function.reduce(x[1:])])
