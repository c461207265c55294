"""Which exponential can I afford: every tier and every installed library, error beside speed, in one table."""

import csv
import io
import json
import math
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numba_activations as act

from ..engine import target
from ..engine.keys import DEFAULT, offers
from ..records import APPROXIMATIONS, Activation, Error
from ..tier_errors import reach, stated
from . import accuracy, peers, timing
from .accuracy import Accuracy

__all__ = ["DTYPES", "Comparison", "Measurement", "compare", "machine"]

DTYPES = ("float32", "float64")
DEFAULT_NAME = "default"
POINTS = {"float32": 1 << 20, "float64": 1 << 15}  # exact values in float64 take mpmath, thousands a second
_MOST = timing.elements("memory", "float32")  # values that are looked at, of a longer input an even choice

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One way to compute the function in one type.

    Attributes
    ----------
    name : str
        'default', the name of a tier or the name of a library.
    kind : str
        'tier' for ours, 'peer' for a library.
    dtype : str
        'float32' or 'float64'.
    method : str
        How it computes exp, in a line.
    interval : (float, float)
        The inputs for which the error is stated, and among which `anywhere` was measured.
    stated : Error or None
        The promised largest error, in ULP or relative.
    anywhere : Accuracy
        Measured on a sample of the interval that leaves no part out.
    on_input : Accuracy
        Measured on the given input, each number as often as it occurs there.
    nanoseconds : mapping of str to float
        Time per element, by the size that input and output fit in.
    dominated_by : mapping of str to (str or None)
        By size, the fastest of those that are no slower and no less accurate; None on the Pareto front.
    stated_absolute : Error or None
        The promised largest absolute error: of an activation in a tier.
    """

    name: str
    kind: str
    dtype: str
    method: str
    interval: tuple[float, float]
    stated: Error | None
    anywhere: Accuracy
    on_input: Accuracy
    nanoseconds: Mapping[str, float]
    dominated_by: Mapping[str, str | None] = field(default_factory=dict)
    stated_absolute: Error | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the measured errors keep the promises; None where there are none."""
        found = self.anywhere
        measured = {"ULP": found.max_ulp, "relative": found.max_relative, "absolute": found.max_absolute}
        kept = [error.size >= measured[error.unit] for error in (self.stated, self.stated_absolute) if error]
        return all(kept) if kept else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The measurements of one function, and what they were made with."""

    activation: str
    formula: str
    input: str
    machine: Mapping[str, str]
    copy: Mapping[str, Mapping[str, float]]
    measurements: tuple[Measurement, ...]

    def of(self, dtype: str) -> tuple[Measurement, ...]:
        """The measurements in a type, the most accurate first."""
        rows = (m for m in self.measurements if m.dtype == dtype)
        return tuple(sorted(rows, key=lambda m: (m.anywhere.max_relative, m.nanoseconds["L2"])))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The types that were measured."""
        return tuple(dict.fromkeys(m.dtype for m in self.measurements))

    @property
    def columns(self) -> dict[str, Callable[[Measurement], str]]:
        """What the tables show; an absolute error but for exp, of which it says nothing."""
        return {title: text for title, text in COLUMNS.items() if title != "max abs." or self.activation != "exp"}

    def to_json(self) -> str:
        """All of it; what is not finite as a string, since JSON has no such numbers."""
        whole = {**asdict(self), "measurements": [{**asdict(m), "holds": m.holds} for m in self.measurements]}
        return json.dumps(_finite(whole), indent=2) + "\n"

    def to_csv(self) -> str:
        """A line for each measurement."""
        lines = [_flat(m) for m in self.measurements]
        text = io.StringIO()
        writer = csv.DictWriter(text, lines[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        return text.getvalue()

    def to_markdown(self) -> str:
        """A table for each type."""
        parts = [f"`{self.activation}(x)` = {self.formula}. Input: {self.input}."]
        for dtype in self.dtypes:
            rows = [list(self.columns), ["---", *["---:"] * (len(self.columns) - 2), "---"]]
            rows += [[text(m) for text in self.columns.values()] for m in self.of(dtype)]
            parts.append(f"**{dtype}**\n\n" + "\n".join("| " + " | ".join(row) + " |" for row in rows))
        parts.append(", ".join(f"{k} {v}" for k, v in self.machine.items()) + ".")
        return "\n\n".join(parts) + "\n"


COLUMNS: dict[str, Callable[[Measurement], str]] = {
    "": lambda m: m.name,
    "stated": lambda m: ", ".join(_error(error) for error in (m.stated, m.stated_absolute) if error),
    "max ULP": lambda m: _number(m.anywhere.max_ulp),
    "max rel.": lambda m: _number(m.anywhere.max_relative),
    "max abs.": lambda m: _number(m.anywhere.max_absolute),
    "on input": lambda m: _number(m.on_input.max_ulp),
    "mean": lambda m: _number(m.on_input.mean_ulp),
    "bias": lambda m: f"{m.on_input.bias:+.1e}",
    "nearest": lambda m: f"{m.on_input.correctly_rounded:.2%}",
    **{f"ns {size}": lambda m, size=size: f"{m.nanoseconds[size]:.3f}" for size in timing.SIZES},  # type: ignore[misc]
    "dominated by": lambda m: m.dominated_by["L2"] or "(front)",
}
LEGEND = (
    "stated, max: largest error promised, and found among {points:,} inputs that leave no part of the range out; "
    "on input: largest found on the input; mean, bias: mean error there, absolute in ULP and signed relative; nearest: "
    "share of the results there that no float is nearer to the exact value than. ns: time per element with one thread, "
    "where input and output fit in the L1 or L2 cache or in memory only. dominated by: the fastest that is both no "
    "slower (in L2) and no less accurate (max rel.); (front): none, it is on the Pareto front."
)


UNITS = {"ULP": "ULP", "relative": "rel.", "absolute": "abs."}


def _error(error: Error) -> str:
    return f"{error.size:.3g} {UNITS[error.unit]}"


def _number(x: float) -> str:
    return f"{x:.3f}" if 1e-3 <= x < 1e4 else f"{x:.2g}"


def _flat(m: Measurement) -> dict[str, Any]:
    return {
        "name": m.name,
        "kind": m.kind,
        "dtype": m.dtype,
        "method": m.method,
        "low": m.interval[0],
        "high": m.interval[1],
        "stated": None if m.stated is None else m.stated.size,
        "stated_unit": None if m.stated is None else m.stated.unit,
        "stated_absolute": None if m.stated_absolute is None else m.stated_absolute.size,
        "holds": m.holds,
        **{f"anywhere_{k}": v for k, v in asdict(m.anywhere).items()},
        **{f"on_input_{k}": v for k, v in asdict(m.on_input).items()},
        **{f"ns_{size}": t for size, t in m.nanoseconds.items()},
        **{f"dominated_by_{size}": other for size, other in m.dominated_by.items()},
    }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class _Candidate:
    name: str
    kind: str
    method: str
    prepare: peers.Prepare
    dtypes: Collection[str]
    promised: Mapping[str, Sequence[Error]]
    interval: Mapping[str, tuple[float, float]]


def _candidates(record: Activation, libraries: Sequence[str]) -> list[_Candidate]:
    """The tiers that have the activation, then the libraries that have it."""
    found = []
    for name, tier in APPROXIMATIONS.items():
        if not offers(name, record):
            continue
        function = getattr(act if name == DEFAULT else getattr(act.approx, name), record.name)
        promised: Mapping[str, Sequence[Error]]
        if record.name == "exp":
            promised, interval = {kind: (bound,) for kind, bound in tier.bounds.items()}, tier.interval
        elif name == DEFAULT:
            promised, interval = {kind: (bound.value,) for kind, bound in record.bounds.items()}, {}
        else:
            promised = {kind: stated(name, record.name, kind) or () for kind in tier.bounds}
            interval = {kind: (-reach(name, kind), reach(name, kind)) for kind in tier.bounds}
        shown = DEFAULT_NAME if name == DEFAULT else name
        method = tier.method if record.uses_exp else record.formula
        found.append(_Candidate(shown, "tier", method, _ours(function), tier.bounds, promised, interval))
    for library in libraries:
        prepare = peers.peer(library, record)
        if prepare is not None:
            everywhere = APPROXIMATIONS[DEFAULT].interval if record.name == "exp" else {}
            found.append(_Candidate(library, "peer", f"{library} {version(library)}", prepare, DTYPES, {}, everywhere))
    return found


def _ours(function: Any) -> peers.Prepare:
    return lambda x, out: lambda: function(x, out=out)


def machine() -> dict[str, str]:
    """What the measurements depend on: the processor and the versions."""
    wide = [name for name in ("avx512f", "avx2", "fma", "neon") if target.has(name)]
    return {
        "processor": f"{target.name()} ({', '.join(wide)})" if wide else target.name(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("numba-activations", "numpy", "numba", "llvmlite")},
    }


def compare(
    activation: str = "exp",
    values: Array | None = None,
    described: str = "",
    dtypes: Sequence[str] = DTYPES,
    libraries: Sequence[str] | None = None,
    seconds: float = 20.0,
    points: Mapping[str, int] = POINTS,
    step: Callable[[float, str], None] = lambda done, what: None,
) -> Comparison:
    """Measure error and speed of a function in every tier and every library, each with one thread.

    Parameters
    ----------
    activation : str
        A name in the catalogue.
    values : ndarray, optional
        Finite numbers on which errors and speeds are measured; by default the pre-activations of a small network.
        Of more than `points`, the errors are measured on an even choice.
    described : str
        What the values are.
    dtypes : sequence of str
        'float32', 'float64' or both.
    libraries : sequence of str, optional
        Which others to measure; by default all that are installed.
    seconds : float
        About how long the speeds may take.
    points : mapping of str to int
        By type, about how many inputs the errors are measured on.
    step : callable
        Is told the share that is done, and what comes next.

    Returns
    -------
    Comparison

    Raises
    ------
    KeyError
        If there is no such activation.
    ValueError
        If no value is finite in one of the types.
    """
    record = act.catalogue[activation]
    if values is None:
        from ..data import preactivations

        values, described = preactivations(), "the pre-activations of a small network for 1797 handwritten digits"
    libraries = peers.installed() if libraries is None else libraries
    step(0.0, "loading libraries")
    copy: dict[str, dict[str, float]] = {}
    measured: list[Measurement] = []
    with peers.one_thread(*libraries), np.errstate(all="ignore"):
        everyone = _candidates(record, libraries)
        for place, dtype in enumerate(dtypes):
            candidates = [c for c in everyone if dtype in c.dtypes]
            chosen = _finite_values(values, dtype)

            def within(done: float, what: str, place: int = place, dtype: str = dtype) -> None:
                step((place + done) / len(dtypes), f"{dtype}: {what}")

            errors = _errors(record, candidates, chosen, points[dtype], within)
            copy[dtype], times = _times(candidates, chosen, seconds / len(dtypes), within)
            for candidate in candidates:
                name, promised = candidate.name, candidate.promised.get(dtype, ())
                anywhere, on_input, interval = errors[name]
                measured.append(
                    Measurement(
                        name=name,
                        kind=candidate.kind,
                        dtype=dtype,
                        method=candidate.method,
                        interval=interval,
                        stated=next((e for e in promised if e.unit != "absolute"), None),
                        stated_absolute=next((e for e in promised if e.unit == "absolute"), None),
                        anywhere=anywhere,
                        on_input=on_input,
                        nanoseconds=times[name],
                    )
                )
    step(1.0, "done")
    return Comparison(record.name, record.formula, described, machine(), copy, tuple(_front(measured)))


def _finite_values(values: Array, dtype: str) -> Array:
    flat = np.ravel(values, order="K")
    numbers: Array = flat[:: -(-flat.size // _MOST)].astype(dtype)
    numbers = numbers[np.isfinite(numbers)]
    if numbers.size == 0:
        raise ValueError(f"none of the {values.size} values is finite in {dtype}")
    return numbers


def _errors(
    record: Activation, candidates: Sequence[_Candidate], values: Array, points: int, step: Callable[[float, str], None]
) -> dict[str, tuple[Accuracy, Accuracy, tuple[float, float]]]:
    """(anywhere, on the values, interval) of each candidate that has the type."""
    dtype = values.dtype.name
    step(0.0, "exact values of the input")
    input_truth = accuracy.truth(record, values[:: -(-values.size // points)])
    everywhere = -math.inf, math.inf
    samples: dict[tuple[float, float], accuracy.Truth] = {}
    found = {}
    for k, candidate in enumerate(candidates):
        step(0.1 + 0.4 * k / len(candidates), f"error of {candidate.name}")
        interval = candidate.interval.get(dtype, everywhere)
        if interval not in samples:
            x = accuracy.sample(dtype, *interval, points)
            samples[interval] = accuracy.truth(record, x[:: max(1, x.size // points)])
        anywhere, on_input = (_accuracy(candidate, truth) for truth in (samples[interval], input_truth))
        found[candidate.name] = anywhere, on_input, interval
    return found


def _accuracy(candidate: _Candidate, truth: accuracy.Truth) -> Accuracy:
    return accuracy.measure(np.asarray(candidate.prepare(truth.x, np.empty_like(truth.x))()), truth)


def _times(
    candidates: Sequence[_Candidate], values: Array, seconds: float, step: Callable[[float, str], None]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """ns per element by size: of np.copyto, and of each candidate."""
    copy: dict[str, float] = {}
    times: dict[str, dict[str, float]] = {c.name: {} for c in candidates}
    for k, size in enumerate(timing.SIZES):
        step(0.5 + 0.5 * k / len(timing.SIZES), f"speed where input and output fit in {size}")
        x = np.resize(values, timing.elements(size, values.dtype))
        calls = {c.name: c.prepare(x, np.empty_like(x)) for c in candidates}
        out = np.empty_like(x)
        best = timing.nanoseconds({**calls, "": partial(np.copyto, out, x)}, x.size, seconds / 3)
        copy[size] = best.pop("")
        for name, t in best.items():
            times[name][size] = t
    return copy, times


def _front(measured: Sequence[Measurement]) -> list[Measurement]:
    """The measurements, with who dominates whom."""

    def better(a: Measurement, b: Measurement, size: str) -> bool:
        error, time = a.anywhere.max_relative - b.anywhere.max_relative, a.nanoseconds[size] - b.nanoseconds[size]
        return a.dtype == b.dtype and error <= 0 and time <= 0 and (error < 0 or time < 0)

    found = []
    for m in measured:
        by: dict[str, str | None] = {}
        for size in m.nanoseconds:
            betters = [other for other in measured if better(other, m, size)]
            by[size] = min(betters, key=lambda b: b.nanoseconds[size]).name if betters else None
        found.append(replace(m, dominated_by=by))
    return found
