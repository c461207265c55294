"""What every objection's result can do: tables, a picture, JSON, and two sentences."""

import abc
import dataclasses
import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ... import __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by every kind of colour vision; lines and markers tell apart what shares one.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)))
MARKERS = "osD^vPX"


class Table(NamedTuple):
    """A title, the names of the columns, and rows of text."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Findings(abc.ABC):
    """The result of measuring an objection."""

    name: ClassVar[str]
    objection: ClassVar[str]  # as it is made

    @abc.abstractmethod
    def sentences(self) -> tuple[str, str]:
        """What was found, from the numbers."""

    @abc.abstractmethod
    def tables(self) -> list[Table]:
        """The numbers, to be read."""

    @abc.abstractmethod
    def draw(self) -> "Figure":
        """The numbers, to be seen."""

    def to_json(self) -> str:
        """The numbers, to be used."""
        content = {"objection": self.name, "version": __version__, "found": self.sentences()}
        return json.dumps(_plain(content | dataclasses.asdict(self)), indent=1, allow_nan=False)  # type: ignore[call-overload]


def _plain(value: Any) -> Any:
    """A value as JSON has it: null for what is no number, or infinite."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_counts(**counts: int) -> None:
    """Raise ValueError for what must be at least 1 and is not."""
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} is {value}: it must be at least 1")


def percent(share: float) -> str:
    """A share as text: '97.5 %'."""
    return f"{100 * share:.1f} %"


def power(value: float) -> str:
    """A number that may be very small, as text: '0.25', '3.1e-12'; '-' where there is none."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.2g}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.1e}"


def counted(number: int, what: str) -> str:
    """How many of something, as text: '1 epoch', '2 epochs'."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: 'a, b and c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def line(colour: int, dash: int = 0) -> dict[str, Any]:
    """A line of a plot."""
    return {
        "color": COLOURS[colour % len(COLOURS)],
        "linestyle": DASHES[dash % len(DASHES)],
        "marker": MARKERS[dash % len(MARKERS)],
        "markersize": 4,
    }
