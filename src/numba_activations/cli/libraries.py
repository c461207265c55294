"""The libraries that --peers names, to be measured beside ours."""

import argparse

from ..analysis import peers
from .errors import UserError

__all__ = ["add_option", "chosen"]


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add --peers."""
    parser.add_argument(
        "--peers", nargs="*", choices=peers.LIBRARIES, help="libraries to measure too (default: all installed)"
    )


def chosen(options: argparse.Namespace) -> tuple[str, ...] | None:
    """The libraries that were asked for, all of which are installed; None where none was named."""
    if options.peers is None:
        return None
    missing = sorted(set(options.peers) - set(peers.installed()))
    if missing:
        raise UserError(f"{', '.join(missing)} is not installed here: install it, or leave it out of --peers")
    return tuple(dict.fromkeys(options.peers))
