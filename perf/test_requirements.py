"""The speed that we promise, each promise as one ratio: ours and theirs in turns in one process, on one thread.

Runs alone: `pytest perf/test_requirements.py`. A promise that this machine breaks fails, and says by how much.
"""

import itertools
import statistics
import timeit
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import cases
import numba
import numpy as np
import peers
import processes
import pytest
from cases import AxisCase, Case

import numba_activations as act
from numba_activations.analysis import timing
from numba_activations.engine import target
from numba_activations.engine.keys import DEFAULT
from numba_activations.records import APPROXIMATIONS

SIZE = 100_000
_SECONDS = 1.0
_MISSING = "needs an installed library to compare with"

Calls = Mapping[str, Callable[[], Any]]


@pytest.fixture
def promise(benchmark, request):
    """Keep a measured ratio with its bar, and hold it against the bar."""
    benchmark.group = "requirements"

    def hold(claim: str, ratio: float, bar: float) -> None:
        benchmark.extra_info.update(claim=claim, ratio=ratio, bar=bar)
        assert ratio <= bar, f"{claim}: {ratio:.3f}, promised {bar}: {100 * (ratio / bar - 1):.0f} % over"

    def compare(claim: str, calls: Calls, bar: float, size: int = SIZE) -> None:
        """The first call against the fastest of the others."""
        first, *rest = calls
        benchmark(calls[first])
        if not rest:
            pytest.skip(_MISSING)
        if benchmark.enabled:
            best = timing.nanoseconds(calls, size, _SECONDS)
            fastest = min(rest, key=best.__getitem__)
            hold(claim.format(fastest=fastest), best[first] / best[fastest], bar)

    compare.hold, compare.benchmark = hold, benchmark
    return compare


def beside(case: Case, libraries: tuple[str, ...]) -> Calls:
    """Our call, and those of the libraries that have it."""
    arrays = case.arrays()
    calls = {"ours": case.ours(**arrays)}
    for library in libraries:
        try:
            calls[library] = case.call(library, **arrays)
        except peers.NotOfferedError:
            continue
    return calls


def only(library: str) -> tuple[str, ...]:
    if library not in peers.installed():
        pytest.skip(_MISSING)
    return (library,)


def test_sigmoid_beats_torch(promise):
    promise("sigmoid / torch.sigmoid", beside(Case("sigmoid", size=SIZE), only("torch")), 0.7)


def test_sigmoid_beats_scipy(promise):
    promise("sigmoid / scipy.special.expit", beside(Case("sigmoid", size=SIZE), only("scipy")), 0.12)


def test_in_place(promise):
    x = Case("sigmoid", size=SIZE).arrays()["x"]
    y = x.copy()
    calls = {"in place": partial(act.sigmoid, y, out=y), "out of place": partial(act.sigmoid, x, out=np.empty_like(x))}
    promise("sigmoid in place / into another array", calls, 1.1)


def test_scalar_parameter(promise):
    """selu is elu with constants for parameters, and a multiplication: elu with a scalar alpha may take no longer."""
    x = Case("elu", size=SIZE).arrays()["x"]
    calls = {"elu": partial(act.elu, x, 1.0, out=np.empty_like(x)), "selu": partial(act.selu, x, out=np.empty_like(x))}
    promise("elu with scalar alpha / selu", calls, 1.05)


def test_njit_loop(promise):
    x = Case("sigmoid", size=SIZE).arrays()["x"]
    out = np.empty_like(x)

    @numba.njit
    def loop(x, out):
        for k in range(x.size):
            out[k] = act.sigmoid(x[k])

    calls = {"loop": partial(loop, x, out), "ufunc": partial(act.sigmoid, x, out=np.empty_like(x))}
    promise("sigmoid in a user's njit loop / ufunc", calls, 1.3)


@pytest.mark.parametrize("name", ["exp", "sigmoid"])
def test_call(promise, name):
    x = np.linspace(-1, 1, 4, dtype=np.float32)
    timers = [timeit.Timer("f(x)", globals={"f": f, "x": x}) for f in (getattr(act, name), np.exp)]
    promise.benchmark(getattr(act, name), x)
    if promise.benchmark.enabled:
        best = [1.0, 1.0]
        for _ in range(300):
            best = [min(old, timer.timeit(1000)) for old, timer in zip(best, timers, strict=True)]
        promise.hold(f"{name} of 4 elements / np.exp", best[0] / best[1], 1.1)


def test_warm_start(promise):
    only("scipy")
    runs = [partial(processes.run, processes.PROGRAMS[library]) for library in ("ours", "scipy")]
    promise.benchmark.pedantic(runs[0])
    if promise.benchmark.enabled:
        rounds = [[timeit.timeit(run, number=1) for run in runs] for _ in range(15)]
        ours, scipy = map(statistics.median, zip(*rounds, strict=True))
        promise.hold("warm start and first sigmoid / scipy.special's", ours / scipy, 0.8)


