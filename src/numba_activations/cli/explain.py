"""Measure the three objections to the sigmoid: vanishing gradients, outputs off centre, the price of exp."""

import argparse
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import UserError, require
from .examples import Data, add_option, read_examples
from .files import check_picture, check_writable, write

OBJECTIONS = ("vanishing", "zero-centred", "cost")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("objection", choices=(*OBJECTIONS, "all"), help="which one")
    add_option(parser)
    parser.add_argument("--activations", nargs="+", metavar="NAME", help="'sigmoid', 'libm.sigmoid', 'elu(0.5)', ...")
    parser.add_argument("--depths", nargs="+", type=int, metavar="N", help="vanishing: hidden layers")
    parser.add_argument(
        "--initialisations", nargs="+", metavar="NAME", help="vanishing: lecun, he, glorot or auto, or several"
    )
    parser.add_argument("--widths", nargs="+", type=int, metavar="N", help="cost: hidden units")
    parser.add_argument("--batch-sizes", nargs="+", type=int, metavar="N", help="zero-centred: examples in a batch")
    parser.add_argument("--epochs", type=int, metavar="N", help="of each training")
    parser.add_argument("--json", nargs="?", const=Path("-"), type=Path, metavar="FILE", help="write the numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw: .svg, .png or .pdf; with 'all', one for each")


def run(options: argparse.Namespace) -> None:
    """Measure, then print, write and draw."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the price of an activation is that of one thread
    require("scipy", "train")
    require("rich")
    chosen = OBJECTIONS if options.objection == "all" else (options.objection,)
    pictures = _pictures(options.plot, chosen)
    if options.json not in (None, Path("-")):
        check_writable(options.json)
    data = read_examples(options.data)
    measured = []
    for name in chosen:
        found = _measured(name, data, options)
        measured.append(found)
        if options.json != Path("-"):
            _print(found)
        if name in pictures:
            from ..analysis.plots import image

            write(pictures[name], image(found.draw(), pictures[name].suffix[1:]))
    if options.json is not None:
        texts = [found.to_json() for found in measured]
        write(options.json, (texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]") + "\n")


def _measured(name: str, data: Data, options: argparse.Namespace) -> Any:
    from ..analysis import objections
    from .terminal import progress

    measure = getattr(objections, name.replace("-", "_"))
    with progress() as shown:
        task = shown.add_task(name, total=1.0)
        try:
            return measure(
                objections.Examples.of(Path(options.data).name, data),
                **_given(measure, options),
                step=lambda done, what: shown.update(task, completed=done, description=f"{name}: {what}"),
            )
        except ValueError as error:
            raise UserError(str(error)) from None


def _given(measure: Callable[..., Any], options: argparse.Namespace) -> dict[str, Any]:
    """The options that were given and that this objection has."""
    values = {name: getattr(options, name, None) for name in inspect.signature(measure).parameters}
    return {name: value for name, value in values.items() if value is not None}


def _pictures(plot: Path | None, chosen: tuple[str, ...]) -> dict[str, Path]:
    """Where each picture goes, all of which can be written."""
    if plot is None:
        return {}
    single = {chosen[0]: plot}
    pictures = single if len(chosen) == 1 else {n: plot.with_stem(f"{plot.stem}-{n}") for n in chosen}
    for path in pictures.values():
        check_picture(path)
    return pictures


def _print(found: Any) -> None:
    from .terminal import console, table_of

    output = console()
    output.print(f"\n{found.objection}\n", style="bold")
    for table in found.tables():
        output.print(table_of(*table))
    for sentence in found.sentences():
        output.print(sentence + "\n", soft_wrap=False)
