"""The sections on exp: error beside speed, and what each tier is."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..analysis import propagation
from ..analysis.comparison import DEFAULT_NAME, DTYPES, Comparison, Measurement
from ..engine.keys import DEFAULT
from ..records import APPROXIMATIONS, HALVES, Approximation, Error
from ..tier_errors import UNITS as KINDS_OF_ERROR
from ..tier_errors import stated
from .document import Axis, Block, Card, Cards, Cell, Choice, Column, Facts, Line, Plot, Point, Section, Table, Text
from .numbers import error, figures, number, percent

__all__ = ["exponential_section", "tier_section"]

KINDS = {"tier": "ours", "peer": "other libraries"}


def exponential_section(found: Comparison) -> Section:
    """Which exponential can I afford: a plot for each type and size, a table for each type."""
    panels: dict[tuple[str, ...], Sequence[Block]] = {}
    for dtype in found.dtypes:
        for size in found.copy[dtype]:
            panels[dtype, size] = [_sentence(found, dtype, size), _pareto(found, dtype, size)]
        panels[dtype,] = [_table(found, dtype)]
    sizes = tuple(found.copy[found.dtypes[0]])
    points = max(m.anywhere.points for m in found.measurements)
    return Section(
        "exponentials",
        "Which exponential can I afford?",
        [
            Text(
                f"Every exponential of this package and of the libraries measured here: the largest error among up to "
                f"{points:,} inputs that leave no part of the range out, and the time per element with one thread, on "
                f"{found.input}. In the plot, further down is more accurate, further left is faster; what is filled is "
                f"on the Pareto front: nothing else is both as accurate and as fast. In the table, ★ says the same of "
                f"a size; mean, bias (the mean signed relative error) and the share of results that are the float "
                f"nearest to the exact value are those on this input, the largest errors those anywhere in the "
                f"interval of a tier."
            ),
            Choice("exp", {"Type": found.dtypes, "Input and output fit in": sizes}, panels),
        ],
    )


def _anchor(m: Measurement) -> str:
    return f"{m.dtype}-{m.name}"


def _sentence(found: Comparison, dtype: str, size: str) -> Text:
    rows = sorted(found.of(dtype), key=lambda m: m.nanoseconds[size])
    front = [m for m in rows if m.dominated_by[size] is None]
    fastest, best = front[0], front[-1]
    default = next(m for m in rows if m.name == DEFAULT_NAME)
    to_copy, to_best = found.copy[dtype][size], best.nanoseconds[size]
    text = (
        f"The fastest, {fastest.name}, takes {figures(fastest.nanoseconds[size] / to_copy)} times as long as copying "
        f"the numbers, and is wrong by up to {figures(fastest.anywhere.max_relative)} of the value; the most accurate "
        f"on the front, {best.name}, takes {figures(to_best / to_copy)} times as long as copying, for an error of at "
        f"most {figures(best.anywhere.max_ulp)} ULP."
    )
    peers = [m for m in rows if m.kind == "peer"]
    if peers:
        peer = peers[0]
        text += (
            f" The fastest of the other libraries, {peer.name}, takes "
            f"{figures(peer.nanoseconds[size] / default.nanoseconds[size])} times as long as our default."
        )
    return Text(text)


def _describe(m: Measurement, size: str) -> str:
    by = m.dominated_by[size]
    return (
        f"{m.name}: {figures(m.nanoseconds[size])} ns per element, largest relative error "
        f"{figures(m.anywhere.max_relative)} ({figures(m.anywhere.max_ulp)} ULP)\n"
        f"{'on the Pareto front' if by is None else f'dominated by {by}'}"
    )


def _pareto(found: Comparison, dtype: str, size: str) -> Plot:
    rows = found.of(dtype)
    points = [
        Point(
            m.name,
            m.nanoseconds[size],
            m.anywhere.max_relative,
            _describe(m, size),
            kind=list(KINDS).index(m.kind),
            hollow=m.dominated_by[size] is not None,
            link=_anchor(m),
        )
        for m in rows
    ]
    front = sorted((m.nanoseconds[size], m.anywhere.max_relative) for m in rows if m.dominated_by[size] is None)
    corners = [(time, error) for (_, error), (time, _) in pairwise(front)]
    steps = sorted([*front, *corners], key=lambda step: (step[0], -step[1]))
    copy = found.copy[dtype][size]
    return Plot(
        title=f"{found.activation}(x) in {dtype}, input and output in {size}: largest error against time",
        description=f"{len(points)} points: " + "; ".join(_describe(m, size).replace("\n", ", ") for m in rows),
        x=Axis("ns per element", logarithmic=True),
        y=Axis("largest relative error", logarithmic=True),
        lines=[
            Line("Pareto front", [t for t, _ in steps], [e for _, e in steps], kind=7),
            Line("np.copyto", [copy, copy], [front[-1][1], front[0][1]], kind=2),
        ],
        points=points,
        points_named=tuple(KINDS.values()),
    )


def _table(found: Comparison, dtype: str) -> Table:
    sizes = tuple(found.copy[dtype])
    columns = [
        Column("exponential"),
        Column("stated error", number=True),
        Column("largest ULP", number=True),
        Column("largest relative", number=True),
        Column("mean ULP", number=True),
        Column("bias", number=True),
        Column("nearest float", number=True),
        *(Column(f"ns, {size}", number=True) for size in sizes),
    ]
    return Table(f"{found.activation}(x) in {dtype}", columns, [_row(m, sizes) for m in found.of(dtype)])


def _row(m: Measurement, sizes: Sequence[str]) -> list[Cell]:
    tier = APPROXIMATIONS.get(DEFAULT if m.name == DEFAULT_NAME else m.name) if m.kind == "tier" else None
    broken = " exceeds it" if m.holds is False else ""
    in_ulp = m.stated is not None and m.stated.unit == "ULP"
    largest = (m.anywhere.max_ulp, broken if in_ulp else ""), (m.anywhere.max_relative, "" if in_ulp else broken)
    return [
        Cell(m.name, anchor=_anchor(m), link="" if tier is None else f"tier-{tier.name}"),
        Cell(error(m.stated), value=_relative(m)),
        *(number(size, told, "bad" if told else "") for size, told in largest),
        number(m.on_input.mean_ulp),
        number(m.on_input.bias),
        Cell(percent(m.on_input.correctly_rounded), value=m.on_input.correctly_rounded),
        *(_time(m, size) for size in sizes),
    ]


def _relative(m: Measurement) -> float | None:
    """The stated error as part of the value, so that those in ULP can be sorted among the others."""
    if m.stated is None:
        return None
    return m.stated.size * (float(np.finfo(m.dtype).eps) if m.stated.unit == "ULP" else 1.0)


def _time(m: Measurement, size: str) -> Cell:
    front = m.dominated_by[size] is None
    return number(m.nanoseconds[size], " ★" if front else "", "good" if front else "")


def tier_section() -> Section:
    """What each tier is, promises and is there for."""
    return Section(
        "tiers",
        "The tiers, and why",
        [
            Text(
                "Every tier but those for comparison only has every activation that is built on exp: "
                "act.approx.<tier>.sigmoid(x), act.approx.<tier>.derivative.sigmoid(x)."
            ),
            Cards([_card(tier) for tier in APPROXIMATIONS.values()]),
            Text(
                "A 3 % exp is not a 3 % sigmoid. This is what the error of each tier becomes in each activation, at "
                "most, where exp(x) and exp(−x) lie in the interval of the tier: as a part of the exact result, or as "
                "it is. A dash: more than 1, as the relative error of what passes through 0 may be, or the absolute "
                "error of what grows."
            ),
            Choice(
                "carried",
                {"Type": DTYPES, "Of": HALVES, "Error": KINDS_OF_ERROR},
                {
                    (dtype, half, unit): [_carried(dtype, half, unit)]
                    for dtype in DTYPES
                    for half in HALVES
                    for unit in KINDS_OF_ERROR
                },
            ),
        ],
    )


def _carried(dtype: str, half: str, unit: str) -> Table:
    """What becomes of the tiers' errors: a row for each activation."""
    columns = [tier for tier, of in propagation.tiers() if of == dtype]
    rows = [
        [Cell(name), *(_becomes(stated(tier, name, dtype, half), unit) for tier in columns)]
        for name in propagation.names()
    ]
    return Table(
        f"Largest {unit} error of the {half} in {dtype}, by tier",
        [Column("activation"), *(Column(tier, number=True) for tier in columns)],
        rows,
    )


def _becomes(errors: Sequence[Error] | None, unit: str) -> Cell:
    found = [number(error.size) for error in errors or () if error.unit == unit]
    return found[0] if found else Cell("–")


def _card(tier: Approximation) -> Card:
    name = DEFAULT_NAME if tier.name == DEFAULT else tier.name
    facts = {}
    for dtype, bound in tier.bounds.items():
        facts[f"stated error, {dtype}"] = error(bound)
        facts[f"holds for x in, {dtype}"] = " to ".join(map(figures, tier.interval[dtype]))
    return Card(f"tier-{tier.name}", name, tier.method, [Text(tier.why), Facts(facts), Text(f"Range: {tier.special}.")])