@pytest.mark.skipif(not target.has("avx512f"), reason="promised for machines with AVX-512")
def test_exp_beats_all(promise):
    case = Case("exp", size=SIZE)
    promise("exp / {fastest}", beside(case, peers.libraries("exp", "value")), 0.95)


@pytest.mark.parametrize(("dtype", "bar"), [("float32", 1.0), ("float64", 1.1)])
def test_exp_leads(promise, dtype, bar):
    case = Case("exp", dtype=dtype, size=SIZE)
    promise(f"exp in {dtype} / {{fastest}}", beside(case, peers.libraries("exp", "value")), bar)


def tier(name: str, size: int = SIZE) -> Callable[[], Any]:
    case = Case("exp", size=size, tier=name)
    return case.ours(**case.arrays())


def test_schraudolph_runs_as_fast_as_memory(promise):
    x = np.ones(4_000_000, np.float32)
    copied = np.empty_like(x)
    calls = {"ours": tier("schraudolph", x.size), "copyto": lambda: np.copyto(copied, x)}
    promise("schraudolph out of the caches / np.copyto", calls, 1.15, x.size)


IN_L1 = timing.elements("L1", "float32")

TIERS = {  # faster: slower, bar, size
    "schraudolph": ("u3", 0.6, IN_L1),
    "u3": (DEFAULT, 0.8, SIZE),
    "correct": ("libm", 0.5, SIZE),
}


@pytest.mark.parametrize("name", TIERS)
def test_tier(promise, name):
    slower, bar, size = TIERS[name]
    calls = {name: tier(name, size), slower: tier(slower, size)}
    promise(f"exp of {name} / {'the default' if slower == DEFAULT else slower}, {size} elements", calls, bar, size)


def test_tiers_cost_what_is_stated(promise):
    """What `act.approx.best_for` goes by: the tier whose exp takes longest beside its stated cost."""
    size = timing.elements("L2", "float32")
    calls = {name: tier(name, size) for name in APPROXIMATIONS}
    promise.benchmark(calls[DEFAULT])
    if promise.benchmark.enabled:
        best = timing.nanoseconds(calls, size, 3 * _SECONDS)
        excess = {name: best[name] / best[DEFAULT] / APPROXIMATIONS[name].cost for name in calls}
        worst = max(excess, key=excess.__getitem__)
        promise.hold(f"exp of {worst} / the default's times the stated cost", excess[worst], 1.25)


SOFTMAX = [("softmax", shape) for shape in cases.SHAPES] + [("log_softmax", shape) for shape in cases.SHAPES]


@pytest.mark.parametrize(("library", "bar"), [("torch", 1.0), ("scipy", 0.2)])
@pytest.mark.parametrize(("name", "shape"), SOFTMAX, ids=str)
def test_softmax(promise, name, shape, library, bar):
    case = AxisCase(name, shape=shape)
    calls = {"ours": case.call(cases.OURS), library: case.call(*only(library))}
    promise(f"{name} of {shape[0]} rows of {shape[1]} / {library}'s", calls, bar, shape[0] * shape[1])


@cache
def lead(case: Case) -> tuple[float, str] | None:
    """Our time over that of the fastest peer, and who that is; None where nobody else has it."""
    calls = beside(case, peers.libraries(case.name, case.variant))
    if len(calls) == 1:
        return None
    best = timing.nanoseconds(calls, case.size, 0.03 * len(calls))
    ours = best.pop("ours")
    fastest = min(best, key=best.__getitem__)
    return ours / best[fastest], fastest


def rows(full: bool, smoke: bool):
    """Values and derivatives of all rows in all sizes, in the smoke run those of representatives in one."""
    names, sizes = (cases.representatives(), (cases.USUAL,)) if smoke else (act.catalogue, cases.SIZES)
    for variant, name, size, dtype in itertools.product(("value", "derivative"), names, sizes, ("float32", "float64")):
        yield Case(name, variant, dtype, size)


def test_row_leads(promise, case: Case):
    """Ahead of the fastest; equal where memory is the limit for all, which is so without exp or logarithm."""
    if promise.benchmark.enabled:
        found = lead(case)
    promise.benchmark(case.ours(**case.arrays()))
    if promise.benchmark.enabled:
        if found is None:
            pytest.skip(_MISSING)
        ratio, fastest = found
        bar = 1.0 if act.catalogue[case.name].uses_exp else 1.1
        promise.benchmark.extra_info.update(case._asdict())
        promise.hold(f"{case} / {fastest}", ratio, bar)


test_row_leads.cases = rows


@pytest.mark.parametrize(("variant", "bar"), [("value", 0.6), ("derivative", 0.3)])
def test_geometric_mean(promise, request, variant, bar):
    option = request.config.option
    promise.benchmark.pedantic(list, rounds=1)
    if promise.benchmark.enabled:
        found = [lead(case) for case in rows(option.full, False) if case.variant == variant]
        ratios = [f[0] for f in found if f is not None]
        mean = statistics.geometric_mean(ratios)
        promise.hold(f"{variant} / fastest peer, geometric mean of {len(ratios)}", mean, bar)
