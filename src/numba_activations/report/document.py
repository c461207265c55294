"""What a report consists of: sections, and in them blocks of text, tables and plots.

A block knows what it shows, not how. To add a kind of block, add its class here and a template of its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = [
    "Axis",
    "Band",
    "Block",
    "Card",
    "Cards",
    "Cell",
    "Choice",
    "Column",
    "Facts",
    "Line",
    "Plot",
    "Point",
    "Section",
    "Table",
    "Text",
]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a section."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a heading of its own; `anchor` is its address within the page."""

    anchor: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Text(Block):
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts(Block):
    """Names and what they stand for."""

    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table shows in one place.

    Attributes
    ----------
    text : str
        What is read.
    value : float or None
        What the column is sorted by, where it is a number.
    link, anchor : str
        An address within the page that the cell leads to, and the cell's own.
    mark : str
        'good' or 'bad', where it must strike the eye; the text says it too.
    """

    text: str
    value: float | None = None
    link: str = ""
    anchor: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column: its title, and whether it holds numbers."""

    title: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table(Block):
    """A table that can be sorted by each column; the first column names the rows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Axis:
    """A direction of a plot: what it shows, on which scale, its ends if not the data's, and whether it counts."""

    label: str
    logarithmic: bool = False
    low: float | None = None
    high: float | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A labelled point; `kind` is the number of its look, and a hollow one is of less importance."""

    label: str
    x: float
    y: float
    description: str
    kind: int = 0
    hollow: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A curve through points, broken where one is NaN; `kind` is the number of its look. Unnamed, it has no legend."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    kind: int = 0


@dataclass(frozen=True, slots=True)
class Band:
    """What lies between two x has a property; those that share a name share their place in the legend."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Plot(Block):
    """Lines and points over two axes.

    Attributes
    ----------
    title : str
        What is seen.
    description : str
        The same for one who does not see it.
    points_named : sequence of str
        What the kinds of points are called.
    small : bool
        Whether it is one of many.
    """

    title: str
    description: str
    x: Axis
    y: Axis
    lines: Sequence[Line] = ()
    points: Sequence[Point] = ()
    points_named: Sequence[str] = ()
    bands: Sequence[Band] = ()
    small: bool = False


@dataclass(frozen=True, slots=True)
class Choice(Block):
    """Blocks of which one set is shown: for each combination of the options of all questions, in their order.

    Attributes
    ----------
    name : str
        Tells it from the page's other choices.
    questions : mapping of str to sequence of str
        What is asked, and the options.
    panels : mapping of tuple of str to sequence of Block
        What is shown for a combination of options; the first one to begin with.
    """

    name: str
    questions: Mapping[str, Sequence[str]]
    panels: Mapping[tuple[str, ...], Sequence[Block]]


@dataclass(frozen=True, slots=True)
class Card:
    """One of many similar things: a name, what else it is called, and blocks; `more` is shown on demand."""

    anchor: str
    title: str
    subtitle: str
    blocks: Sequence[Block]
    more: Sequence[Block] = field(default=())


@dataclass(frozen=True, slots=True)
class Cards(Block):
    """Cards side by side, as many as have room."""

    cards: Sequence[Card]
