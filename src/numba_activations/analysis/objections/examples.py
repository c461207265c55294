"""The data on which the objections are measured."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data import digits

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled rows to train on, and others to test on.

    Attributes
    ----------
    name : str
        What they are.
    X, X_test : ndarray of float32
        A row an example.
    y, y_test : ndarray of int
        Labels from 0.
    """

    name: str
    X: Array
    y: Array
    X_test: Array
    y_test: Array

    @classmethod
    def of(cls, name: str, parts: tuple[Array, Array, Array, Array]) -> "Examples":
        """Examples from X, y, X_test and y_test, whose labels may be anything that can be sorted."""
        X, y, X_test, y_test = parts
        _, labels = np.unique(np.concatenate([y, y_test]), return_inverse=True)
        X, X_test = X.astype(np.float32, copy=False), X_test.astype(np.float32, copy=False)
        return cls(name, X, labels[: len(y)], X_test, labels[len(y) :])

    @classmethod
    def digits(cls) -> "Examples":
        """The handwritten digits of this package: 1438 to train on and 359 to test on, in an order drawn once."""
        X, y = digits()
        order = np.random.default_rng(0).permutation(len(X))
        train, test = order[359:], order[:359]
        return cls("digits", X[train], y[train], X[test], y[test])

    @property
    def inputs(self) -> int:
        """Columns of a row."""
        return int(self.X.shape[1])

    @property
    def classes(self) -> int:
        """Different labels."""
        return int(max(self.y.max(), self.y_test.max())) + 1
