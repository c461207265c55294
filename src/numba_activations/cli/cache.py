"""The cache of compiled code: fill it, look at it, empty it."""

import argparse
import sys

from ..engine import cache
from ..engine.ahead import cached, compile_ahead, compile_here
from ..engine.keys import DEFAULT, Key
from ..engine.variants import VARIANTS
from ..namespaces import names
from ..records import ACTIVATIONS, ALONG_AXIS, APPROXIMATIONS
from .errors import UserError, require


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the three actions."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    warm = actions.add_parser("warm", help="compile ahead of time, so that no later process has to")
    warm.add_argument("names", nargs="*", metavar="NAME", help="functions (default: all)")
    warm.add_argument("--variant", choices=VARIANTS, action="append", help="one use only (default: all)")
    warm.add_argument("--tier", choices=APPROXIMATIONS, action="append", help=f"tiers of exp (default: {DEFAULT})")
    warm.set_defaults(act=_warm)
    actions.add_parser("info", help="where it is, and what it holds").set_defaults(act=_info)
    actions.add_parser("clear", help="remove all entries").set_defaults(act=_clear)


def run(options: argparse.Namespace) -> None:
    """Carry out the action."""
    options.act(options)


def _warm(options: argparse.Namespace) -> None:
    known = {name: table[name].name for table in (ACTIVATIONS, ALONG_AXIS) for name in table.names()}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        raise UserError(f"there is no function {unknown[0]!r}: there are {', '.join(known)}")
    if reason := cache.refusal():
        raise UserError(f"nothing can be kept: {reason}. Choose another place with {cache.VARIABLE}")
    require("rich")
    from .terminal import progress

    wanted = {known[name] for name in options.names or known}
    chosen = [
        Key(tier, variant, name)
        for tier in options.tier or [DEFAULT]
        for variant in options.variant or VARIANTS
        for name in names(tier, variant)
        if name in wanted
    ]
    if not chosen:
        what = " or ".join(options.variant or ["function"])
        raise UserError(f"there is no {what} of {', '.join(options.names)} in {' or '.join(options.tier or [DEFAULT])}")
    with progress() as bar:
        task = bar.add_task("", total=1.0)
        missing = compile_ahead(chosen, lambda done, what: bar.update(task, completed=done, description=what))
        for key in chosen:  # those that were too few to begin processes for
            if not cached(key):
                bar.update(task, description=f"compiling {key.path}")
                compile_here(key)
        bar.update(task, completed=1.0)
    sys.stdout.write(f"{len(chosen)} functions are ready, {missing} of them compiled now\n")


def _info(_: argparse.Namespace) -> None:
    if reason := cache.refusal():
        sys.stdout.write(f"nothing can be kept: {reason}\n")
        return
    entries = cache.entries()
    size = sum(path.stat().st_size for path in entries)
    sys.stdout.write(f"{cache.directory()}\n{len(entries)} entries, {size / 1e6:.1f} MB\n")


def _clear(_: argparse.Namespace) -> None:
    removed = cache.clear()
    sys.stdout.write(f"{removed} entries removed from {cache.directory()}\n" if removed else "there was no entry\n")
