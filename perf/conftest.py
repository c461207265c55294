"""Options of the suite, what a run says of its machine, and the cases of each test.

`pytest perf` measures in a quarter of an hour what matters; `--full` measures every row in every variant, type, size
and tier; `--benchmark-disable` only runs what would be measured, and without `--full` less of it.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pytest

from numba_activations.analysis import peers, timing
from numba_activations.engine import target

_PACKAGES = ("numba-activations", "llvmlite", "numba", "numpy", "scipy", "torch", "jax", "numexpr")
_SECONDS = 0.03  # that one call is repeated for


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="measure every row in every variant, type, size and tier")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.benchmark_columns is None:
        config.option.benchmark_columns = ["min", "median", "rounds"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.benchmark(max_time=_SECONDS))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise a test by its `cases(full, smoke)`; with a `library`, by all libraries that have the case."""
    source = getattr(metafunc.function, "cases", None)
    if source is None:
        return
    option = metafunc.config.option
    found = list(source(option.full, option.benchmark_disable and not option.full))
    if "library" in metafunc.fixturenames:
        pairs = [(case, library) for case in found for library in case.libraries()]
        metafunc.parametrize(
            "case, library", pairs, ids=[f"{case} {library}".replace(" ", "-") for case, library in pairs]
        )
    else:
        metafunc.parametrize("case", found, ids=[str(case).replace(" ", "-") for case in found])


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:
    machine_info.update(_surroundings())


def _surroundings() -> dict[str, Any]:
    """The processor as LLVM sees it, and the versions of all that is measured and installed."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"llvm_cpu": target.name(), "features": target.features(), "versions": versions}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """One thread each; formulas of others overflow, which is no matter here."""
    with np.errstate(all="ignore"), peers.one_thread(*peers.installed()):
        yield


Call = Callable[[], Any]


class Recorder:
    """Measures a call with pytest-benchmark, and in turns with others; keeps what was found in `extra_info`."""

    def __init__(self, benchmark: Any) -> None:
        self._benchmark = benchmark
        self.enabled: bool = benchmark.enabled

    def __call__(
        self, group: str, call: Call, count: int, beside: Mapping[str, Call] | None = None, **info: Any
    ) -> None:
        """Measure `call`, which handles `count` elements.

        The benchmark's own times are those of a noisy moment; `times` says how many times longer the call takes than
        each that is measured `beside` it, in turns.
        """
        self._benchmark.group = group
        self._benchmark(call)
        if self.enabled:
            best = timing.nanoseconds({"this": call, **(beside or {})}, count, _SECONDS * (1 + len(beside or {})))
            this = best.pop("this")
            times = {name: this / other for name, other in best.items()}
            self.keep(ns_per_element=this, times=times, **info)

    def keep(self, **info: Any) -> None:
        """Put something into `extra_info`, with what it depends on."""
        self._benchmark.extra_info.update(info, **_surroundings())


@pytest.fixture
def record(benchmark: Any) -> Recorder:
    return Recorder(benchmark)
