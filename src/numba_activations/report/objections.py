"""The sections on the three objections to the sigmoid: what `explain` measures, as blocks of a page."""

import contextlib
from collections.abc import Sequence
from functools import singledispatch

from ..analysis.objections import Cost, Findings, Vanishing, ZeroCentred
from ..analysis.objections.findings import Table as Numbers
from .document import Axis, Cell, Column, Line, Plot, Section, Table, Text

__all__ = ["objection_section"]


def objection_section(found: Findings) -> Section:
    """What is objected, what was found, and the numbers."""
    return Section(
        f"objection-{found.name}",
        f"Objection: {found.name}",
        [Text(found.objection), *map(Text, found.sentences()), *_plots(found), *map(_table, found.tables())],
    )


def _table(numbers: Numbers) -> Table:
    rows = [[_cell(text) for text in row] for row in numbers.rows]
    columns = [
        Column(title, number=all(row[k].value is not None for row in rows)) for k, title in enumerate(numbers.header)
    ]
    return Table(numbers.title, columns, rows)


def _cell(text: str) -> Cell:
    """A cell that sorts by the number that its text begins with."""
    with contextlib.suppress(ValueError):
        return Cell(text, value=float(text.partition(" ")[0]))
    return Cell(text)


@singledispatch
def _plots(found: Findings) -> Sequence[Plot]:
    raise NotImplementedError(f"{type(found).__name__} has no plots here: register them for it")


@_plots.register
def _(found: Vanishing) -> Sequence[Plot]:
    deepest = found.deepest()
    kinds = {name: k for k, name in enumerate(dict.fromkeys(run.label for run in deepest))}
    depth = deepest[0].depth
    depths = sorted({run.depth for run in found.runs})

    def accuracy(label: str) -> list[float]:
        return [run.moments[-1].accuracy for d in depths for run in found.runs if (run.label, run.depth) == (label, d)]

    layers = range(1, depth + 2)
    gradients = [Line(r.label, layers, r.moments[0].gradients.tolist(), kinds[r.label]) for r in deepest]
    regimes = [Line(r.label, layers[:-1], r.moments[-1].saturated.tolist(), kinds[r.label]) for r in deepest]
    reached = [Line(label, depths, accuracy(label), kind) for label, kind in kinds.items()]
    return [
        _lines(
            f"Gradient at the start, {depth} hidden layers",
            Axis("layer", whole=True),
            Axis("norm of dL/dW", True),
            gradients,
        ),
        _lines(
            "Saturated units after training",
            Axis("hidden layer", whole=True),
            Axis("share", low=-0.03, high=1.03),
            regimes,
        ),
        _lines("Test accuracy", Axis("hidden layers", whole=True), Axis("share", low=0.0, high=1.03), reached),
    ]


@_plots.register
def _(found: ZeroCentred) -> Sequence[Plot]:
    start = [s for s in found.signs if s.moment == "at the start"]
    shares = [Line(s.activation, list(s.shares), list(s.shares.values()), k) for k, s in enumerate(start)]
    paths = [
        Line(f"{d.inputs} inputs", d.path[:, 0].tolist(), d.path[:, 1].tolist(), k)
        for k, d in enumerate(found.descents)
    ]
    return [
        _lines(
            "Units whose weights' gradients all have one sign",
            Axis("examples in a batch", True),
            Axis("share of units", low=-0.03, high=1.03),
            shares,
        ),
        _lines("Two weights on their way", Axis("first weight"), Axis("second weight"), paths),
    ]


@_plots.register
def _(found: Cost) -> Sequence[Plot]:
    lines = [Line(p.activation, list(p.shares), list(p.shares.values()), k) for k, p in enumerate(found.prices)]
    return [
        _lines("What the activation takes of an epoch", Axis("hidden units", True), Axis("share", low=0.0), lines),
    ]


def _lines(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> Plot:
    ends = "; ".join(f"{line.name} from {line.y[0]:.3g} to {line.y[-1]:.3g}" for line in lines)
    return Plot(title, f"{title}, {y.label} by {x.label}: {ends}", x, y, lines=[_cycled(line) for line in lines])


def _cycled(line: Line) -> Line:
    return Line(line.name, line.x, line.y, line.kind % 8)
