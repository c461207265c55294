"""Nothing public lacks a benchmark."""

import test_along_axis
import test_catalogue

import numba_activations as act


def test_every_public_function_is_measured():
    """What `numba_activations` offers under any name, against what the suite measures."""
    functions = {id(f): name for name in act.__all__ if callable(f := getattr(act, name))}
    cases = [*test_catalogue.rows(full=False, smoke=False), *test_along_axis.rows(full=False, smoke=False)]
    measured = {id(case.function) for case in cases if case.variant == "value"}
    assert {name for key, name in functions.items() if key not in measured} == {"parallel"}  # a use: see test_uses.py
