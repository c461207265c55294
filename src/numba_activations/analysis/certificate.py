"""Every number of float16 and float32 against an oracle that shares nothing with the kernels.

The oracle is the row's exact formula in mpmath. It is far too slow for four thousand million numbers; but between its
kinks an activation is smooth. So the numbers are cut into pieces on each of which a polynomial in float64, through ten
exact values, is right at other exact values to a thousandth of an ULP: a piece on which it is not is cut in two, and
the numbers of a short piece are judged one by one. What is left is a few nanoseconds a number.
"""

import hashlib
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import kernels
from ..engine import registry
from ..engine.keys import DEFAULT, Key
from ..engine.threads import processors
from ..kernels import full
from ..records import ACTIVATIONS, HALVES, ROOT_ZONE, Activation
from .accuracy import Format, exactly
from .dual import differentiate

__all__ = ["COMMITTED", "Certificate", "certify", "digest", "is_current", "load", "table", "text"]

TOLERANCE = 2.0**-10  # ULP that a polynomial may be wrong by
NODES = np.cos(np.pi * (np.arange(10) + 0.5) / 10)
WAVES = np.cos(np.outer(np.arange(NODES.size), np.arccos(NODES)))
CHECKS = np.array([-1.0, -0.89, -0.53, -0.07, 0.31, 0.71, 0.97, 1.0])
LARGEST = 1e200  # stands for all that is larger
FEW = 32  # numbers that are judged one by one
CHUNK = 1 << 14  # numbers that are computed at a time, so that they stay in the cache

COMMITTED = Path(__file__).parents[1] / "data" / "certificate.json"

Doubles = NDArray[np.float64]
Reals = NDArray[Any]
Certificate = dict[str, dict[str, dict[str, Any]]]

_mpmath = threading.Lock()  # its precision is one for all threads


@dataclass(slots=True)
class Tally:
    """The errors of one half so far."""

    patterns: int = 0
    sum: float = 0.0
    rounded: int = 0
    worst: float = -1.0
    at: float = 0.0
    got: float = 0.0
    wanted: float = 0.0

    def add(self, x: Reals, found: Reals, exact: Doubles, errors: Doubles) -> None:
        """Count the errors of some numbers."""
        self.patterns += errors.size
        self.sum += float(errors.sum())
        self.rounded += int(np.count_nonzero(errors <= 0.5 + TOLERANCE))
        place = int(np.argmax(errors))
        if errors[place] > self.worst:
            self.worst, self.at = float(errors[place]), float(x[place])
            self.got, self.wanted = float(found[place]), float(exact[place])

    def merge(self, other: "Tally") -> None:
        """Count the errors of another tally too."""
        self.patterns += other.patterns
        self.sum += other.sum
        self.rounded += other.rounded
        if other.worst > self.worst:
            self.worst, self.at, self.got, self.wanted = other.worst, other.at, other.got, other.wanted

    def entry(self, absolute: bool = False) -> dict[str, Any]:
        """The line of the certificate; numbers as hexadecimal, so that they are exact."""
        witness = {"at": self.at.hex(), "got": self.got.hex(), "wanted": self.wanted.hex()}
        if absolute:
            return {"patterns": self.patterns, "max_absolute": float(f"{self.worst:.4g}"), **witness}
        return {
            "patterns": self.patterns,
            "max_ulp": round(self.worst, 4),
            "mean_ulp": round(self.sum / self.patterns, 5),
            "correctly_rounded": round(self.rounded / self.patterns, 6),
            **witness,
        }


