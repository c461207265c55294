"""Judge activations at every number of a type, and write the certificate."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from ..records import ACTIVATIONS
from .errors import UserError, require
from .files import check_writable, write


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="activations, by name or alias (default: all)")
    parser.add_argument("--exhaustive", action="store_true", help="float32 too: half a minute an activation")
    parser.add_argument(
        "--output", type=Path, default=Path("certificate.json"), metavar="FILE", help="default: %(default)s"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="default: one for each processor")


def run(options: argparse.Namespace) -> None:
    """Judge what the file has no current entry for; the file is written after each activation."""
    unknown = [name for name in options.names if name not in ACTIVATIONS]
    if unknown:
        raise UserError(f"there is no activation {unknown[0]!r}: see `numba-activations list`")
    if options.threads is not None and options.threads < 1:
        raise UserError(f"--threads is {options.threads}: it must be at least 1")
    require("rich")
    require("mpmath")
    from ..analysis import certificate
    from .terminal import console, progress, table_of

    check_writable(options.output)
    try:
        found = certificate.load(options.output)
    except ValueError as error:
        raise UserError(f"{options.output} is no certificate: {error}") from None
    rows = [ACTIVATIONS[name] for name in options.names or ACTIVATIONS]
    tasks = [(row, dtype) for row in rows for dtype in ("float16", "float32")[: 1 + options.exhaustive]]
    with progress() as bar:
        overall = bar.add_task("", total=len(tasks))
        for done, (row, dtype) in enumerate(tasks):
            bar.update(overall, description=f"{row.name} {dtype}", completed=done)
            if not certificate.is_current(found, row, dtype):
                tell = partial(_tell, bar, overall, done)
                found.setdefault(row.name, {})[dtype] = certificate.certify(row, dtype, options.threads, tell)
                write(options.output, certificate.text(found))
    chosen = {row.name: found[row.name] for row in rows}
    console().print(
        table_of(f"Judged at every finite number ({options.output})", *certificate.table(chosen), wrap=False)
    )


def _tell(bar: Any, task: Any, done: int, share: float) -> None:
    bar.update(task, completed=done + share)
