"""Training: a step of each network in each library, and what we promise of it as ratios measured in turns.

The times are those of one thread. `ours` is the loop alone, `estimator` what users call, `products` the matrix products
of the same step and nothing else.
"""

import statistics
import timeit
from functools import partial

import networks
import processes
import pytest
from networks import DIGITS, MNIST, Training

from numba_activations.analysis import timing

_SECONDS = 3.0
_FIRST_FIT = """
from numba_activations.training import MLPClassifier
from numba_activations.data import digits
MLPClassifier(max_iter=2, tol=0).partial_fit(*digits(), classes=range(10))
"""


@pytest.fixture(autouse=True)
def _one_thread():
    pytest.importorskip("scipy")
    pytest.importorskip("threadpoolctl")
    with networks.one_blas_thread():
        yield


def cases(full: bool, smoke: bool):
    return (DIGITS,) if smoke else (*MNIST, DIGITS)


def test_step(benchmark, case: Training, library: str):
    benchmark.group = f"training: {case}"
    run = networks.call(library, case)
    benchmark(run)
    if benchmark.enabled:
        benchmark.extra_info.update(library=library, steps=case.steps)


test_step.cases = cases


def ratio(case: Training, *libraries: str) -> float:
    """The time of the first library over that of the second."""
    for library in libraries:
        if library not in case.libraries():
            pytest.skip(f"needs {library}")
    calls = {library: networks.call(library, case) for library in libraries}
    best = timing.nanoseconds(calls, case.steps, _SECONDS)
    return best[libraries[0]] / best[libraries[1]]


@pytest.fixture
def hold(benchmark):
    """Keep measured ratios with their bar; their geometric mean must keep it."""
    benchmark.group = "requirements of training"

    def hold(claim: str, bar: float, *pairs: tuple[Training, str]) -> None:
        if not benchmark.enabled:
            pytest.skip("nothing is measured")
        ratios = {str(case): ratio(case, "ours", library) for case, library in pairs}
        mean = statistics.geometric_mean(ratios.values())
        benchmark(lambda: None)
        benchmark.extra_info.update(claim=claim, ratio=mean, bar=bar, ratios=ratios)
        assert mean <= bar, f"{claim}: {mean:.3f}, promised {bar}; {ratios}"

    return hold


def test_an_epoch_of_mnist_beats_torch(hold):
    hold("epoch of MNIST / torch", 0.45, *((case, "torch") for case in MNIST))


def test_an_epoch_of_mnist_beats_scikit_learn(hold):
    hold("epoch of MNIST / scikit-learn", 0.35, *((case, "sklearn") for case in MNIST if "sklearn" in case.libraries()))


def test_an_epoch_of_mnist_is_little_more_than_its_matrix_products(hold):
    """Though these take the rows as they lie, and ours in random order, each of which comes from memory."""
    hold("epoch of MNIST / its matrix products", 1.3, *((case, "products") for case in MNIST))


def test_a_step_of_digits_beats_torch(hold):
    hold("step of digits / torch", 0.1, (DIGITS, "torch"))


def test_the_first_fit_of_a_process_starts_at_once(benchmark):
    """With a warm cache, import included: less than 1.5 s."""
    benchmark.group = "requirements of training"
    start = partial(processes.run, _FIRST_FIT, {"OPENBLAS_NUM_THREADS": "1"})
    start()
    benchmark.pedantic(start)
    if benchmark.enabled:
        seconds = min(timeit.timeit(start, number=1) for _ in range(5))
        benchmark.extra_info.update(claim="first fit of a process, s", ratio=seconds, bar=1.5)
        assert seconds < 1.5
