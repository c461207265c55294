"""Tables and progress for the terminal."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

__all__ = ["console", "progress", "table_of"]


class _Console(Console):
    """Prints text as it is, and leaves a pipe that nobody reads to `main`, where Rich would end the process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """Raise again what Rich has caught."""
        raise  # noqa: PLE0704  (Rich calls this while it handles the error)


def console(stderr: bool = False) -> Console:
    """Standard output or error; where it is no terminal and so has no width, as wide as our tables are."""
    found = _Console(stderr=stderr)
    return found if found.is_terminal else _Console(stderr=stderr, width=max(found.width, 120))


def progress() -> Progress:
    """Progress on standard error, that leaves nothing behind; none where nobody looks."""
    errors = Console(stderr=True)
    return Progress(console=errors, transient=True, disable=not errors.is_terminal)


def table_of(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], wrap: bool = True) -> Table:
    """A table of plain text; where lines are not to wrap, all but the first and the last column hold numbers.

    The last gives way where the terminal is too narrow, so that names and numbers stay whole. Where lines wrap, nothing
    is cut off: what finds no room goes on in the next line.
    """
    padding = (0, 1) if wrap else 0  # the head's box puts a space between the columns as well
    table = Table(
        title=Text(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=padding
    )
    for column in header:
        last = column == header[-1]
        number = not wrap and not last and column != header[0]
        whole = column == header[0] or (not wrap and not last)
        justify: Literal["left", "right"] = "right" if number else "left"
        table.add_column(Text(column), justify=justify, no_wrap=whole, overflow="fold" if wrap else "ellipsis")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
