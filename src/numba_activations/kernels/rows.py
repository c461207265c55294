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
        """`function` of every number of the rows, or of numbers alone; a tier may precede them."""
        if not any(isinstance(a, np.ndarray) for a in args):
            return self._kind(function(*args))
        columns = [a if isinstance(a, np.ndarray) else [a] * self._size for a in args]
        return np.array([function(*each) for each in zip(*columns, strict=True)], self._kind)

    def sum(self, row: np.ndarray) -> Float:
        """The sum of a row."""
        return self._sum(row, None)

    def others(self, row: np.ndarray) -> Float:
        """The sum of a row of numbers >= 0 without one of the largest; NaN where one is NaN.

        Of a number and the largest so far of its lane, the smaller comes to the sum.
        """
        largest = np.zeros(self._lanes, self._kind)
        smaller = np.empty_like(row)
        for place, number in enumerate(row):
            lane = self._lane(place)
            smaller[place], largest[lane] = _apart(largest[lane], number)
        return self._sum(smaller, largest)

    @property
    def _lanes(self) -> int:
        return 1 if self._size <= LANES else LANES

    def _lane(self, place: int) -> int:
        """Where a number is added up: the last of a row come to the last lanes."""
        whole = self._size - self._size % self._lanes
        return (place if place < whole else place - self._size) % self._lanes

    def _sum(self, row: np.ndarray, largest: np.ndarray | None) -> Float:
        """The sum of a row, and of all but one of the `largest` that the lanes have left out."""
        lanes = self._lanes
        together = 1 if lanes == 1 else LANES * TOGETHER
        sums, lost = np.zeros(lanes, self._kind), np.zeros(lanes, self._kind)
        whole = self._size - self._size % lanes
        ends = [*range(together, whole, together), whole, self._size]
        for begin, end in itertools.pairwise([0, *ends]):
            part = np.zeros(lanes, self._kind)
            for place in range(begin, end):
                part[self._lane(place)] += row[place]
            sums, parts = two_sum(sums, part)
            lost = lost + parts
            if end % CHUNK == 0 and not 0 < self._size - end < LANES:
                sums, lost = _renewed(sums, lost)
        out = None  # what the lanes have left out, but the largest of it
        while lanes > 1:
            lanes //= 2
            sums, parts = two_sum(sums[:lanes], sums[lanes:])
            lost = (lost[:lanes] + lost[lanes:]) + parts
            if largest is not None:
                smaller, largest = _apart(largest[:lanes], largest[lanes:])
                out = smaller if out is None else (out[:lanes] + out[lanes:]) + smaller
        if out is not None:
            sums, parts = two_sum(sums, out)
            lost = lost + parts
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
        """The first finite number of a row, else its first, -inf where there is none."""
        return next(iter([*row[np.isfinite(row)], *row]), self._kind(-math.inf))

    def fixpoint(self, step: Callable[[Float], tuple[Any, ...]], start: Float) -> tuple[Any, ...]:
        """Apply `step` as long as it makes the number, the first of what it gives, larger; what the last step gave."""
        while (found := step(start))[0] > start:
            start = found[0]
        return (start, *found[1:])


def _renewed(sums: np.ndarray, lost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sums with what they lost, where they are finite."""
    total, rest = fast_two_sum(sums, lost)
    return np.where(np.isnan(lost), sums, total), np.where(np.isnan(lost), lost, rest)


def _apart(largest: Any, number: Any) -> tuple[Any, Any]:
    """The smaller and the larger of two numbers or arrays; NaN, as `number`, counts as smaller."""
    return np.where(largest < number, largest, number), np.where(largest < number, number, largest)
