"""The sections on the catalogue: a table of every activation, and a card of each with its curves."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

import numba_activations as act

from ..analysis.saturation import SATURATED, Regime, saturated
from ..analysis.survey import REACH, SIZE, Measured, Survey
from ..records import Activation
from .document import Axis, Band, Card, Cards, Cell, Choice, Column, Facts, Line, Plot, Section, Table, Text
from .numbers import figures, number

__all__ = ["catalogue_section", "curve_section"]

_CEILING = 3.0  # of the curves; what grows further leaves the picture


def catalogue_section(surveys: Sequence[Survey]) -> Section:
    """Every activation: its formula, stated and measured errors, and its speed beside other libraries'."""
    dtypes = tuple(dict.fromkeys(s.dtype for s in surveys))
    libraries = tuple(dict.fromkeys(peer for s in surveys for peer in s.peers))
    points = max(s.value.accuracy.points for s in surveys)
    return Section(
        "catalogue",
        "The catalogue",
        [
            Text(
                f"Each activation with its default parameters, in the default tier: the stated and the largest "
                f"measured error, in units in the last place (ULP), of the value f and of the derivative f' among up "
                f"to {points:,} inputs between −{REACH:g} and {REACH:g}; the time per element with one thread, where "
                f"input and output fit in {SIZE}; and how many times as long other libraries take for the value, or a "
                f"plain NumPy formula where NumPy has no function."
            ),
            *_sentences(surveys, libraries),
            Choice("catalogue", {"Type": dtypes}, {(d,): [_table(surveys, d, libraries)] for d in dtypes}),
        ],
    )


def _sentences(surveys: Sequence[Survey], libraries: Sequence[str]) -> list[Text]:
    if not libraries:
        return []
    parts = []
    for library in libraries:
        ratios = [s.speedup(library) for s in surveys if library in s.peers]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        ahead = sum(ratio > 1 for ratio in ratios)
        parts.append(f"{library} takes {figures(mean)} times as long (we are ahead in {ahead} of {len(ratios)})")
    return [Text(f"In geometric mean over activations and types, {'; '.join(parts)}.")]


def _table(surveys: Sequence[Survey], dtype: str, libraries: Sequence[str]) -> Table:
    columns = [
        Column("name"),
        Column("f(x)"),
        Column("f stated", number=True),
        Column("f largest", number=True),
        Column("f' stated", number=True),
        Column("f' largest", number=True),
        Column("f ns", number=True),
        Column("f' ns", number=True),
        *(Column(f"{library} ÷ ours", number=True) for library in libraries),
    ]
    rows = [_row(s, libraries) for s in surveys if s.dtype == dtype]
    return Table(f"The catalogue in {dtype}: errors in ULP, times in ns per element", columns, rows)


def _row(s: Survey, libraries: Sequence[str]) -> list[Cell]:
    return [
        Cell(s.activation, link=_anchor(s.activation), anchor=f"{s.dtype}-{_anchor(s.activation)}"),
        Cell(act.catalogue[s.activation].formula),
        number(s.stated.value.size),
        _measured(s.value, s.value_holds),
        number(s.stated.derivative.size),
        _measured(s.derivative, s.derivative_holds),
        number(s.value.nanoseconds),
        number(s.derivative.nanoseconds),
        *(_times(s, library) for library in libraries),
    ]


def _measured(found: Measured, holds: bool) -> Cell:
    return number(found.accuracy.max_ulp, "" if holds else " exceeds it", "" if holds else "bad")


def _times(s: Survey, library: str) -> Cell:
    if library not in s.peers:
        return Cell("–")
    ratio = s.speedup(library)
    return number(ratio, "×", "good" if ratio > 1 else "bad")


def _anchor(name: str) -> str:
    return f"activation-{name}"


