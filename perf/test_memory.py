"""What a call allocates: its result, and nothing beside."""

import tracemalloc
from collections.abc import Iterator

import cases
import numpy as np
from cases import Case
from test_catalogue import rows

from numba_activations.engine.variants import VARIANTS

_OBJECTS = 4096  # bytes for the headers of arrays, tuples and NumPy's own bookkeeping


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


def test_the_measurement_sees_temporaries():
    x = np.ones(cases.USUAL, np.float32)
    assert peak(lambda: 1 / (1 + np.exp(-x))) >= 2 * x.nbytes
