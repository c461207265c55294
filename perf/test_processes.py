"""Warm and cold starts, as whole processes."""

import importlib.util
from functools import partial

import processes
import pytest

from numba_activations.engine import cache

_ROUNDS = 5


@pytest.mark.parametrize("library", processes.PROGRAMS)
def test_warm_start(benchmark, library: str):
    """Import and a first call, where the object cache has what it needs."""
    if library != "ours" and importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    benchmark.group = "start: import and first sigmoid"
    benchmark.extra_info.update(use="warm start", library=library)
    benchmark.pedantic(partial(processes.run, processes.PROGRAMS[library]), rounds=_ROUNDS, warmup_rounds=1)


def test_cold_start(benchmark, tmp_path):
    """The same with an empty object cache: one function is compiled."""
    fresh = (str(tmp_path / str(k)) for k in range(_ROUNDS + 1))

    def setup():
        return (processes.PROGRAMS["ours"], {cache.VARIABLE: next(fresh)}), {}

    benchmark.group = "start: import and first sigmoid"
    benchmark.extra_info.update(use="cold start", library="ours")
    benchmark.pedantic(processes.run, setup=setup, rounds=_ROUNDS)
