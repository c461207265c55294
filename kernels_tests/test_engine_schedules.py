"""The order of a loop's instructions is the quickest as measured, changes no bit, and is LLVM's own for others."""

import contextlib
import hashlib

import pytest
from processes import digests, finish, start

from numba_activations.engine import objectcode, registry, schedules, target
from numba_activations.engine.keys import DEFAULT, Key
from numba_activations.engine.loops import ARRAYS, STORAGES, loop_ir
from numba_activations.engine.scalar import scalar_function, scalar_ir

x86 = pytest.mark.skipif(not target.is_x86(), reason="the order is chosen on x86 only: elsewhere LLVM's own is kept")
KEY = Key(DEFAULT, "derivative", "mish")
BLOCKS = f"float32.{ARRAYS}"
ORDERS = schedules.ORDERS


@pytest.fixture
def compiled(monkeypatch):
    """Digests of the object codes of KEY, compiled where LLVM's orders take as long as is given."""

    def compile_where(*times):
        monkeypatch.setattr(schedules, "_seconds", lambda codes, *_: list(times[: len(codes)]))
        codes = registry._compile(KEY, registry._storages(KEY))
        return [hashlib.sha256(code).hexdigest() for code in codes]

    return compile_where


def times_where(quickest):
    return [1 if k == quickest else 2 for k in range(len(ORDERS))]


@x86
def test_the_order_that_takes_the_least_time_is_taken(compiled):
    chosen = [compiled(*times_where(k)) for k in range(len(ORDERS))]
    assert len({digest for digests in chosen for digest in digests}) == 2 * len(ORDERS)  # of float32 and float64
    assert compiled(1, *[0.99] * (len(ORDERS) - 1)) == chosen[0]  # what gains too little to be sure
    assert compiled(*[1 - k / 10 for k in range(len(ORDERS))]) == chosen[-1]


def loop(name):
    """The object code of a float32 loop as it is made without a choice of orders."""
    text, symbol = scalar_ir(scalar_function(Key(DEFAULT, "value", name)), "float32", 1)
    texts = [text, loop_ir("float32", symbol, STORAGES["float32"], 1, 1, 0)]
    return objectcode.build(texts, ["float32", BLOCKS])


@x86
def test_what_is_compiled_later_is_as_if_there_were_one_order(compiled):
    before = loop("mish")
    for k, order in enumerate(ORDERS[1:], 1):
        compiled(*times_where(k))
        assert loop("mish") == before
        with contextlib.suppress(KeyboardInterrupt), schedules._in(order):
            assert loop("mish") != before
            raise KeyboardInterrupt
        assert loop("mish") == before


@x86
def test_every_order_has_the_same_bits(tmp_path):
    choice = """
        from numba_activations.engine import schedules

        schedules._seconds = lambda codes, *_: [int(k != {chosen}) for k in range(len(codes))]
    """
    names = "exp", "gelu", "mish", "softplus"
    code = digests(*names, *(f"derivative.{name}" for name in names))
    processes = [
        start(choice.format(chosen=k), code, NUMBA_ACTIVATIONS_CACHE_DIR=str(tmp_path / str(k)))
        for k in range(len(ORDERS))
    ]
    first, *others = (finish(process) for process in processes)
    assert len(first) == 24
    assert others == [first] * len(others)


@x86
def test_what_waits_for_memory_is_not_measured(monkeypatch):
    monkeypatch.setattr(schedules, "_seconds", None)
    for name in ("relu", "leaky_relu", "hard_swish"):
        key = Key(DEFAULT, "value", name)
        assert registry._compile(key, registry._storages(key))
    with pytest.raises(TypeError, match="not callable"):
        registry._compile(KEY, registry._storages(KEY))


def test_times_are_those_of_the_codes():
    codes = [loop(name) for name in ("log_ndtr", "relu", "log_ndtr")]
    slow, quick, again = schedules._seconds(codes, BLOCKS, "float32", 1, 1)
    assert 0 < 3 * quick < min(slow, again)


def test_other_processors_have_one_order(monkeypatch):
    monkeypatch.setattr(target, "is_x86", lambda: False)
    monkeypatch.setattr(objectcode, "optimised", lambda texts, exports: b"a module")
    monkeypatch.setattr(objectcode, "emitted", lambda module: b"code of " + module)
    monkeypatch.setattr(schedules, "_seconds", None)
    assert schedules.build([], [], "float32", "float32", 1, 1) == b"code of a module"
