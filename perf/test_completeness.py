"""Nothing public lacks a benchmark."""

import test_along_axis
import test_catalogue

import numba_activations as act
from numba_activations.records import ALONG_AXIS


def test_every_public_function_is_measured():
    """What the package offers under any name, against what the short suite measures."""
    tables = act.catalogue, ALONG_AXIS
    public = {next((rows[name].name for rows in tables if name in rows), name) for name in act.__all__}
    functions = {name for name in public if any(name in rows for rows in tables) or callable(getattr(act, name))}
    cases = [*test_catalogue.rows(full=False, smoke=False), *test_along_axis.rows(full=False, smoke=False)]
    measured = {case.name for case in cases if case.variant == "value"}
    assert functions - measured == {"parallel"}  # a use of the others: see test_uses.py