def errors_of(found: Reals, exact: Doubles, form: Format) -> Doubles:
    """Absolute errors in ULP; infinite where one of both is NaN and the other is not."""
    beyond = 2.0 ** (form.largest + 1)
    near = np.clip(found.astype(np.float64), -beyond, beyond)
    exact = np.clip(exact, -beyond, beyond)
    exponent = (exact.view(np.int64) >> 52) & 0x7FF
    np.clip(exponent, 1023 + form.smallest, 1023 + form.largest, out=exponent)
    per_ulp = ((2 * 1023 + form.digits - 1 - exponent) << 52).view(np.float64)
    near -= exact
    near *= per_ulp
    np.abs(near, out=near)
    wrong = np.isnan(near)
    if wrong.any():
        near[wrong] = np.where(np.isnan(found[wrong]) & np.isnan(exact[wrong]), 0.0, np.inf)
    return near


@cache
def _compiled() -> Callable[..., tuple[float, int, int]]:
    """Compiled: a polynomial and the errors against it; the sum of errors, how many are small, place of the largest.

    The arithmetic of `errors_of`. Errors are not negative, so their bit patterns have the same order, with NaN last.
    """
    from numba import njit

    def judge(
        x: Reals, found: Reals, c: tuple[float, ...], centre: float, stretch: float, digits: int, low: int, high: int,
        exact: Doubles, errors: Doubles,
    ) -> tuple[float, int, int]:  # fmt: skip
        beyond = 2.0 ** (high + 1)
        for i in range(x.size):
            t = (x[i] - centre) * stretch
            y = ((((c[0] * t + c[1]) * t + c[2]) * t + c[3]) * t + c[4]) * t + c[5]
            y = (((y * t + c[6]) * t + c[7]) * t + c[8]) * t + c[9]
            y = beyond if y > beyond else y  # noqa: FURB136  (NaN must stay)
            exact[i] = -beyond if y < -beyond else y  # noqa: FURB136  (NaN must stay)
        patterns, scales = exact.view(np.int64), errors.view(np.int64)
        for i in range(x.size):
            exponent = (patterns[i] >> 52) & 0x7FF
            exponent = max(min(exponent, 1023 + high), 1023 + low)
            scales[i] = (2 * 1023 + digits - 1 - exponent) << 52
        total, rounded, worst = 0.0, 0, 0
        for i in range(x.size):
            y = np.float64(found[i])
            y = beyond if y > beyond else y  # noqa: FURB136  (NaN must stay)
            y = -beyond if y < -beyond else y  # noqa: FURB136  (NaN must stay)
            errors[i] = abs(y - exact[i]) * errors[i]
            total += errors[i]
            rounded += errors[i] <= 0.5 + TOLERANCE
        for i in range(x.size):
            worst = max(worst, scales[i])
        for i in range(x.size):
            if scales[i] == worst:
                return total, rounded, i
        return total, rounded, 0

    array, wide = "float32[::1]", "float64[::1]"
    signature = f"({array}, {array}, UniTuple(float64, 10), float64, float64, int64, int64, int64, {wide}, {wide})"
    compiled: Callable[..., tuple[float, int, int]] = njit(signature, nogil=True, fastmath={"contract", "reassoc"})(
        judge
    )
    return compiled


@dataclass(frozen=True, slots=True)
class Smooth:
    """An oracle for one piece: a polynomial that has been checked; NaN outside of the domain."""

    coefficients: tuple[float, ...]
    centre: float
    stretch: float

    def __call__(self, x: Reals) -> Doubles:
        t = (x.astype(np.float64) - self.centre) * self.stretch
        return np.asarray(np.polyval(self.coefficients, t), np.float64)


