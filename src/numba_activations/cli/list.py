"""List the catalogue and the tiers.

The speeds are those that perf/report.py stored: a list takes no time, and those of this machine are in a report.
"""

import argparse
import functools
import json
import sys
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from ..engine.keys import DEFAULT
from ..records import ACTIVATIONS, ALONG_AXIS, APPROXIMATIONS, Activation, Approximation, AxisFunction
from .errors import require

Table = tuple[list[str], list[list[str]]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--markdown", action="store_true", help="as Markdown tables on standard output")


def run(options: argparse.Namespace) -> None:
    """Print the tables."""
    tables = {
        "Activations": _functions(ACTIVATIONS.values(), "derivative"),
        "Functions along an axis": _functions(ALONG_AXIS.values(), "vjp"),
        "Tiers of exp": _tiers(),
    }
    if options.markdown:
        texts = (f"## {title}\n\n{_markdown(table)}" for title, table in tables.items())
        sys.stdout.write("\n\n".join([*texts, _note()]) + "\n")
        return
    require("rich")
    from .terminal import console, table_of

    output = console()
    for title, (header, rows) in tables.items():
        output.print(table_of(title, header, rows))
    output.print(_note())


def _note() -> str:
    return (
        "Errors are the stated bounds; ns are those of a number in one thread, of 16,000 or of 1000 rows of 1000; "
        f"both in float32 / float64, ns of a value in float16 before them. {_stored()['measured']}"
    )


@functools.cache
def _stored() -> Any:
    return json.loads(files("numba_activations.data").joinpath("speeds.json").read_text("utf-8"))


def _functions(rows: Iterable[Activation | AxisFunction], other: str) -> Table:
    """What is stated and measured of the value, and of the other variant that has bounds."""
    header = ["name", "f(x)", "parameters", "aliases", "value, ULP", "ns", f"{other}, ULP", "ns"]
    return header, [[*_named(row), *_figures(row, "value"), *_figures(row, other)] for row in rows]


def _named(row: Activation | AxisFunction) -> list[str]:
    parameters = ", ".join(f"{name}={default:.6g}" for name, default in row.parameters.items())
    return [row.name, row.formula, parameters, ", ".join(row.aliases)]


def _figures(row: Activation | AxisFunction, variant: str) -> list[str]:
    nanoseconds = _stored()["nanoseconds"].get(row.name, {}).get(variant, {})
    return [_pair(getattr(bound, variant).size for bound in row.bounds.values()), _pair(nanoseconds.values())]


def _tiers() -> Table:
    return ["name", "method", "largest error of exp", "special values", "why"], [
        _tier(row) for row in APPROXIMATIONS.values()
    ]


def _tier(row: Approximation) -> list[str]:
    name = f"{row.name} (default)" if row.name == DEFAULT else row.name
    stated = "; ".join(f"{kind} {error}" for kind, error in row.bounds.items())
    return [name, row.method, stated, row.special, row.why]


def _pair(numbers: Iterable[float]) -> str:
    return " / ".join(f"{number:.3g}" for number in numbers)


def _markdown(table: Table) -> str:
    header, rows = table
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in [header, ["---"] * len(header), *rows])
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)
