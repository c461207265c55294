"""The examples that --data names, as the commands that train take them."""

import argparse
import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .errors import UserError

__all__ = ["Data", "add_option", "read_examples"]

NAMES = (("X", "y", "X_test", "y_test"), ("x_train", "y_train", "x_test", "y_test"))  # of arrays in an .npz file
Data = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add --data."""
    parser.add_argument(
        "--data", default="digits", metavar="DATA",
        help="digits (comes with the package), mnist:DIRECTORY of the four IDX files, or an .npz file that holds X, y "
        "and perhaps X_test, y_test",
    )  # fmt: skip


def read_examples(name: str, dtype: str = "float32", test_fraction: float = 0.2, seed: int = 0) -> Data:
    """(X, y, X_test, y_test) as matrices and labels; where there is no test part, one is drawn from the rest."""
    try:
        return _checked(_split(_read(name), dtype, test_fraction, seed))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(str(error)) from None


def _read(name: str) -> tuple[NDArray[Any], ...]:
    """Training part and, where there is one, test part: (X, y) or (X, y, X_test, y_test)."""
    from ..data import digits
    from ..training.idx import read_mnist

    if name == "digits":
        return digits()
    if name.startswith("mnist:"):
        return read_mnist(Path(name.removeprefix("mnist:")))
    path = Path(name)
    if path.suffix != ".npz":
        raise UserError(f"--data is {name}: it must be digits, mnist:DIRECTORY or an .npz file")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            for names in NAMES:
                if {*names[:2]} <= {*stored.files}:
                    found = [stored[n] for n in names if n in stored.files]
                    break
            else:
                raise UserError(f"{path} holds {', '.join(stored.files) or 'nothing'}: it must hold X and y")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except (ValueError, EOFError, TypeError, AttributeError, BadZipFile, zlib.error) as error:
        raise UserError(f"{path} holds no arrays in NumPy's .npz format: {error}") from None
    if len(found) == 3:
        raise UserError(f"{path} holds only one of {' and '.join(names[2:])}: it must hold both or none")
    return tuple(found)


def _split(arrays: tuple[NDArray[Any], ...], dtype: str, fraction: float, seed: int) -> Data:
    """Training and test part, as matrices; bytes become numbers between 0 and 1."""
    if len(arrays) == 2:
        X, y = arrays
        if not X.ndim or not y.ndim:
            raise UserError(f"X has shape {X.shape} and y {y.shape}: each must have a row for each example")
        if not 0 < fraction < 1:
            raise UserError(f"--test-fraction is {fraction}: it must lie between 0 and 1")
        count = round(fraction * len(X))
        if not 0 < count < len(X) or len(X) != len(y):
            raise UserError(
                f"there are {len(X)} examples and {len(y)} labels: a test part of {count} cannot be held out"
            )
        order = np.random.default_rng(seed).permutation(len(X))
        arrays = (X[order[count:]], y[order[count:]], X[order[:count]], y[order[:count]])
    X, y, X_test, y_test = arrays
    return _matrix("X", X, dtype), y, _matrix("X_test", X_test, dtype), y_test


def _matrix(name: str, X: NDArray[Any], dtype: str) -> NDArray[Any]:
    if X.dtype.kind not in "biuf" or not X.ndim or not X.size:
        raise UserError(f"{name} is {X.dtype} of shape {X.shape}: it must be numbers, a row or image for each example")
    with np.errstate(over="ignore"):
        matrix = X.reshape(len(X), -1).astype(dtype, copy=False)
    if not np.isfinite(matrix).all():
        value = X.reshape(matrix.shape)[~np.isfinite(matrix)][0]
        raise UserError(f"{name} holds {value}: all numbers must be finite in {dtype}")
    scaled: NDArray[Any] = matrix / np.dtype(dtype).type(255 if X.dtype == np.uint8 else 1)
    return scaled


def _checked(data: Data) -> Data:
    """The data, if there is a label for each example, and none to test that is not trained."""
    for which, X, y in (("", *data[:2]), ("_test", *data[2:])):
        if y.shape != (len(X),):
            raise UserError(
                f"y{which} has shape {y.shape}: it must have one label for each of {len(X)} rows of X{which}"
            )
    classes = np.unique(data[1])
    if len(classes) < 2:
        raise UserError(f"all examples have the label {classes[0]}: there must be two labels at least")
    unseen = np.setdiff1d(data[3], data[1])
    if unseen.size:
        raise UserError(f"y_test has the labels {unseen.tolist()}: no example to train on has them")
    return data
