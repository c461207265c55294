"""Where the lines, ticks and labels of a plot go: its geometry, in the units of its own picture."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .document import Axis, Line, Plot, Point

__all__ = ["Drawing", "draw"]

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 14.0, 10.0, 44.0
_CHARACTER, _LINE = 7.0, 14.0  # the size of text, on the safe side
_NEAR = 12.0  # a label that is further away needs a line to its point
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Scale = Callable[[float], float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Placed:
    """A point with its place, and the place of its label, from which a line leads to a point that is not near."""

    point: Point
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str
    labelled: bool
    led: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot of a given size; all coordinates are of the picture, whose y grows downwards."""

    plot: Plot
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    bands: Sequence[tuple[float, float]]
    paths: Sequence[tuple[Line, str]]
    points: Sequence[Placed]
    zero: float | None


def draw(plot: Plot, width: float, height: float) -> Drawing:
    """Find the place of everything in a picture of a size."""
    left = 34.0 if plot.small else _LEFT
    bottom = height - (22.0 if plot.small else _BOTTOM)
    right, top = width - _RIGHT, _TOP
    points = [p for p in plot.points if _drawable(p.x, plot.x) and _drawable(p.y, plot.y)]
    xs = _extent(plot.x, (v for line in plot.lines for v in line.x), (p.x for p in points))
    ys = _extent(plot.y, (v for line in plot.lines for v in line.y), (p.y for p in points))
    x, y = _scale(plot.x, xs, left, right), _scale(plot.y, ys, bottom, top)
    return Drawing(
        plot=plot,
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        x_ticks=[(x(v), text) for v, text in _ticks(plot.x, xs, (right - left) / 48)],
        y_ticks=[(y(v), text) for v, text in _ticks(plot.y, ys, (bottom - top) / 32)],
        bands=[(x(max(b.low, xs[0])), x(min(b.high, xs[1]))) for b in plot.bands],
        paths=[(line, _path(line, x, y)) for line in plot.lines],
        points=_place([(p, x(p.x), y(p.y)) for p in points], (left, top, right, bottom)),
        zero=y(0.0) if not plot.y.logarithmic and ys[0] < 0 < ys[1] else None,
    )


def _drawable(value: float, axis: Axis) -> bool:
    return math.isfinite(value) and (value > 0 or not axis.logarithmic)


def _extent(axis: Axis, *values: Iterable[float]) -> tuple[float, float]:
    """From where to where an axis goes: around all that is drawn, unless it is said."""
    drawn = [v for some in values for v in some if _drawable(v, axis)]
    low, high = min(drawn, default=1.0), max(drawn, default=2.0)
    if axis.logarithmic:
        low, high = low / 1.6, high * 2.0
    else:
        margin = 0.05 * (high - low) or 1.0
        low, high = low - margin, high + margin
    return low if axis.low is None else axis.low, high if axis.high is None else axis.high


def _scale(axis: Axis, extent: tuple[float, float], start: float, end: float) -> Scale:
    of: Scale = math.log if axis.logarithmic else float
    low, high = map(of, extent)
    return lambda value: start + (end - start) * (of(value) - low) / (high - low)


def _ticks(axis: Axis, extent: tuple[float, float], most: float) -> list[tuple[float, str]]:
    """Round numbers within the extent, no more than have room, and how they are written."""
    low, high = extent
    if not axis.logarithmic:
        rough = max((high - low) / max(most, 1), 1.0 if axis.whole else 0.0)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(s for s in (power, 2 * power, 5 * power, 10 * power) if s >= rough)
        numbers = (k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1))
        return [(v, f"{v:.10g}".replace("-", "−")) for v in numbers]
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    if last - first < 2:
        candidates = (m * 10.0**e for e in range(first - 1, last + 1) for m in (1, 2, 5))
        return [(v, f"{v:.10g}") for v in candidates if low <= v <= high]
    stride = math.ceil((last - first + 1) / max(most, 1))
    return [(10.0**e, _power(e)) for e in range(first, last + 1) if e % stride == 0]


def _power(exponent: int) -> str:
    return f"{10.0**exponent:g}" if -3 < exponent < 4 else f"10{str(exponent).translate(_SUPERSCRIPT)}"


def _path(line: Line, x: Scale, y: Scale) -> str:
    """The path of a line, in tenths of a unit; what is far outside the picture is brought to where it can be drawn."""
    path, drawing = [], False
    for u, v in zip(line.x, line.y, strict=True):
        if math.isfinite(u) and math.isfinite(v):
            path.append(f"{'L' if drawing else 'M'}{x(u):.1f} {min(max(y(v), -9e3), 9e3):.1f}")
            drawing = True
        else:
            drawing = False
    return "".join(path)


def _place(points: Sequence[tuple[Point, float, float]], inside: Box) -> list[Placed]:
    """Give each label the first place around its point where it covers nothing; if there is none, it is not shown."""
    taken = [(px - 6, py - 6, px + 6, py + 6) for _, px, py in points]

    def free(box: Box) -> bool:
        within = inside[0] <= box[0] and box[2] <= inside[2] and inside[1] <= box[1] and box[3] <= inside[3]
        return within and not any(_overlap(box, other) for other in taken)

    placed = []
    for point, px, py in sorted(points, key=lambda p: p[0].hollow):  # the important ones choose first
        around = _around(px, py, _CHARACTER * len(point.label))
        dx, dy, anchor, box = next((place for place in around if free(place[3])), (0.0, 0.0, "", None))
        if box is not None:
            taken.append(box)
        placed.append(Placed(point, px, py, px + dx, py + dy, anchor, box is not None, abs(dx) > _NEAR))
    return placed


def _around(px: float, py: float, width: float) -> Iterable[tuple[float, float, str, Box]]:
    """Offset, text anchor and box of a label: right and left of a point, above, below, at its corners, further off."""
    near = [(9, 4), (-9, 4), (0, -9), (0, 18), (7, -7), (-7, -7), (7, 15), (-7, 15)]
    far = [(side * 2 * _NEAR, 4 + k * _LINE) for k in (0, 1, -1, 2, -2, 3, -3, 4, -4) for side in (1, -1)]
    for dx, dy in (*near, *far):
        anchor = "middle" if dx == 0 else "start" if dx > 0 else "end"
        left = px + dx - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        yield dx, dy, anchor, (left, py + dy - _LINE + 4, left + width, py + dy + 3)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
