"""Every function along an axis, against the libraries that have it."""

from collections.abc import Iterator

import cases
import numpy as np
import peers
import pytest
from cases import OURS, AxisCase

import numba_activations as act
from numba_activations.engine.along_axis import names
from numba_activations.engine.keys import DEFAULT
from numba_activations.records import ALONG_AXIS


def rows(full: bool, smoke: bool) -> Iterator[AxisCase]:
    """All functions and variants, in the smoke run those of representatives."""
    few = cases.representatives(ALONG_AXIS) if smoke else ALONG_AXIS
    for variant in ("value", "derivative", "vjp"):
        for name in (name for name in few if name in names(variant)):
            for dtype in cases.DTYPES if full else ("float32",):
                for shape in cases.SHAPES[:1] if smoke else cases.SHAPES:
                    yield AxisCase(name, variant, dtype, shape)


def tiers(full: bool, smoke: bool) -> Iterator[AxisCase]:
    """Softmax stands for what is built on the exp of a tier, but in the long suite."""
    for tier in act.approx.names():
        for name in (name for name in ALONG_AXIS if name in names("value", tier)):
            if full or name == "softmax":
                yield AxisCase(name, "value", "float32", cases.IN_CACHE, tier)


def test_along_axis(record, case: AxisCase, library: str):
    ours = case.call(OURS)
    try:
        call = case.call(library)
    except peers.NotOfferedError as reason:
        pytest.skip(f"{library}: {reason}")
    if case.dtype != "float16":  # where their sums overflow and many numbers tie: the wider types show what it computes
        theirs, mine = np.asarray(call()), np.asarray(ours())
        tolerance = np.sqrt(np.finfo(case.dtype).eps)
        assert np.allclose(theirs, mine, tolerance, tolerance), f"{library} computes another function"
    x = np.ones(case.shape, case.dtype)
    copied = np.empty_like(x)
    beside = {"copyto": lambda: np.copyto(copied, x)}
    if library != OURS:
        beside[OURS] = ours
    record(str(case), call, x.size, beside, **case._asdict(), library=library)


test_along_axis.cases = rows


def test_tier_along_axis(record, case: AxisCase):
    default = case._replace(tier=DEFAULT).call(OURS)
    record(str(case), case.call(OURS), np.prod(case.shape), {"default": default}, **case._asdict(), library=OURS)


test_tier_along_axis.cases = tiers
