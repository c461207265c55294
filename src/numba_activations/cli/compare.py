"""Compare exponentials, and activations built on them: error beside speed."""

import argparse
import math
from itertools import accumulate
from pathlib import Path

import numpy as np

from ..analysis.comparison import DTYPES, LEGEND, Comparison, compare
from ..records import ACTIVATIONS
from . import libraries
from .errors import UserError, require
from .files import check_picture, check_writable, given_twice, read_floats, write

FORMATS = {"json": Comparison.to_json, "csv": Comparison.to_csv, "markdown": Comparison.to_markdown}
_LESS = (  # columns that a narrow terminal does without, in turn
    {"mean", "bias", "nearest"},
    {"ns L1", "ns memory"},
    {"max abs."},
    {"on input"},
    {"stated"},
    {"max ULP"},
    {"dominated by"},
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--activation", default="exp", metavar="NAME", help="what to compare (default: exp)")
    parser.add_argument(
        "--input", type=Path, metavar="FILE.npy", help="your own numbers; by default a small network's pre-activations"
    )
    parser.add_argument("--dtype", choices=DTYPES, action="append", help="one type only (default: both)")
    libraries.add_option(parser)
    parser.add_argument("--seconds", type=float, default=20.0, help="about how long to measure speeds (default: 20)")
    for name in FORMATS:
        parser.add_argument(
            f"--{name}",
            nargs="?",
            const=Path("-"),
            type=Path,
            metavar="FILE",
            help=f"write {name} (default: to stdout)",
        )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw error against speed: .svg, .png or .pdf")


def run(options: argparse.Namespace) -> None:
    """Measure, then print or write what was asked for."""
    require("mpmath")
    require("rich")
    wanted = {name: getattr(options, name) for name in FORMATS if getattr(options, name) is not None}
    values, described = _checked(options, [*wanted.values()])
    asked = libraries.chosen(options)

    from .terminal import progress

    with progress() as bar:
        task = bar.add_task("starting", total=1.0)
        found = compare(
            options.activation,
            values,
            described,
            dtypes=options.dtype or DTYPES,
            libraries=asked,
            seconds=options.seconds,
            step=lambda done, what: bar.update(task, completed=done, description=what),
        )
    for name, path in wanted.items():
        write(path, FORMATS[name](found))
    if options.plot is not None:
        from ..analysis.plots import comparison_figure, image

        write(options.plot, image(comparison_figure(found), options.plot.suffix[1:]))
    if Path("-") not in wanted.values():
        _print(found)


def _checked(options: argparse.Namespace, outputs: list[Path]) -> tuple[np.ndarray | None, str]:
    """The input, after all that the user may have got wrong was looked at."""
    if options.activation not in ACTIVATIONS:
        raise UserError(f"there is no activation {options.activation!r}: there are {', '.join(ACTIVATIONS.names())}")
    if not 0 < options.seconds < math.inf:
        raise UserError(f"--seconds is {options.seconds:g}: it must be more than 0, and finite")
    if outputs.count(Path("-")) > 1:
        raise UserError("two formats for standard output: give a FILE to all but one of them")
    files = [path for path in outputs if path != Path("-")]
    if options.plot is not None:
        check_picture(options.plot)
        files.append(options.plot)
    for path in files:
        check_writable(path)
    if given_twice(files) is not None:
        raise UserError("two results for one file: give each its own")
    if options.input is None:
        return None, ""
    values = read_floats(options.input)
    dropped = values.size - int(np.isfinite(values).sum())
    for dtype in options.dtype or DTYPES:
        with np.errstate(over="ignore"):
            if not np.isfinite(values.astype(dtype)).any():
                held = "NaN" if np.isnan(values).all() else f"what is NaN or infinite in {dtype}"
                raise UserError(f"{options.input} holds only {held}: it must hold at least one finite number")
    numbers = "1 number" if values.size == 1 else f"{values.size} numbers"
    left_out = f", {dropped} of them left out: not finite" if dropped else ""
    return values, f"{numbers} from {options.input.name}{left_out}"


def _print(found: Comparison) -> None:
    """The tables for the terminal."""
    from rich.text import Text

    from .terminal import console, table_of

    output = console()
    output.print(Text.assemble((f"{found.activation}(x)", "bold"), f" = {found.formula}    on {found.input}"))
    for dtype in found.dtypes:
        measurements = found.of(dtype)
        copy = ", ".join(f"{size} {t:.3f}" for size, t in found.copy[dtype].items())
        for left_out in accumulate(_LESS, set.union, initial=set[str]()):
            header = [column for column in found.columns if column not in left_out]
            rows = [[found.columns[column](m) for column in header] for m in measurements]
            table = table_of(f"{dtype} (ns for np.copyto: {copy})", header, rows, wrap=False)
            if output.measure(table, options=output.options.update(max_width=1000)).maximum <= output.width:
                break
        for row, m in zip(table.rows, measurements, strict=True):
            row.style = "bold red" if m.holds is False else "" if m.dominated_by["L2"] else "bold"
        output.print(table)
    points = max(m.anywhere.points for m in found.measurements)
    output.print(LEGEND.format(points=points), style="dim")
    output.print(", ".join(f"{name} {value}" for name, value in found.machine.items()), style="dim")
