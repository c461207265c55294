"""What a kernel along an axis may ask of a row, in plain Python: it says exactly what compiled code computes.

A kernel takes a `Row`, rows and numbers, and asks the `Row` for sums, maxima and other rows. Sums are made in LANES
lanes, where neighbours of a long row are in different lanes. TOGETHER numbers of a lane are added up, and only this
comes to the lane's sum, which keeps what it loses: so also a sum of 10^7 numbers is as good as one of TOGETHER, and
has the same bits wherever its numbers lie.
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import fast_two_sum, two_sum
from .primitives import Float

LANES = 32  # rows that are no longer are summed from first to last
TOGETHER = 8  # numbers of a lane that come to its sum at once; one in rows that are no longer than LANES
CHUNK = 32768  # after as many numbers, what the lanes' sums have lost is added to them
Function = Callable[..., Any]


class Row:
    """The operations on the rows of one call: arrays of one length; numbers are NumPy scalars of the same type."""

    def __init__(self, length: int, kind: type[np.floating[Any]]) -> None:
        self.length = kind(length)
        self._size, self._kind = length, kind

    def map(self, function: Function, *args: Any) -> Any:
        """`function` of every number of the rows, or of numbers alone."""
        if not any(isinstance(a, np.ndarray) for a in args):
            return self._kind(function(*args))
        columns = [a if isinstance(a, np.ndarray) else [a] * self._size for a in args]
        return np.array([function(*each) for each in zip(*columns, strict=True)], self._kind)

    def sum(self, row: np.ndarray) -> Float:
        """The sum of a row."""
        lanes, together = (1, 1) if self._size <= LANES else (LANES, LANES * TOGETHER)
        sums, lost = np.zeros(lanes, self._kind), np.zeros(lanes, self._kind)
        whole = self._size - self._size % lanes
        ends = [*range(together, whole, together), whole, self._size]
        for begin, end in itertools.pairwise([0, *ends]):
            part = np.zeros(lanes, self._kind)
            for place in range(begin, end):
                part[(place if end <= whole else place - self._size) % lanes] += row[place]
            sums, parts = two_sum(sums, part)
            lost = lost + parts
            if end % CHUNK == 0 and not 0 < self._size - end < LANES:
                sums, lost = _renewed(sums, lost)
        while lanes > 1:
            lanes //= 2
            pairs = [two_sum(a, b) for a, b in zip(sums[:lanes], sums[lanes:], strict=True)]
            sums, parts = (np.array(column, self._kind) for column in zip(*pairs, strict=True))
            lost = (lost[:lanes] + lost[lanes:]) + parts
        return sums[0] if math.isnan(lost[0]) else sums[0] + lost[0]

    def count(self, row: np.ndarray) -> Float:
        """The sum of a row of zeros and ones, rounded once."""
        return self._kind(np.sum(row, dtype=np.float64))

    def maximum(self, row: np.ndarray) -> Float:
        """The largest number of a row, NaN where one is NaN, -inf where there is none."""
        return np.maximum.reduce(row, initial=self._kind(-math.inf))

    def fmax(self, row: np.ndarray) -> Float:
        """The largest number of a row; NaN does not count."""
        return np.fmax.reduce(row, initial=self._kind(-math.inf))

    def first(self, row: np.ndarray, number: Float) -> int:
        """The index of the first number of a row that is equal to another; -1 where there is none."""
        return next((place for place, x in enumerate(row) if x == number), -1)

    def spot(self, row: np.ndarray, first: int) -> np.ndarray:
        """1 at an index, else 0."""
        found: np.ndarray = (np.arange(self._size) == first).astype(self._kind)
        return found

    def at(self, row: np.ndarray, index: int) -> Float:
        """The number of a row at an index."""
        return self._kind(row[index])

    def head(self, row: np.ndarray) -> Float:
        """The first number of a row, -inf where there is none."""
        return row[0] if self._size else self._kind(-math.inf)

    def fixpoint(self, step: Callable[[Float], tuple[Any, ...]], start: Float) -> tuple[Any, ...]:
        """Apply `step` as long as it makes the number, the first of what it gives, larger; what the last step gave."""
        while (found := step(start))[0] > start:
            start = found[0]
        return (start, *found[1:])


def _renewed(sums: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums with what they lost, where they are finite."""
    total, rest = fast_two_sum(sums, lost)
    return np.where(np.isnan(lost), sums, total), np.where(np.isnan(lost), lost, rest)
