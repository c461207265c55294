"""How numbers are written."""

import math

from ..analysis.comparison import UNITS
from ..records import Error
from .document import Cell

__all__ = ["error", "figures", "number", "percent"]


def figures(x: float) -> str:
    """Three significant digits."""
    if math.isnan(x):
        return "–"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    written = f"{x:.3g}" if abs(x) < 1000 or abs(x) >= 1e6 else f"{x:,.0f}"
    return written.replace("-", "−")


def percent(x: float) -> str:
    """A share; 100 % only where it is all."""
    return f"{math.floor(x * 1e4) / 1e2:.2f} %"


def error(stated: Error | None) -> str:
    """A stated error, or a dash where nothing is promised."""
    return "–" if stated is None else f"{figures(stated.size)} {UNITS[stated.unit]}"


def number(x: float, unit: str = "", mark: str = "") -> Cell:
    """A cell that sorts by its number."""
    return Cell(f"{figures(x)}{unit}", value=x, mark=mark)
