"""What a call allocates: its result, and nothing beside."""

import tracemalloc
from collections.abc import Iterator

import cases
import numpy as np
import test_along_axis
from cases import AxisCase, Case
from test_catalogue import rows

from numba_activations.engine.variants import VARIANTS

_OBJECTS = 4096  # bytes for the headers of arrays, tuples and NumPy's own bookkeeping
_BUFFERS = 4 * 4 * np.getbufsize()  # what NumPy takes for four operands of four bytes that it cannot walk in one stride


def usual(full: bool, smoke: bool) -> Iterator[Case]:
    """Each row and variant once, with arrays far larger than what is allowed beside them."""
    return (case for case in rows(False, smoke) if case.dtype == "float32")


def peak(call) -> int:
    """The most that a call had allocated at a time, in bytes."""
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_temporaries(case: Case):
    arrays = case.arrays()
    variant = VARIANTS[case.variant]
    operands = [arrays[name] for name in variant.arguments]
    results = variant.outputs * arrays["x"].nbytes
    assert peak(case.ours(**arrays)) <= _OBJECTS
    assert results <= peak(lambda: case.function(*operands)) <= results + _OBJECTS


test_no_temporaries.cases = usual


def along_axis(full: bool, smoke: bool) -> Iterator[AxisCase]:
    square = (case._replace(shape=cases.SHAPES[1]) for case in test_along_axis.rows(False, smoke))
    return iter(dict.fromkeys(square))


def test_no_temporaries_along_an_axis(case: AxisCase):
    assert peak(case.call(cases.OURS)) <= _OBJECTS + _BUFFERS < case.operands()[1].nbytes / 16


test_no_temporaries_along_an_axis.cases = along_axis


def test_the_measurement_sees_temporaries():
    x = np.ones(cases.USUAL, np.float32)
    assert peak(lambda: 1 / (1 + np.exp(-x))) >= 2 * x.nbytes
