"""List the catalogue and the tiers."""

import argparse
import sys
from collections.abc import Mapping

from ..engine.keys import DEFAULT
from ..records import ACTIVATIONS, APPROXIMATIONS, Activation, Approximation, Error
from .errors import require

Table = tuple[list[str], list[list[str]]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--markdown", action="store_true", help="as Markdown tables on standard output")


def run(options: argparse.Namespace) -> None:
    """Print both tables."""
    tables = {"Activations": _activations(), "Tiers of exp": _tiers()}
    if options.markdown:
        sys.stdout.write("\n\n".join(f"## {title}\n\n{_markdown(table)}" for title, table in tables.items()) + "\n")
        return
    require("rich")
    from .terminal import console, table_of

    output = console()
    for title, (header, rows) in tables.items():
        output.print(table_of(title, header, rows))


def _activations() -> Table:
    header = ["name", "f(x)", "parameters", "aliases", "value, ULP", "derivative, ULP"]
    return header, [_activation(row) for row in ACTIVATIONS.values()]


def _activation(row: Activation) -> list[str]:
    parameters = ", ".join(f"{name}={default:.6g}" for name, default in row.parameters.items())
    value = _stated({kind: bound.value for kind, bound in row.bounds.items()})
    derivative = _stated({kind: bound.derivative for kind, bound in row.bounds.items()})
    return [row.name, row.formula, parameters, ", ".join(row.aliases), value, derivative]


def _tiers() -> Table:
    return ["name", "method", "largest error of exp", "special values", "why"], [
        _tier(row) for row in APPROXIMATIONS.values()
    ]


def _tier(row: Approximation) -> list[str]:
    name = f"{row.name} (default)" if row.name == DEFAULT else row.name
    stated = "; ".join(f"{kind} {error}" for kind, error in row.bounds.items())
    return [name, row.method, stated, row.special, row.why]


def _stated(errors: Mapping[str, Error]) -> str:
    return " / ".join(f"{error.size:g}" for error in errors.values())


def _markdown(table: Table) -> str:
    header, rows = table
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in [header, ["---"] * len(header), *rows])
    return "\n".join("| " + " | ".join(row) + " |" for row in escaped)