class Judge:
    """Judges one activation in one type."""

    def __init__(self, record: Activation, dtype: str) -> None:
        import mpmath

        self.form = Format.of(dtype)
        self.integer = np.dtype(f"u{self.form.dtype.itemsize}")
        parameters = {k: float(self.form.dtype.type(v)) for k, v in record.parameters.items()}
        slope = differentiate(record.exact, mpmath)
        self.exact = tuple(partial(f, **parameters) for f in (partial(record.exact, mpmath), slope))
        self.function = registry.function(Key(DEFAULT, "value_and_derivative", record.name))
        kinks = np.abs(np.array(record.kinks, self.form.dtype))
        self.kinks = sorted({int(k) for k in kinks.view(self.integer)} | {0})  # as patterns without their sign

        self.near_root: tuple[bool, int, int] | None = None  # patterns where the derivative is judged absolutely
        if record.root is not None:
            ends = abs(record.root) + np.array([-ROOT_ZONE, ROOT_ZONE])
            first, last = (int(p) for p in ends.astype(self.form.dtype).view(self.integer))
            self.near_root = record.root < 0, first, last

    def units(self) -> Iterator[tuple[bool, int, int]]:
        """(sign, first, last): patterns with one exponent, and no kink among them but as a unit of its own."""
        digits = self.form.digits - 1
        for negative in (False, True):
            for exponent in range(self.form.largest - self.form.smallest + 2):
                first, end = exponent << digits, (exponent + 1) << digits
                for kink in (k for k in self.kinks if first <= k < end):
                    if first < kink:
                        yield from self._cut(negative, first, kink - 1)
                    yield negative, kink, kink
                    first = kink + 1
                if first < end:
                    yield from self._cut(negative, first, end - 1)

    def _cut(self, negative: bool, first: int, last: int) -> Iterator[tuple[bool, int, int]]:
        """Patterns without a kink among them, cut where the zone near the root begins and ends."""
        side, begin, end = self.near_root or (negative, last + 1, last + 1)
        edges = [first, *(e for e in (begin, end + 1) if first < e <= last and side == negative), last + 1]
        for here, following in pairwise(edges):
            yield negative, here, following - 1

    def judge(self, negative: bool, first: int, last: int) -> tuple[Tally, Tally, Tally]:
        """The errors of the numbers with these patterns: of value and derivative, and of the latter near its root."""
        value, derivative, near_root = Tally(), Tally(), Tally()
        zone = self.near_root
        near = zone is not None and zone[0] == negative and zone[1] <= first and last <= zone[2]
        tallies = value, near_root if near else derivative
        pieces = [(first, last)]
        while pieces:
            begin, end = pieces.pop()
            if end - begin < FEW:
                x = self._numbers(negative, begin, end)
                for tally, found, exact in zip(tallies, self.function(x), self._exact(x), strict=True):
                    poles = np.where(np.isinf(found) & (np.abs(exact) == LARGEST), found, exact)  # of either sign
                    self._add(tally, x, found, poles, absolute=tally is near_root)
                continue
            oracles = self._oracles(negative, begin, end)
            if oracles is None:
                middle = (begin + end) // 2
                pieces += [(begin, middle), (middle + 1, end)]
                continue
            for start in range(begin, end + 1, CHUNK):
                x = self._numbers(negative, start, min(start + CHUNK - 1, end))
                for tally, found, oracle in zip(tallies, self.function(x), oracles, strict=True):
                    if tally is near_root:
                        self._add(tally, x, found, oracle(x), absolute=True)
                    else:
                        self._against(oracle, tally, x, found)
        return value, derivative, near_root

    def _add(self, tally: Tally, x: Reals, found: Reals, exact: Doubles, absolute: bool = False) -> None:
        errors = np.abs(found - exact) if absolute else errors_of(found, exact, self.form)
        tally.add(x, found, exact, errors)

    def _numbers(self, negative: bool, first: int, last: int) -> Reals:
        x = np.arange(first, last + 1, dtype=self.integer).view(self.form.dtype)
        return -x if negative else x

    def _against(self, oracle: Smooth, tally: Tally, x: Reals, found: Reals) -> None:
        scratch, form = np.empty((2, x.size)), self.form
        total, rounded, place = _compiled()(
            x.astype(np.float32, copy=False), found.astype(np.float32, copy=False), oracle.coefficients, oracle.centre,
            oracle.stretch, form.digits, form.smallest, form.largest, *scratch,
        )  # fmt: skip
        if np.isfinite(total):
            exact, errors = scratch
            tally.merge(
                Tally(x.size, total, rounded, errors[place], float(x[place]), float(found[place]), exact[place])
            )
        else:  # where one of both is NaN, `errors_of` looks whether the other is
            self._add(tally, x, found, oracle(x))

    def _exact(self, x: Reals) -> Doubles:
        """The exact values and derivatives: both NaN outside of the domain, infinite at a pole."""
        import mpmath

        largest = mpmath.mpf(LARGEST)
        result = np.empty((2, x.size))
        with _mpmath:
            for place, number in enumerate(x.tolist()):
                for half, function in enumerate(self.exact):
                    try:
                        value = exactly(function, number, self.form)
                    except ZeroDivisionError:
                        value = largest
                    if isinstance(value, mpmath.mpc):
                        result[:, place] = np.nan
                        break
                    result[half, place] = max(min(value, largest), -largest)
        return result

    def confirm(self, tally: Tally, half: int) -> None:
        """Replace what the polynomial said of the witness by the exact value."""
        x, found = (np.array([number], self.form.dtype) for number in (tally.at, tally.got))
        exact = self._exact(x)[half]
        beyond = 2.0 ** (self.form.largest + 1)
        tally.worst = float(errors_of(found, exact, self.form)[0])
        tally.wanted = float(np.clip(exact[0], -beyond, beyond))

    def _oracles(self, negative: bool, first: int, last: int) -> list[Smooth] | None:
        """Oracles of both halves for one piece; None where a polynomial will not do."""
        ends = self._numbers(negative, first, last)[[0, -1]].astype(np.float64)
        centre, half = float(ends.mean()), float(abs(ends[1] - ends[0]) / 2)
        points = centre + half * np.concatenate([NODES, CHECKS])
        found = [self._smooth(points, values, centre, 1 / half) for values in self._exact(points)]
        return None if None in found else [oracle for oracle in found if oracle]

    def _smooth(self, points: Doubles, values: Doubles, centre: float, stretch: float) -> Smooth | None:
        beyond = 2.0 ** (self.form.largest + 1)
        if np.isnan(values).all() or (values >= beyond).all() or (values <= -beyond).all():
            constant = float(np.clip(values[0], -beyond, beyond))  # NaN stays NaN
            return Smooth((*(0.0,) * (NODES.size - 1), constant), centre, stretch)
        if not (np.abs(values) < LARGEST).all() or values.min() < 0 < values.max():
            return None  # beside a root too: there numbers are judged one by one, as no double has enough digits
        nodes, checks = np.split(values, [NODES.size])
        series = 2 / NODES.size * WAVES @ nodes
        series[0] /= 2
        coefficients = np.zeros(NODES.size)
        powers = np.polynomial.chebyshev.cheb2poly(series)  # without the highest, where they are 0
        coefficients[: powers.size] = powers
        found = Smooth(tuple(map(float, coefficients[::-1])), centre, stretch)
        gap = errors_of(found(points[NODES.size :]), checks, self.form)
        return found if (gap <= TOLERANCE).all() else None


