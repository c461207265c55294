"""Nothing public lacks a benchmark."""

import numpy as np
import test_catalogue

import numba_activations as act


def test_every_public_function_is_measured():
    """What `numba_activations` offers under any name, against what the suite measures."""
    public = {name: getattr(act, name) for name in act.__all__}
    functions = {id(f): name for name, f in public.items() if isinstance(f, np.ufunc) or hasattr(f, "ufunc")}
    measured = {id(case.function) for case in test_catalogue.rows(full=False, smoke=False) if case.variant == "value"}
    assert {name for key, name in functions.items() if key not in measured} == set()
