"""Ways to call a function, each beside the plain call `function(x, out=out)`: what they cost."""

from collections.abc import Iterator
from functools import partial

import cases
import numba
import numpy as np
from cases import Case

import numba_activations as act

CALL = 4  # elements: nothing but the call


def representatives(full: bool, smoke: bool) -> Iterator[Case]:
    """The first row of each module of kernels; the long suite has them all."""
    chosen = act.catalogue if full else cases.representatives()
    yield from (Case(name, dtype=dtype) for name in chosen for dtype in (("float32",) if smoke else cases.DTYPES[1:]))


def with_parameters(full: bool, smoke: bool) -> Iterator[Case]:
    """Those with parameters."""
    return (case for case in representatives(True, smoke) if act.catalogue[case.name].parameters)


def beside_plain(record, case: Case, use: str, call, plain=None) -> None:
    """Measure a use of a function in turns with the plain call."""
    plain = plain or case.ours(**case.arrays())
    group = f"{use}: {case.name} {case.dtype} {case.size}"
    record(group, call, case.size, {"plain": plain}, **case._asdict(), use=use)


def test_in_place(record, case: Case):
    """Into its own input, or another array: in turns with a copy, since a function of its own results wears off."""
    given = case.arrays()["x"]
    x = np.empty_like(given)

    def into(out):
        np.copyto(x, given)
        case.function(x, out=out)

    beside_plain(record, case, "in place", partial(into, x), partial(into, np.empty_like(x)))


test_in_place.cases = representatives


def test_strided(record, case: Case):
    x = np.repeat(case.arrays()["x"], 2)[::2]
    out = np.empty(2 * case.size, case.dtype)[::2]
    beside_plain(record, case, "strided", partial(case.function, x, out=out))


test_strided.cases = representatives


def test_where(record, case: Case):
    x = case.arrays()["x"]
    mask = np.arange(case.size) // 16 % 2 == 0  # runs, as in padded sequences
    beside_plain(record, case, "where", partial(case.function, x, out=np.zeros_like(x), where=mask))


test_where.cases = representatives


def test_new_array(record, case: Case):
    beside_plain(record, case, "without out", partial(case.function, case.arrays()["x"]))


test_new_array.cases = representatives


def test_njit_loop(record, case: Case):
    """A user's loop over numbers."""
    x, function = case.arrays()["x"], case.function
    out = np.empty_like(x)

    @numba.njit
    def loop(x, out):
        for k in range(x.size):
            out[k] = function(x[k])

    loop(x, out)
    assert np.array_equal(out, function(x), equal_nan=True)
    beside_plain(record, case, "njit loop", partial(loop, x, out))


test_njit_loop.cases = representatives


def test_njit_array(record, case: Case):
    """A call on an array inside compiled code."""
    x, function = case.arrays()["x"], case.function

    @numba.njit
    def whole(x):
        return function(x)

    assert np.array_equal(whole(x), function(x), equal_nan=True)
    beside_plain(record, case, "njit array", partial(whole, x))


test_njit_array.cases = representatives


def test_scalar_parameters(record, case: Case):
    x = case.arrays()["x"]
    given = act.catalogue[case.name].parameters
    beside_plain(record, case, "parameters by name", partial(case.function, x, out=np.empty_like(x), **given))


test_scalar_parameters.cases = with_parameters


def test_array_parameters(record, case: Case):
    x = case.arrays()["x"]
    given = [np.full_like(x, value) for value in act.catalogue[case.name].parameters.values()]
    beside_plain(record, case, "parameters in arrays", partial(case.function, x, *given, out=np.empty_like(x)))


test_array_parameters.cases = with_parameters


def threads(full: bool, smoke: bool) -> Iterator[Case]:
    return (case._replace(size=cases.SIZES[-1]) for case in representatives(full, smoke))


def test_parallel(record, case: Case):
    x = case.arrays()["x"]
    beside_plain(record, case, "parallel", partial(act.parallel, case.function, x, out=np.empty_like(x)))


test_parallel.cases = threads


def test_call(record, case: Case):
    """The overhead of a call, beside np.exp's."""
    x = np.ones(CALL, case.dtype)
    group = f"call: {case.name} {case.dtype} {CALL}"
    record(group, partial(case.function, x), CALL, {"np.exp": partial(np.exp, x)}, **case._asdict(), use="call")


test_call.cases = representatives
