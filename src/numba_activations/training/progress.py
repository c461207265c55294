"""Progress of a training on the terminal: a line per epoch, and a bar for the one under way where rich is installed."""

import sys
import time
from types import TracebackType
from typing import Any


class Progress:
    """Shows rows of an epoch and its loss while training goes on; silent where it is not wanted."""

    def __init__(self, wanted: bool, epochs: int, rows: int) -> None:
        self._wanted, self._epochs, self._rows = wanted, epochs, rows
        self._bar: Any = None
        if wanted:
            try:
                from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
            except ImportError:
                return
            shown = ("{task.description}", "{task.fields[loss]}", "{task.fields[speed]}")
            self._bar = Progress(
                TextColumn(shown[0]),
                BarColumn(),
                *(TextColumn(column) for column in shown[1:]),
                TimeElapsedColumn(),
                transient=True,
            )

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, epoch: int) -> None:
        """An epoch begins."""
        self._begun, self._epoch = time.perf_counter(), epoch
        if self._bar is not None:
            self._task = self._bar.add_task(f"epoch {epoch}/{self._epochs}", total=self._rows, loss="", speed="")

    def at(self, position: int, loss: float) -> None:
        """So many rows of the epoch are done, with this sum of losses."""
        if self._bar is not None:
            self._bar.update(
                self._task, completed=position, loss=self._loss(loss / position), speed=self._speed(position)
            )

    def end(self, loss: float, note: str = "") -> None:
        """An epoch is done: its bar gives way to a line."""
        line = f"epoch {self._epoch}/{self._epochs}  {self._loss(loss)}{note}  {self._speed(self._rows)}"
        if self._bar is not None:
            self._bar.remove_task(self._task)
            self._bar.console.print(line, highlight=False)
        elif self._wanted:
            sys.stdout.write(line + "\n")

    @staticmethod
    def _loss(loss: float) -> str:
        return f"loss {loss:.5g}"

    def _speed(self, rows: int) -> str:
        return f"{rows / (time.perf_counter() - self._begun):,.0f} rows/s"
