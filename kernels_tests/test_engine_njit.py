"""The same names inside compiled code."""

import functools
import re
import textwrap

import numba
import numpy as np
import pytest
from numba import njit, vectorize
from processes import run
from rows import bits, ordinary, special

import numba_activations as act

FINITE = {dtype: special(dtype)[np.isfinite(special(dtype))] for dtype in ("float32", "float64")}
PACKED = re.compile(r"\b(v?(mul|add|fmadd\d+|fnmadd\d+)p[sd])\b|\b(fmul|fmla|fadd)[ \t.]+v?\d*\.?[24][sd]")


def test_names_are_taken_from_the_package_and_its_namespaces():
    @njit
    def compiled(x):
        return (
            act.sigmoid(x),
            act.derivative.sigmoid(x),
            act.value_and_derivative.sigmoid(x),
            act.vjp.sigmoid(2.0, x),
            act.approx.schraudolph.sigmoid(x),
            act.approx.u3.derivative.sigmoid(x),
            act.expit(x),
        )

    assert compiled(0.3) == compiled.py_func(0.3)
    assert type(compiled(1)[0]) is float
    assert compiled(1) == compiled.py_func(1.0)
    assert compiled(True) == compiled.py_func(1.0)


def test_defaults_keywords_and_positions_are_those_of_the_ufunc():
    @njit
    def compiled(x):
        return (
            act.leaky_relu(x),
            act.leaky_relu(x, 0.25),
            act.leaky_relu(x, negative_slope=0.5),
            act.derivative.leaky_relu(x, 2),
            act.vjp.leaky_relu(3.0, x, negative_slope=0.5),
            act.clipped_linear(x, 2.0, max_val=0.5, min_val=-7.0),
            act.parameter_derivative.prelu(x),
        )

    for x in (-3.0, 0.2, 5.0):
        assert compiled(x) == compiled.py_func(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_number_keeps_its_type(dtype):
    @njit
    def compiled(x):
        return act.leaky_relu(x) + act.sigmoid(x)

    compiled(np.dtype(dtype).type(-1))
    assert str(compiled.nopython_signatures[0].return_type) == dtype


LAYOUTS = {
    "contiguous": lambda x: x,
    "strided": lambda x: x[::3],
    "reversed": lambda x: x[::-1],
    "transposed": lambda x: x[:60].reshape(6, 10).T,
    "nothing": lambda x: x[:0],
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_arrays_of_any_layout(layout):
    @njit
    def compiled(x):
        return act.tanh(x)

    x = layout(ordinary("float64"))
    np.testing.assert_array_equal(bits(compiled(x)), bits(act.tanh(x)))


def test_arrays_into_out_and_with_array_parameters():
    @njit
    def into(x, out):
        return act.leaky_relu(x, 0.5, out)

    @njit
    def slopes(x, p):
        return act.leaky_relu(x, p)

    x = ordinary("float64")
    memory = np.full(3 * x.size, 7.0)
    into(x, memory[x.size : 2 * x.size])
    np.testing.assert_array_equal(memory[x.size : 2 * x.size], act.leaky_relu(x, 0.5))
    assert (memory[: x.size] == 7).all()
    assert (memory[2 * x.size :] == 7).all()
    p = np.linspace(0, 1, 3)[:, None]
    np.testing.assert_array_equal(slopes(x, p), act.leaky_relu(x, p))


OUT = {
    "larger": (lambda m: (m[:6], m[6:18].reshape(2, 6))),
    "of one number": (lambda m: (m[:1], m[6:18].reshape(2, 6))),
    "itself": (lambda m: (m[:6], m[:6])),
    "a step on": (lambda m: (m[:6], m[1:7])),
    "a step back": (lambda m: (m[1:7], m[:6])),
    "reversed": (lambda m: (m[:6], m[5::-1])),
    "transposed": (lambda m: (m[:16].reshape(4, 4), m[:16].reshape(4, 4).T)),
    "of another type": (lambda m: (m[:6].view("float32")[:8], m[:8])),
    "nothing": (lambda m: (m[:0], m[:0])),
}


@functools.cache
def into_out():
    """Compiled once for each type of arrays, as that takes seconds."""

    @njit
    def into(slope, x, out):
        return act.leaky_relu(x, slope, out=out)

    return into


@pytest.mark.parametrize("place", OUT.values(), ids=OUT)
def test_out_may_share_memory_with_what_is_read(place):
    x, out = place(np.linspace(-3, 3, 18))
    wanted = act.leaky_relu(x.copy(), 0.5, out=np.zeros_like(out))
    assert into_out()(0.5, x, out) is not None
    np.testing.assert_array_equal(out, wanted)


@pytest.mark.parametrize("shape", [(7,), (5,), (6, 1), (0,)], ids=str)
def test_out_of_another_shape_is_refused(shape):
    for slope, x in ((0.5, np.ones(6)), (np.ones(6), np.ones(1))):
        out = np.full(shape, 7.0)
        with pytest.raises(ValueError, match="shape of the result"):
            into_out()(slope, x, out)
        assert (out == 7).all()


@pytest.mark.parametrize("out", [np.zeros(3, int), np.zeros(())], ids=["int", "0-d"])
@pytest.mark.parametrize("function", ["sigmoid", "softmax"], indirect=True)
def test_out_of_another_kind_is_refused(function, out):
    @njit
    def into(x, out):
        return function(x, out=out)

    with pytest.raises(numba.TypingError, match=r"out of floats|floats as out|out must have 1 dim"):
        into(np.ones(3), out)


def test_a_tier_of_float32_alone_refuses_float64():
    @njit
    def compiled(x, p):
        return act.approx.correct.elu(x, p)

    single, double = np.float32([-1, 2]), np.float64([-1, 2])
    np.testing.assert_array_equal(compiled(single, 0.5), act.approx.correct.elu(single, 0.5))
    for x, p in ((double, 0.5), (0.25, 0.5), (single, double)):
        with pytest.raises(numba.TypingError, match=re.escape("approx.correct.elu() has no float64")):
            compiled(x, p)


def test_two_results_on_arrays():
    @njit
    def compiled(x):
        return act.value_and_derivative.tanh(x)

    x = ordinary("float32")
    for found, wanted in zip(compiled(x), act.value_and_derivative.tanh(x), strict=True):
        np.testing.assert_array_equal(bits(found), bits(wanted))


def test_wrong_arguments_are_typing_errors():
    @njit
    def text():
        return act.sigmoid("one")

    @njit
    def imaginary(x):
        return act.sigmoid(x)

    for call in (text, lambda: imaginary(1j)):
        with pytest.raises(numba.TypingError):
            call()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", ["exp", "sigmoid", "tanh", "squareplus", "approx.schraudolph.exp"], indirect=True)
def test_no_rounding_vanishes_under_fastmath(function, dtype):
    """A caller's flags may change how the caller rounds, but not what the kernels rely on."""

    @njit(fastmath=True)
    def compiled(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    x = np.concatenate([FINITE[dtype], ordinary(dtype)])
    y = np.empty_like(x)
    compiled(x, y)
    np.testing.assert_array_equal(bits(y), bits(function(x)))


@pytest.mark.parametrize("options", [{}, {"fastmath": True}, {"error_model": "numpy"}], ids=str)
@pytest.mark.parametrize("function", ["sigmoid", "derivative.tanh", "leaky_relu", "softsign"], indirect=True)
def test_a_callers_loop_becomes_vector_instructions_without_calls(function, options):
    @njit(**options)
    def compiled(x, y):
        for i in range(x.size):
            y[i] = function(x[i])

    compiled(np.ones(4, np.float32), np.ones(4, np.float32))
    (assembly,) = compiled.inspect_asm().values()
    assert PACKED.search(assembly)
    assert not re.search(r"\bexpf?\b", assembly)


def test_a_callers_cache_is_hit_by_the_next_process(tmp_path):
    (tmp_path / "cached_caller.py").write_text(
        textwrap.dedent("""
            import numpy as np
            from numba import njit
            import numba_activations as act

            @njit(cache=True)
            def total(x):
                y = 0.0
                for i in range(x.size):
                    y += act.sigmoid(x[i]) + act.derivative.leaky_relu(x[i], 0.5)
                return y
        """)
    )
    code = """
        import sys
        import os
        sys.path.insert(0, os.environ["CALLER"])
        import cached_caller, numpy as np
        print(cached_caller.total(np.linspace(-3, 3, 100)), sum(cached_caller.total.stats.cache_hits.values()))
    """
    environment = {"CALLER": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    first, second = run(code, **environment), run(code, **environment)
    x = np.linspace(-3, 3, 100)
    assert float(first[0]) == pytest.approx(act.sigmoid(x).sum() + act.derivative.leaky_relu(x, 0.5).sum())
    assert second[0] == first[0]
    assert (first[1], second[1]) == ("0", "1")


def test_a_callers_parallel_loop_has_the_same_bits():
    found = run("""
        import numpy as np
        from numba import njit, prange
        import numba_activations as act

        @njit(parallel=True)
        def compiled(x, y):
            for i in prange(x.size):
                y[i] = act.sigmoid(x[i])

        @njit(parallel=True)
        def arrays(x):
            return act.sigmoid(x) + act.leaky_relu(x)

        x = np.random.default_rng(1).normal(scale=9, size=30_000).astype(np.float32)
        y = np.empty_like(x)
        compiled(x, y)
        print((y == act.sigmoid(x)).all(), (arrays(x) == act.sigmoid(x) + act.leaky_relu(x)).all())
    """)
    assert found == ["True", "True"]


def test_functions_made_before_and_after_numba_was_imported_are_both_known():
    assert act.sigmoid is not None  # now it is in the object cache, and another process needs no compiler
    found = run("""
        import sys
        import numba_activations as act
        before = act.sigmoid
        assert "numba" not in sys.modules
        from numba import njit

        @njit
        def compiled(x):
            return before(x) + act.tanh(x)

        print(compiled(0.5) == act.sigmoid(0.5) + act.tanh(0.5))
    """)
    assert found == ["True"]


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="Numba's ufuncs test the strides of their inputs only")
@pytest.mark.parametrize("view", [lambda m: m[100:140][::2], lambda m: m[119:99:-1]], ids=["strided", "reversed"])
def test_numbas_own_ufuncs_write_the_right_cells(view):
    """Why the engine has loops of its own. When it passes, Numba is mended."""

    @vectorize(["float64(float64)"], nopython=True)
    def plus_one(x):
        return x + 1

    memory = np.full(300, -7.0)
    expected = memory.copy()
    view(expected)[...] = 1
    plus_one(np.zeros(20), out=view(memory))
    np.testing.assert_array_equal(memory, expected)