def curve_section(surveys: Sequence[Survey]) -> Section:
    """A card for each activation: its curves, where it saturates, and what is measured of it."""
    by_name: dict[str, dict[str, Survey]] = {}
    for s in surveys:
        by_name.setdefault(s.activation, {})[s.dtype] = s
    return Section(
        "activations",
        "Each activation and its derivative",
        [
            Text(
                f"The shaded part is the saturated regime: there |f'| is below {100 * SATURATED:g} % of its largest "
                f"value (or of 1, where |f'| has no bound), and little of the gradient passes through the unit."
            ),
            Cards([_card(act.catalogue[name], found) for name, found in by_name.items()]),
        ],
    )


def _card(record: Activation, found: Mapping[str, Survey]) -> Card:
    regime = saturated(record.name)
    facts = {"saturated": _where(regime)}
    if record.aliases:
        facts["also called"] = ", ".join(record.aliases)
    if record.parameters:
        facts["parameters"] = ", ".join(f"{name} = {value:.6g}" for name, value in record.parameters.items())
    if record.kinks:
        facts["kinks at x ="] = ", ".join(figures(kink) for kink in record.kinks)
    facts["f, f' towards ∞"] = ", ".join(map(figures, record.limits.plus))
    facts["f, f' towards −∞"] = ", ".join(map(figures, record.limits.minus))
    return Card(
        _anchor(record.name),
        record.name,
        record.formula,
        [_plot(record, regime), Facts(facts), *([Text(record.note)] if record.note else [])],
        [_details(record, found)],
    )


def _where(regime: Regime) -> str:
    return "; ".join(_interval(*ends) for ends in regime.intervals) or "nowhere"


def _interval(low: float, high: float) -> str:
    if math.isinf(low):
        return f"x < {figures(high)}"
    if math.isinf(high):
        return f"x > {figures(low)}"
    return f"{figures(low)} < x < {figures(high)}" if high > low else f"x = {figures(low)}"


def _plot(record: Activation, regime: Regime) -> Plot:
    reach = max([6.0, *(1.4 * abs(kink) for kink in record.kinks)])
    x = np.linspace(-reach, reach, 193)
    for kink in record.kinks:  # both sides of a jump, and nothing drawn between them
        x = np.union1d(x, [np.nextafter(kink, -np.inf), kink, np.nextafter(kink, np.inf)])
    gap = np.isin(x, record.kinks)
    functions = getattr(act, record.name), getattr(act.derivative, record.name)
    value, slope = (np.where(gap, np.nan, function(x)) for function in functions)
    drawn = np.concatenate([value, slope])
    drawn = drawn[np.isfinite(drawn)]
    low, high = max(float(drawn.min()), -_CEILING), min(float(drawn.max()), _CEILING)
    margin = 0.06 * (high - low)
    shown = [ends for ends in regime.intervals if ends[0] < reach and ends[1] > -reach]
    return Plot(
        title="",
        description=f"{record.name} and its derivative between −{reach:g} and {reach:g}; saturated: {_where(regime)}",
        x=Axis("x", low=-reach, high=reach),
        y=Axis("f(x), f'(x)", low=low - margin, high=high + margin),
        lines=[Line("f", x.tolist(), value.tolist(), 0), Line("f'", x.tolist(), slope.tolist(), 1)],
        bands=[Band(f"|f'| < {figures(regime.threshold)}", *ends) for ends in shown],
        small=True,
    )


def _details(record: Activation, found: Mapping[str, Survey]) -> Table:
    """What computes it, with error and time in each type."""
    names = list(dict.fromkeys(name for s in found.values() for name in s.peers))
    columns = [Column("what")]
    for dtype in found:
        columns += [Column(f"{dtype} ULP", number=True), Column(f"{dtype} ns", number=True)]
    rows: list[tuple[str, list[Measured | None]]] = [
        ("f", [s.value for s in found.values()]),
        ("f'", [s.derivative for s in found.values()]),
    ]
    rows += [(name, [s.peers.get(name) for s in found.values()]) for name in names]
    return Table(f"Largest errors and times of {record.name}", columns, [_detail(name, cells) for name, cells in rows])


def _detail(name: str, found: Sequence[Measured | None]) -> list[Cell]:
    cells = [Cell(name)]
    for m in found:
        cells += [Cell("–"), Cell("–")] if m is None else [number(m.accuracy.max_ulp), number(m.nanoseconds)]
    return cells
