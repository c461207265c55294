"""Reading arrays and writing results, so that an error or Ctrl-C leaves no file half-written."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ..engine.whole import replacing
from .errors import UserError, require

__all__ = ["check_picture", "check_writable", "given_twice", "read_floats", "write"]

PICTURES = (".svg", ".png", ".pdf")
FLOATS = ("float16", "float32", "float64")


def read_floats(path: Path) -> NDArray[Any]:
    """The floating-point numbers of an .npy file; it is mapped, not read, until they are used."""
    try:
        array = open_memmap(path, mode="r")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except IsADirectoryError:
        raise UserError(f"{path} is a directory: give an .npy file") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # what NumPy raises for anything that is not plain numbers in its format
        if is_zipfile(path):
            raise UserError(f"{path} holds several arrays: save the one that is meant with numpy.save") from None
        raise UserError(f"{path} holds no array of numbers in NumPy's .npy format: {str(error).rstrip('.')}") from None
    if array.dtype.name not in FLOATS:
        raise UserError(f"{path} holds {array.dtype.name}: it must hold {', '.join(FLOATS[:-1])} or {FLOATS[-1]}")
    if array.size == 0:
        raise UserError(f"{path} is empty, shape {array.shape}: it must hold at least one number")
    return array


def check_writable(path: Path) -> None:
    """Find out that a file cannot be written before the work is done, not after."""
    if path.is_dir():
        raise UserError(f"{path} is a directory: give the name of a file")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} does not exist, or is no directory: {path.name} cannot be written there")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"nothing can be written to {path.parent}: {path.name} needs another place")


def given_twice(paths: Iterable[Path]) -> Path | None:
    """The first of several paths that name one file."""
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            return path
        seen.add(path.resolve())
    return None


def check_picture(path: Path) -> None:
    """Find out that a picture cannot be drawn or written before the work is done, not after."""
    require("matplotlib")
    if path.suffix not in PICTURES:
        raise UserError(f"--plot {path}: the name must end in {', '.join(PICTURES[:-1])} or {PICTURES[-1]}")
    check_writable(path)


def write(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; '-' is standard output."""
    if str(path) == "-":
        sys.stdout.write(content if isinstance(content, str) else content.decode())
        return
    try:
        with replacing(path) as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
