"""Threads, forks, other libraries' arrays: a function is the same object and has the same bits everywhere."""

import os
import pickle
import sys
import threading

import numpy as np
import pytest
from numba import TypingError
from processes import digests, run
from rows import DTYPES, bits, ordinary, special

import numba_activations as act
from numba_activations.engine import objectcode, registry, target
from numba_activations.engine.keys import DEFAULT, Key
from numba_activations.engine.threads import processors
from numba_activations.records import Activation, Limits

EVERYWHERE = [
    "sigmoid",
    "derivative.sigmoid",
    "value_and_derivative.tanh",
    "vjp.tanh",
    "leaky_relu",
    "leaky_relu.ufunc",
    "derivative.leaky_relu.ufunc",
    "vjp.leaky_relu.usual",
    "approx.schraudolph.exp",
    "approx.u3.derivative.sigmoid",
]


def test_threads_may_each_compile_what_uses_the_package_first():
    """Numba loads its extensions while another thread may compile, and import the same modules."""
    found = run("""
        import threading
        import numpy as np
        import numba_activations as act
        x = np.ones((3, 4))
        act.sigmoid(x), act.softmax(x)
        from numba import njit
        def compile_and_call():
            try:
                done.append(njit(lambda v: act.sigmoid(v) + act.softmax(v))(x).tolist())
            except Exception as error:  # of a thread that Numba lets go on before its extensions are there
                done.append(type(error).__name__)
        done = []
        threads = [threading.Thread(target=compile_and_call, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        print((act.sigmoid(x) + act.softmax(x)).tolist() in done, len(done))
    """)
    assert found == ["True", "3"]


def test_a_warm_process_does_not_import_numba():
    assert act.sigmoid is not None  # now it is in the cache
    assert act.leaky_relu is not None
    found = run("""
        import sys
        import numpy as np
        import numba_activations as act
        act.sigmoid(np.ones(3)), act.leaky_relu(np.ones(3))
        print("numba" in sys.modules, "scipy" in sys.modules)
    """)
    assert found == ["False", "False"]


def test_many_threads_that_call_first_compile_once(tmp_path):
    found = run(
        """
        import threading
        import numpy as np
        import numba_activations as act
        from numba_activations.engine import objectcode

        optimised, builds = objectcode.optimised, []
        objectcode.optimised = lambda *args: (builds.append(1), optimised(*args))[1]
        barrier, found = threading.Barrier(12), []

        def first_call():
            barrier.wait()
            found.append((act.softsign, act.softsign(3.0)))

        threads = [threading.Thread(target=first_call) for _ in range(12)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        print(len(builds), len(found), len(set(found)))
    """,
        NUMBA_ACTIVATIONS_CACHE_DIR=str(tmp_path / "cache"),
    )
    assert found == ["2", "12", "1"]  # modules: one computes in float32, one in float64


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_calls_makes_and_compiles_functions(tmp_path):
    found = run(
        """
        import os, warnings
        import numpy as np
        import numba_activations as act
        x = np.linspace(-5, 5, 300_000)
        wanted = act.parallel(act.softsign, x, threads=2)
        warnings.simplefilter("ignore")  # a process with threads forks: that is what is tested
        child = os.fork()
        if child == 0:
            same = (act.parallel(act.softsign, x, threads=2) == wanted).all()
            os._exit(0 if same and act.sparse_plus(0.0) == 0.25 else 1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), act.sparse_plus(0.0))
    """,
        NUMBA_ACTIVATIONS_CACHE_DIR=str(tmp_path / "cache"),
    )
    assert found == ["0", "0.25"]


@pytest.fixture
def broken(monkeypatch):
    """A row whose kernel Numba cannot compile."""

    def broken(x):
        """x"""
        return x.no_such_attribute, x

    row = Activation(
        "broken", broken, exact=lambda m, x: x, limits=Limits((1, 1), (1, 1)), bounds=act.catalogue["relu"].bounds
    )
    monkeypatch.setitem(act.catalogue._rows, "broken", row)
    monkeypatch.setitem(act.catalogue._canonical, "broken", "broken")
    return row