def certify(
    record: Activation,
    dtype: str,
    threads: int | None = None,
    progress: Callable[[float], object] = lambda share: None,
) -> dict[str, Any]:
    """Judge an activation at every finite number of a type.

    Parameters
    ----------
    record : Activation
        The row; parameters have their defaults, as the type has them.
    dtype : {'float16', 'float32'}
        The type. float32 takes about half a minute of one processor.
    threads : int, optional
        How many threads; by default as many as this process may use processors.
    progress : callable, optional
        Told the share that is done, from time to time.

    Returns
    -------
    dict
        By half, 'value' and 'derivative': number of patterns, largest and mean error, share of results that are rounded
        correctly, and the witness of the largest error. `near_root` has the numbers near a root of the derivative,
        with absolute errors. And the digest of what was judged.
    """
    _compiled()  # before there are threads
    judge = Judge(record, dtype)
    units = list(judge.units())
    totals = Tally(), Tally(), Tally()
    with ThreadPoolExecutor(threads or processors()) as pool:
        tasks = [pool.submit(judge.judge, *unit) for unit in units]
        try:
            for done, task in enumerate(as_completed(tasks), 1):
                for total, part in zip(totals, task.result(), strict=True):
                    total.merge(part)
                progress(done / len(tasks))
        finally:
            pool.shutdown(cancel_futures=True)
    value, derivative, near_root = totals
    judge.confirm(value, 0)
    judge.confirm(derivative, 1)
    found = {"digest": digest(record), "value": value.entry(), "derivative": derivative.entry()}
    if near_root.patterns:
        found["near_root"] = near_root.entry(absolute=True)
    return found


