"""Make the report: one HTML page on this machine's exponentials and activations."""

import argparse
import sys
from pathlib import Path

from . import libraries
from .errors import require
from .files import check_writable, write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="FILE", help="where to write it (default: report.html)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="in seconds instead of minutes: fewer inputs, only NumPy to compare with"
    )
    libraries.add_option(parser)


def run(options: argparse.Namespace) -> None:
    """Measure, then write the page."""
    for module in ("jinja2", "mpmath", "rich"):
        require(module)
    if str(options.out) != "-":
        check_writable(options.out)

    from dataclasses import replace

    from ..engine.ahead import compile_ahead
    from ..report import FULL, QUICK, functions, measure, page
    from .terminal import progress

    effort = QUICK if options.quick else FULL
    asked = libraries.chosen(options)
    if asked is not None:
        effort = replace(effort, libraries=asked)
    with progress() as bar:
        task = bar.add_task("starting", total=1.0)

        def step(done: float, what: str) -> None:
            bar.update(task, completed=done, description=what)

        compile_ahead(functions(), step)
        sections = measure(effort, step)
    write(options.out, page(sections))
    if str(options.out) != "-":
        sys.stdout.write(f"{options.out}: open it in a browser\n")