def test_a_kernel_that_does_not_compile_raises_and_leaves_nothing_behind(broken, tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_ACTIVATIONS_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        with pytest.raises(TypingError):
            act.broken  # noqa: B018  (the access compiles)
    assert Key(DEFAULT, "value", "broken") not in registry.functions()
    assert not (tmp_path / "cache").exists()
    assert act.sigmoid(0.0) == 0.5


def test_an_error_of_the_code_generator_reaches_the_caller(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_ACTIVATIONS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(objectcode, "optimised", lambda *_: (_ for _ in ()).throw(RuntimeError("no code today")))
    key = Key("u3", "vjp", "sigmoid")
    monkeypatch.delitem(registry._functions, key, raising=False)
    with pytest.raises(RuntimeError, match="no code today"):
        registry.function(key)
    assert key not in registry.functions()


@pytest.mark.parametrize("function", EVERYWHERE, indirect=True)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_gives_the_same_object(function, protocol):
    assert pickle.loads(pickle.dumps(function, protocol)) is function


def test_a_pickle_is_read_by_another_process():
    text = pickle.dumps([act.sigmoid, act.approx.u3.derivative.sigmoid, act.leaky_relu]).hex()
    found = run(f"""
        import pickle
        a, b, c = pickle.loads(bytes.fromhex("{text}"))
        print(a(0.0), b(0.0), c(-1.0))
    """)
    assert found == ["0.5", str(act.approx.u3.derivative.sigmoid(0.0)), str(act.leaky_relu(-1.0))]


@pytest.mark.parametrize("function", EVERYWHERE, indirect=True)
def test_a_function_says_what_it_is(function):
    assert function.__doc__
    if hasattr(function, "__module__"):  # a ufunc has one from NumPy 2.1 on
        assert function.__module__ == "numba_activations"
        found = act
        for part in function.__qualname__.split("."):
            found = getattr(found, part)
        assert found is function


@pytest.mark.parametrize("function", ["sigmoid", "leaky_relu", "derivative.sigmoid"], indirect=True)
def test_pandas_objects_keep_their_labels(function):
    pandas = pytest.importorskip("pandas")
    x = pandas.Series([-1.0, 0.5, 2.0], index=["a", "b", "c"], name="logits")
    found = function(x)
    pandas.testing.assert_series_equal(found, pandas.Series(function(x.to_numpy()), index=x.index, name="logits"))
    frame = pandas.DataFrame({"one": x, "two": -x})
    np.testing.assert_array_equal(function(frame).to_numpy(), function(frame.to_numpy()))


@pytest.mark.parametrize("function", ["sigmoid", "leaky_relu", "derivative.sigmoid"], indirect=True)
def test_xarray_objects_keep_their_dimensions(function):
    xarray = pytest.importorskip("xarray")
    x = xarray.DataArray(np.linspace(-3, 3, 12).reshape(3, 4), dims=("batch", "unit"))
    found = function(x)
    assert found.dims == ("batch", "unit")
    np.testing.assert_array_equal(found.to_numpy(), function(x.to_numpy()))


@pytest.mark.parametrize("function", ["sigmoid", "leaky_relu", "derivative.sigmoid"], indirect=True)
def test_dask_arrays_stay_lazy(function):
    dask = pytest.importorskip("dask.array")
    x = np.linspace(-3, 3, 1000)
    found = function(dask.from_array(x, chunks=130))
    assert isinstance(found, dask.Array)
    np.testing.assert_array_equal(bits(found.compute()), bits(function(x)))


PARALLEL = ["sigmoid", "leaky_relu", "value_and_derivative.tanh", "derivative.sigmoid", np.negative]


@pytest.mark.parametrize("function", PARALLEL, indirect=True)
@pytest.mark.parametrize("threads", [None, 1, 2, 3, 7])
def test_parallel_has_the_bits_of_the_serial_call(function, threads):
    x = np.resize(np.concatenate([special("float32"), ordinary("float32")]), 300_001)
    for array in (x, x[:300_000].reshape(500, 600).T, x[::-1], x[:5], x[:0], x[3]):
        found, wanted = act.parallel(function, array, threads=threads), function(array)
        for one, other in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, wanted)), strict=True):
            assert type(one) is type(other)
            assert one.shape == other.shape
            np.testing.assert_array_equal(bits(one), bits(other))


