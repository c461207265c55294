"""The command line: `numba-activations COMMAND`, also `python -m numba_activations COMMAND`.

A command is a module of this package and a line of `COMMANDS`. It has `arguments(parser)`, which adds its options, and
`run(options)`, which does the work and raises `UserError` for what the user can mend. Only the module of the chosen
command is imported.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from .errors import UserError

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "list": "the activations and the tiers, with their stated errors",
    "compare": "error and speed of every exponential, ours and other libraries'",
    "explain": "the three objections to the sigmoid, measured: vanishing gradients, zig-zag, the price of exp",
    "train": "train a classifier with the compiled loop, on digits, MNIST or your data",
    "certify": "judge activations at every number of float16 and float32",
    "report": "one HTML page on this machine: exponentials and activations, their errors, speeds and curves",
    "cache": "compile ahead of time, show or empty the cache of compiled code",
}
PROGRAM = "numba-activations"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 2 after an error that the user can mend, 130 after Ctrl-C."""
    given = [*(sys.argv[1:] if arguments is None else arguments)]  # `list` is one of our modules here
    if sys.stdout is None:  # as after `>&-`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (it stays open as long as the process lives)
    try:
        options = _parser(given).parse_args(given)
        options.run(options)
        sys.stdout.flush()
    except UserError as error:
        print(f"{PROGRAM}: error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except KeyboardInterrupt:
        print(f"\n{PROGRAM}: interrupted", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:  # as in `numba-activations list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # such as a full disk behind standard output
        print(f"{PROGRAM}: error: {error.filename or 'standard output'}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; a command's own options are known once it is chosen."""
    from .. import __version__

    parser = argparse.ArgumentParser(PROGRAM, description="Activation functions and fast exponentials.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if given[:1] == [name]:
            module = importlib.import_module(f"{__name__}.{name}")
            module.arguments(command)
            command.set_defaults(run=module.run)
    return parser
