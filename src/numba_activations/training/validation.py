"""Checks of what users pass, in the words that scikit-learn's users know, with and without scikit-learn."""

import sys
import warnings
from typing import Any

import numpy as np

from .network import Array


class NotFittedError(ValueError, AttributeError):
    """The estimator has not been fitted yet."""


class InterruptedWarning(UserWarning):
    """Ctrl-C ended the training."""


class ConvergenceWarning(UserWarning):
    """Training ended before it converged."""


class DataConversionWarning(UserWarning):
    """The data have been converted implicitly."""


def known(kind: Any) -> Any:
    """scikit-learn's class of the same name where the program uses scikit-learn, so that its handlers see it."""
    return getattr(sys.modules.get("sklearn.exceptions"), kind.__name__, kind)


def warn(message: str, kind: Any = UserWarning) -> None:
    """Warn the caller of the estimator."""
    warnings.warn(message, known(kind), stacklevel=4)


def _plain(data: Any, name: str) -> Array:
    """The data as an array of numbers; what has none is an error."""
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise TypeError(f"{name} is a sparse matrix, but dense data is required: use .toarray()")
    array = np.asarray(data)
    _check_kind(array, name, "biufOUS")
    if array.dtype.kind in "OUS":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name} must be numbers, argument must be a string or a number: {error}") from None
    return array


def _check_kind(array: Array, name: str, kinds: str) -> None:
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} is {array.dtype}")
    if array.dtype.kind not in kinds:
        raise ValueError(f"{name} is {array.dtype}: it must be numbers")


def _check_finite(array: Array, name: str) -> None:
    flat = array if array.ndim > 1 else array[:, None]
    for start in range(0, len(flat), 4096):  # a block at a time: the data may be larger than memory
        block = flat[start : start + 4096]
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            value = "NaN" if np.isnan(block[row, column]) else "infinity"
            where = f"[{start + row}, {column}]" if array.ndim > 1 else f"[{start + row}]"
            raise ValueError(f"Input {name} contains {value}: {name}{where} is {block[row, column]}")


def check_matrix(X: Any, estimator: str) -> Array:
    """X as a contiguous finite matrix of float32, if that is what it is, or float64."""
    array = _plain(X, "X")
    if array.ndim != 2:
        raise ValueError(
            f"Expected 2D array, got {array.ndim}D array instead: X has shape {array.shape}. Reshape your data using "
            "X.reshape(-1, 1) if it has a single feature or X.reshape(1, -1) if it contains a single sample."
        )
    for count, what in zip(array.shape, ("sample", "feature"), strict=True):
        if count == 0:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required by {estimator}."
            )
    array = np.asarray(array, np.float32 if array.dtype.str[1:] == "f4" else np.float64, order="C")
    _check_finite(array, "X")
    return array


def feature_names(X: Any) -> Array | None:
    """Names of the columns of a data frame, if they are strings."""
    columns = getattr(X, "columns", None)
    if columns is None or not hasattr(X, "dtypes"):
        return None
    names = np.asarray(columns, dtype=object)
    strings = sum(isinstance(name, str) for name in names)
    if 0 < strings < len(names):
        raise TypeError(
            "Feature names are only supported if all input features have string names, "
            f"but your input has {sorted({type(name).__name__ for name in names})} as feature name / column name types."
        )
    return names if strings else None


def check_names(given: Array | None, expected: Array | None, estimator: str) -> None:
    """Whether the columns are those that the estimator was fitted with."""
    if given is None and expected is None:
        return
    if given is None:
        warn(f"X does not have valid feature names, but {estimator} was fitted with feature names")
    elif expected is None:
        warn(f"X has feature names, but {estimator} was fitted without feature names")
    elif list(given) != list(expected):
        message = ["The feature names should match those that were passed during fit."]
        unseen, missing = sorted(set(given) - set(expected)), sorted(set(expected) - set(given))
        if unseen:
            message += ["Feature names unseen at fit time:", *(f"- {name}" for name in unseen)]
        if missing:
            message += ["Feature names seen at fit time, yet now missing:", *(f"- {name}" for name in missing)]
        if not unseen and not missing:
            message += ["Feature names must be in the same order as they were in fit."]
        raise ValueError("\n".join(message) + "\n")


def check_length(X: Array, y: Array) -> None:
    """Whether X and y have as many rows."""
    if len(X) != len(y):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(X), len(y)]}")


def _column(y: Array) -> Array:
    """A matrix of one column as the vector that was meant."""
    if y.ndim == 2 and y.shape[1] == 1:
        warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to (n_samples,), "
            "for example using ravel().",
            DataConversionWarning,
        )
        return y.ravel()
    return y


def _required(y: Any, estimator: str) -> None:
    if y is None:
        raise ValueError(f"{estimator} requires y to be passed, but the target y is None")


def check_numbers(y: Any, estimator: str) -> Array:
    """Targets of a regression: a finite vector or matrix."""
    _required(y, estimator)
    numbers = _column(_plain(y, "y").astype(np.float64, copy=False))
    if numbers.ndim not in (1, 2):
        raise ValueError(f"y should be a 1d array, got an array of shape {numbers.shape} instead.")
    if len(numbers):
        _check_finite(numbers, "y")
    return numbers


def check_labels(y: Any, estimator: str) -> Array:
    """Labels of a classification: a vector, or a matrix of 0 and 1 in which each column is a label of its own."""
    _required(y, estimator)
    if hasattr(y, "toarray") and hasattr(y, "nnz"):
        raise TypeError("y is a sparse matrix, but dense data is required: use .toarray()")
    labels = _column(np.asarray(y))
    _check_kind(labels, "y", "biufOUSTmM")
    if labels.dtype.kind == "T":  # NumPy has few functions yet for strings of this kind
        labels = np.array(labels.tolist(), np.str_)
    if labels.dtype.kind == "f":
        if labels.size:
            _check_finite(labels, "y")
        if np.any(labels != np.floor(labels)):
            raise ValueError("Unknown label type: continuous. y has numbers that are no integers: use MLPRegressor")
    if labels.ndim == 2 and not np.isin(labels, (0, 1)).all():
        raise ValueError("y should be a 1d array, or a matrix of 0 and 1 for several labels at once")
    if labels.ndim not in (1, 2):
        raise ValueError(f"y should be a 1d array, got an array of shape {labels.shape} instead.")
    return labels