def test_parallel_into_out_in_place_overlapping_and_with_array_parameters():
    x = np.resize(ordinary("float64"), 200_000)
    wanted = act.sigmoid(x)
    out = np.empty(400_000)[::2]
    assert act.parallel(act.sigmoid, x, out=out, threads=3) is out
    np.testing.assert_array_equal(out, wanted)
    in_place = x.copy()
    act.parallel(act.sigmoid, in_place, out=in_place, threads=3)
    np.testing.assert_array_equal(in_place, wanted)
    memory = np.append(x, 0.0)
    act.parallel(act.sigmoid, memory[:-1], out=memory[1:], threads=3)
    np.testing.assert_array_equal(memory[1:], wanted)
    slopes = np.linspace(0, 1, x.size)
    np.testing.assert_array_equal(act.parallel(act.leaky_relu, x, slopes, threads=3), act.leaky_relu(x, slopes))
    np.testing.assert_array_equal(act.parallel(act.leaky_relu, x, 0.5, threads=3), act.leaky_relu(x, 0.5))


def test_parallel_is_the_serial_call_in_all_else():
    """The caller's np.errstate, masked arrays, one of two results into an array; and no thread for each size."""
    x = np.resize(ordinary("float64"), 200_000)
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        act.parallel(np.reciprocal, np.zeros(200_000), threads=2)
    with np.errstate(divide="ignore"):
        assert np.isinf(act.parallel(np.reciprocal, np.zeros(200_000), threads=2)).all()
    masked = act.parallel(act.sigmoid, np.ma.masked_less(x, 0), threads=2)
    np.testing.assert_array_equal(masked.mask, x < 0)
    given = np.empty_like(x)
    value, slope = act.parallel(act.value_and_derivative.tanh, x, out=(None, given), threads=2)
    assert slope is given
    np.testing.assert_array_equal([value, slope], act.value_and_derivative.tanh(x))
    for threads in range(2, 6):
        act.parallel(act.sigmoid, x, threads=threads)
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("numba-activations")]
    assert len(names) <= processors()


def test_parallel_may_be_called_from_a_chunk():
    def twice(x, out=None):
        y = act.parallel(act.sigmoid, x)
        if out is None:
            return y
        out[0][...] = y
        return out[0]

    x = np.linspace(-3, 3, 200_000)
    np.testing.assert_array_equal(act.parallel(twice, x, threads=2), act.sigmoid(x))


def test_parallel_keeps_the_order_of_a_matrix():
    x = np.asfortranarray(np.ones((400, 500)))
    assert act.parallel(act.sigmoid, x, threads=2).flags.f_contiguous
    assert act.parallel(act.sigmoid, x.T, threads=2).flags.c_contiguous


def test_parallel_refuses_what_it_cannot_do():
    x = np.zeros(100_000)
    with pytest.raises(ValueError, match="threads is 0"):
        act.parallel(act.sigmoid, x, threads=0)
    with pytest.raises(ValueError, match="shape"):
        act.parallel(act.sigmoid, x, out=np.zeros(99_999), threads=2)
    with pytest.raises(ValueError, match="lambd"):
        act.parallel(act.soft_shrink, x, -1.0, threads=2)
    with pytest.raises(TypeError):
        act.parallel(act.sigmoid, x.astype(complex), threads=2)
    for function in (act.softmax, act.vjp.logsumexp, act.glu, act.standardize, act.softmax_cross_entropy):
        with pytest.raises(TypeError, match="works along an axis"):
            act.parallel(function, x, threads=2)
    np.testing.assert_array_equal(act.parallel(act.sigmoid_cross_entropy, x, x, threads=2), np.log(2) + 0 * x)


