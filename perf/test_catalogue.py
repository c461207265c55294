"""Every row in every variant and every tier, against every library that has it, and np.copyto as the floor."""

from collections.abc import Iterator

import cases
import numpy as np
import peers
import pytest
from cases import OURS, Case

import numba_activations as act
from numba_activations.engine.keys import DEFAULT
from numba_activations.engine.variants import VARIANTS
from numba_activations.records import APPROXIMATIONS


def rows(full: bool, smoke: bool) -> Iterator[Case]:
    """All rows and variants.

    The short suite has one size, float16 for values only, and pairs and products in float32; the smoke run has each
    row's value, and the other variants of representatives.
    """
    few = cases.representatives()
    for variant in VARIANTS:
        for name in cases.names(DEFAULT, variant):
            if full:
                yield from (Case(name, variant, dtype, size) for dtype in cases.DTYPES for size in cases.SIZES)
            elif smoke:
                if variant == "value" or name in few:
                    yield Case(name, variant)
            else:
                dtypes = {"value": cases.DTYPES, "derivative": ("float32", "float64")}.get(variant, ("float32",))
                yield from (Case(name, variant, dtype) for dtype in dtypes)


def tiers(full: bool, smoke: bool) -> Iterator[Case]:
    """All tiers: exp, and what is built on it; but in the long suite, sigmoid and its derivative stand for that."""
    for tier in act.approx.names():
        for variant in VARIANTS:
            for name in cases.names(tier, variant):
                exp = name == "exp" and variant == "value"
                if full or exp or (name == "sigmoid" and variant in ("value", "derivative") and not smoke):
                    for dtype in APPROXIMATIONS[tier].bounds:
                        sizes = cases.SIZES if exp and not smoke else (cases.USUAL,)
                        yield from (Case(name, variant, dtype, size, tier) for size in sizes)


def test_row(record, case: Case, library: str):
    arrays = case.arrays()
    ours = case.ours(**arrays)
    try:
        call = case.call(library, **arrays)
    except peers.NotOfferedError as reason:
        pytest.skip(f"{library}: {reason}")
    tolerance = np.sqrt(np.finfo(case.dtype).eps)
    x, kinks = arrays["x"], np.array(act.catalogue[case.name].kinks, case.dtype)
    compared = (np.abs(x) < 4) & (np.abs(x[:, None] - kinks) > tolerance).all(1)  # rounding may move a kink of theirs
    for theirs, mine in zip(_results(call()), _results(ours()), strict=True):
        assert theirs.dtype == case.dtype
        close = np.isclose(theirs, mine, tolerance, tolerance)
        assert close[compared].all(), f"{library} computes another function: the ratio of times would mean nothing"

    copied = np.empty_like(arrays["x"])
    beside = {"copyto": lambda: np.copyto(copied, arrays["x"])}
    if library != OURS:
        beside[OURS] = ours
    error = case.max_ulp(library) if record.enabled else None
    record(str(case), call, case.size, beside, **case._asdict(), library=library, max_ulp=error)


test_row.cases = rows


def test_tier(record, case: Case):
    arrays = case.arrays()
    call, default = case.ours(**arrays), case._replace(tier=DEFAULT).ours(**arrays)
    copied = np.empty_like(arrays["x"])
    beside = {"copyto": lambda: np.copyto(copied, arrays["x"]), "default": default}
    record(str(case), call, case.size, beside, **case._asdict(), library=OURS)


test_tier.cases = tiers


def _results(result) -> list[np.ndarray]:
    return [np.asarray(r) for r in (result if isinstance(result, tuple) else (result,))]