def digest(record: Activation) -> str:
    """Digest of all that the results of an activation depend on: its kernel and whatever that reaches.

    What a primitive reaches is what emits its instructions.
    """
    from ..engine import lowering  # which imports Numba: a list of what was judged needs none

    reached: dict[str, str] = {}
    waiting: list[tuple[str, Any]] = [(record.name, record.kernel)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, FunctionType):
            enclosed = inspect.getclosurevars(value).nonlocals
            place = f"{value.__module__}.{name}({', '.join(map(str, enclosed.values()))})"
            if place not in reached:
                reached[place] = inspect.getsource(value)
                names, known = value.__code__.co_names, dict(value.__globals__)
                for module in [known[n] for n in names if isinstance(known.get(n), ModuleType)]:
                    if module.__name__.startswith(kernels.__name__):
                        known |= vars(module)
                # what a kernel asks of its tier m is of the default one, whatever has that name in its module
                tier = vars(full) if "m" in inspect.signature(value).parameters else {}
                waiting += [(n, scope[n]) for scope in (tier, known) for n in names if n in scope]
                if value in lowering.BUILDERS:
                    waiting.append((f"{name}'s instructions", lowering.BUILDERS[value]))
        elif not isinstance(value, ModuleType | type):
            reached[name] = repr(value)
    text = [reached, [repr(p) for p in record.parameters.items()], lowering.STRICT]
    return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()


def load(path: Path = COMMITTED) -> Certificate:
    """The entries of a file, by row and by type; none where there is no file."""
    if not path.exists():
        return {}
    found: Any = json.loads(path.read_text())
    if not isinstance(found, dict) or not all(isinstance(entries, dict) for entries in found.values()):
        raise ValueError("it does not hold an object of objects")
    return found


def text(certificate: Certificate) -> str:
    """What `load` reads, in the order of the catalogue; of rows that it still has."""
    return json.dumps({name: certificate[name] for name in ACTIVATIONS if name in certificate}, indent=1) + "\n"


def is_current(certificate: Certificate, record: Activation, dtype: str) -> bool:
    """Whether an activation was judged in a type, and has not changed since."""
    entry = certificate.get(record.name, {}).get(dtype)
    return entry is not None and entry.get("digest") == digest(record)


def table(certificate: Certificate) -> tuple[list[str], list[list[str]]]:
    """Header and lines for people to read: a line for each row, type and half."""
    lines = []
    for name, types in certificate.items():
        for dtype, entry in types.items():
            for half in HALVES:
                e = entry[half]
                at, got, wanted = (f"{float.fromhex(e[key]):.9g}" for key in ("at", "got", "wanted"))
                witness = f"f({at}) = {wanted}, got {got}"
                share = f"{100 * e['correctly_rounded']:.3f} %"
                lines.append([name, dtype, half, f"{e['max_ulp']:.4f}", f"{e['mean_ulp']:.4f}", share, witness])
            if "near_root" in entry:
                lines.append(
                    [name, dtype, "near its root", f"{entry['near_root']['max_absolute']:.2g} absolute", "", "", ""]
                )
    return ["name", "type", "of", "largest, ULP", "mean, ULP", "correctly rounded", "witness"], lines
