"""What is measured for a report, and the sections made of it.

A part measures something and makes its sections. To add one, write a function like those below and enter it in `PARTS`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

import numba_activations as act

from ..analysis import peers
from ..analysis.comparison import DTYPES, compare, machine
from ..analysis.survey import Exact, exact_values, survey
from ..data import preactivations
from ..engine.keys import DEFAULT, Key
from ..engine.processes import processes
from ..namespaces import names
from ..records import APPROXIMATIONS
from .activations import catalogue_section, curve_section
from .document import Facts, Section, Text
from .exponentials import exponential_section, tier_section

__all__ = ["FULL", "PARTS", "QUICK", "Effort", "Part", "functions", "measure"]

Step = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a report may take.

    Attributes
    ----------
    name : str
        What the reader is told.
    exp_points, points : mapping of str to int
        By type, on how many inputs the errors of exponentials and of each activation are measured.
    exp_seconds, seconds : float
        About how long the speeds of all exponentials, and of each activation, may take.
    libraries : tuple of str
        What is measured beside ours.
    objections : mapping of str to mapping
        Which of the objections to the sigmoid are measured, and with what arguments.
    """

    name: str
    exp_points: Mapping[str, int]
    points: Mapping[str, int]
    exp_seconds: float
    seconds: float
    libraries: tuple[str, ...]
    objections: Mapping[str, Mapping[str, Any]]


FULL = Effort(
    name="full",
    exp_points={"float32": 1 << 16, "float64": 1 << 12},
    points={"float32": 1 << 14, "float64": 1 << 10},
    exp_seconds=6.0,
    seconds=0.05,
    libraries=peers.installed(),
    objections={
        "vanishing": {"depths": (1, 3, 10), "epochs": 5, "learning_rates": (0.01, 0.03)},
        "zero_centred": {"epochs": 2},
        "cost": {"epochs": 5, "repetitions": 1, "seconds": 4.0},
    }
    if find_spec("scipy")
    else {},
)
QUICK = Effort(
    name="quick: on few inputs",
    exp_points={"float32": 1 << 10, "float64": 1 << 8},
    points={"float32": 1 << 8, "float64": 1 << 8},
    exp_seconds=0.5,
    seconds=0.005,
    libraries=("numpy",),
    objections={},
)


@dataclass(frozen=True, slots=True)
class Part:
    """Makes sections from measurements; `share` is its part of the time, beside the others'."""

    share: float
    sections: Callable[[Effort, Step], Sequence[Section]]


def _machine(effort: Effort, step: Step) -> list[Section]:
    from importlib.metadata import version

    libraries = {name: version(name) for name in effort.libraries}
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    facts = {**machine(), **libraries, "logical processors": str(os.cpu_count()), "made": made, "effort": effort.name}
    return [
        Section(
            "machine",
            "The machine",
            [
                Facts(facts),
                Text(
                    "All times are of one thread: of many calls in turns the best one counts, because noise only adds. "
                    "They hold for this machine; the errors hold for every one like it."
                ),
            ],
        )
    ]


def _exponentials(effort: Effort, step: Step) -> list[Section]:
    found = compare(libraries=effort.libraries, seconds=effort.exp_seconds, points=effort.exp_points, step=step)
    return [exponential_section(found), tier_section()]


def _activations(effort: Effort, step: Step) -> list[Section]:
    values = preactivations()
    order = [(name, dtype) for name in act.catalogue for dtype in DTYPES]
    exact: dict[tuple[str, str], Exact] = {}
    with processes() as pool:
        jobs = {pool.submit(exact_values, *job, effort.points[job[1]]): job for job in order}
        for done, finished in enumerate(as_completed(jobs)):
            exact[jobs[finished]] = finished.result()
            step(done / len(jobs) / 2, f"exact values of {' in '.join(jobs[finished])}")
    found = []
    with peers.one_thread(*effort.libraries):
        for done, (name, dtype) in enumerate(order):
            step(0.5 + done / len(order) / 2, f"{name} in {dtype}")
            record = act.catalogue[name]
            found.append(survey(record, values, exact[name, dtype], effort.libraries, effort.seconds))
    return [catalogue_section(found), curve_section(found)]


def _objection(name: str) -> Callable[[Effort, Step], list[Section]]:
    def sections(effort: Effort, step: Step) -> list[Section]:
        if name not in effort.objections:
            return []
        from ..analysis import objections
        from .objections import objection_section

        found = getattr(objections, name)(
            step=lambda done, what: step(done, f"{name}: {what}"), **effort.objections[name]
        )
        return [objection_section(found)]

    return sections


PARTS = (
    Part(0.0, _machine),
    Part(1.0, _exponentials),
    Part(2.0, _activations),
    *(Part(1.0, _objection(name)) for name in FULL.objections),
)


def functions() -> list[Key]:
    """What a report calls, to be compiled ahead of it."""
    rows = [Key(DEFAULT, variant, name) for variant in ("value", "derivative") for name in act.catalogue]
    return rows + [Key(tier, "value", "exp") for tier in APPROXIMATIONS if "exp" in names(tier)]


def measure(effort: Effort, step: Step = lambda done, what: None, parts: Sequence[Part] = PARTS) -> list[Section]:
    """The sections of a report.

    Parameters
    ----------
    effort : Effort
        How much work it may take.
    step : callable
        Is told the share that is done, and what comes next.
    parts : sequence of Part
        What it consists of.

    Notes
    -----
    Exact values come from several processes, which import the main module of this one: a script that calls this needs
    its ``if __name__ == "__main__":``.
    """
    whole = sum(part.share for part in parts)
    done = 0.0
    sections: list[Section] = []
    for part in parts:
        sections += part.sections(effort, _within(step, done / whole, part.share / whole))
        done += part.share
    step(1.0, "done")
    return sections


def _within(step: Step, start: float, share: float) -> Step:
    return lambda done, what: step(start + share * done, what)