@pytest.mark.parametrize("function", ["sigmoid", "derivative.tanh", "relu"], indirect=True)
def test_bfloat16_is_kept_and_rounded_to_nearest(function):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    every = np.arange(2**16, dtype=np.uint16).view(bfloat16)
    with np.errstate(all="raise"):
        found = function(every)
    assert found.dtype == bfloat16
    with np.errstate(invalid="ignore"):  # the casts of ml_dtypes warn of signalling NaNs
        wanted = function(every.astype(np.float32)).astype(bfloat16)
        nan = np.isnan(every.astype(np.float32))
        np.testing.assert_array_equal(np.isnan(found.astype(np.float32)), nan)
    np.testing.assert_array_equal(found.view(np.uint16)[~nan], wanted.view(np.uint16)[~nan])
    numbers = every[~nan]
    for stride in (2, -1):
        strided = function(numbers[::stride])
        np.testing.assert_array_equal(strided.view(np.uint16), found[~nan][::stride].view(np.uint16))


@pytest.mark.parametrize("dtype", DTYPES)
def test_calls_from_many_threads_at_once_do_not_disturb_each_other(dtype):
    from concurrent.futures import ThreadPoolExecutor

    arrays = [np.resize(ordinary(dtype), 50_000 + k) + np.dtype(dtype).type(k) for k in range(16)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(act.sigmoid, arrays))
    for one, array in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(bits(one), bits(act.sigmoid(array)))


def test_importing_the_package_imports_no_heavy_library():
    heavy = {"numba", "scipy", "torch", "jax", "mpmath", "matplotlib", "rich", "pandas"}
    found = run("import sys, numba_activations; print(*sys.modules)")
    assert not heavy & set(found)
    assert "numba_activations" in found
    assert sys.modules["numba_activations"] is act


VECTORS = {  # what a processor lacks, and LLVM's name of one that does
    "without AVX-512": (("avx512", "avx10", "amx"), "haswell"),
    "without AVX and FMA": (("avx", "fma", "f16c", "amx", "vaes", "vpclmul", "evex", "xop"), "x86-64"),
}


@pytest.mark.skipif(not target.is_x86(), reason="x86 processors differ in their vectors; others here have one kind")
@pytest.mark.parametrize("lacking", VECTORS)
def test_the_bits_do_not_depend_on_the_vectors_of_the_processor(tmp_path, lacking):
    missing, name = VECTORS[lacking]
    restrict = f"""
        from numba_activations.engine import target

        features = target.features().split(",")
        kept = [f for f in features if not any(part in f for part in {missing})]
        lost = ["-" + f[1:] for f in features if f not in kept]
        target.features, target.name = lambda: ",".join(kept + lost), lambda: "{name}"
    """
    code = digests("exp", "derivative.gelu", "squareplus", "softmax", "log_softmax")
    elsewhere = run(restrict, code, NUMBA_ACTIVATIONS_CACHE_DIR=str(tmp_path))
    assert len(elsewhere) == 15
    assert elsewhere == run(code)


def test_nothing_is_said_while_compiling():
    found = run("""
        import os
        import sys
        from numba_activations.engine import along_axis, objectcode
        from numba_activations.engine.keys import DEFAULT, Key

        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())  # LLVM's warnings go there
        for name in ("softmax", "logsumexp", "sparsemax"):
            for kind in ("float32", "float64"):
                objectcode.build(along_axis.texts(Key(DEFAULT, "value", name), {kind: kind}), [kind])
    """)
    assert found == []
