"""Modules of constants, as text: what the fitting scripts have in common."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import mpmath as mp
import numpy as np

KERNELS = Path(__file__).parents[1] / "src" / "numba_activations" / "kernels"


def single(x: mp.mpf) -> float:
    """The nearest float32; of the double nearest to `x`, which is near enough for a coefficient."""
    return float(np.float32(float(x)))


ROUNDING: dict[str, Callable[[mp.mpf], float]] = {"SINGLE": single, "DOUBLE": float}


def constant(name: str, value: float) -> str:
    """One line: the number in hexadecimal, and in decimal for the reader."""
    return f'{name} = float.fromhex("{value.hex()}")  # {value!r}'


def table(name: str, coefficients: Sequence[float], comment: str) -> list[str]:
    """The lines of a tuple of coefficients, given lowest first and written as Horner's rule takes them."""
    rows = (f'    float.fromhex("{c.hex()}"),  # {c!r}' for c in reversed(coefficients))
    return [f"# {comment}", f"{name} = (", *rows, ")"]


def checking() -> bool:
    """Whether the script is to compare with what is stored, and not to write; ends it where it is asked otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="write nothing; exit status 1 if anything would change")
    return bool(parser.parse_args().check)


def main(target: Path, text: str) -> None:
    """Write the module, or with --check compare: exit status 1 if it is not what the script gives."""
    if checking():
        sys.exit(f"{target} is not what {sys.argv[0]} gives: run it" if target.read_text() != text else 0)
    target.write_text(text)
