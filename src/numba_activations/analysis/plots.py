"""Pictures of a comparison: which tier to choose, and what its error looks like."""

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np

import numba_activations as act

from . import accuracy
from .comparison import DEFAULT_NAME, Comparison, Measurement
from .timing import SIZES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["comparison_figure", "image"]

OURS, OTHERS, GREY = "#0072b2", "#d55e00", "#6b6b6b"  # told apart by every kind of colour vision (Okabe and Ito)
STYLE = {
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "svg.fonttype": "none",
}


def image(figure: "Figure", kind: str) -> bytes:
    """The figure as a file's content: 'svg', 'png' or 'pdf'."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(
            buffer, format=kind, dpi=160, facecolor="white", metadata={"Date": None} if kind == "svg" else None
        )
    return buffer.getvalue()


def comparison_figure(found: Comparison) -> "Figure":
    """Error against time for each type and size; for exp, the error of every tier over one octave below."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    tiers = [m for m in found.of(found.dtypes[0]) if m.kind == "tier"] if found.activation == "exp" else []
    columns = 4
    rows = math.ceil(len(tiers) / columns)
    with mpl.rc_context(STYLE):
        height = 4.4 * len(found.dtypes) + 0.4
        figure = Figure(figsize=(15, height + 2.1 * rows), layout="constrained")
        FigureCanvasAgg(figure)  # which can say how large a text is
        halves: Any = figure.subfigures(2, 1, height_ratios=[height, max(2.1 * rows, 0.01)])
        top, bottom = halves
        fronts = top.subplots(len(found.dtypes), len(SIZES), sharey="row", squeeze=False)
        for line, dtype in zip(fronts, found.dtypes, strict=True):
            for axes, size in zip(line, SIZES, strict=True):
                _pareto(axes, found, dtype, size)
            line[0].set_ylabel("largest relative error")
        legends = [axes.get_legend_handles_labels() for axes in fronts.flat]
        looks = {label: handle for legend in legends for handle, label in zip(*legend, strict=True)}
        top.legend(looks.values(), looks.keys(), loc="upper right", ncols=len(looks), frameon=False)
        top.suptitle(f"{found.activation}: what accuracy costs", fontsize=13, fontweight="bold", x=0.01, ha="left")
        if tiers:
            bottom.suptitle(
                f"Signed relative error of exp in {found.dtypes[0]} over one octave",
                fontweight="bold",
                x=0.01,
                ha="left",
            )
            panels = bottom.subplots(rows, columns, sharex=True, squeeze=False).ravel()
            for axes, m in zip(panels, tiers, strict=False):
                _octave(axes, m)
            for axes in panels[len(tiers) :]:
                axes.remove()
        figure.draw_without_rendering()  # lays the axes out, so that points have their final places in pixels
        for line, dtype in zip(fronts, found.dtypes, strict=True):
            for axes, size in zip(line, SIZES, strict=True):
                _name(axes, found.of(dtype), size)
    return figure


def _pareto(axes: "Axes", found: Comparison, dtype: str, size: str) -> None:
    """A scatter of error against time, with the Pareto front as a line of steps."""
    measurements = found.of(dtype)
    axes.set(xscale="log", yscale="log", title=f"{dtype}, input and output in {size}", xlabel="ns per element")
    front = np.array(sorted(_point(m, size) for m in measurements if m.dominated_by[size] is None))
    axes.step(front[:, 0], front[:, 1], where="post", color=GREY, linewidth=1, linestyle=":", zorder=1)
    for kind, colour, marker in (("tier", OURS, "o"), ("peer", OTHERS, "s")):
        for on_front in (True, False):
            chosen = [m for m in measurements if m.kind == kind and (m.dominated_by[size] is None) == on_front]
            if chosen:
                points = np.array([_point(m, size) for m in chosen])
                face = colour if on_front else "white"
                label = f"{'ours' if kind == 'tier' else 'others'}{'' if on_front else ', dominated'}"
                axes.scatter(points[:, 0], points[:, 1], s=42, c=face, edgecolors=colour, marker=marker, label=label)
    copy = found.copy[dtype][size]
    axes.axvline(copy, color=GREY, linewidth=1)
    axes.annotate(
        "np.copyto",
        (copy, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -2),
        textcoords="offset points",
        va="top",
        color=GREY,
        fontsize=8,
    )
    axes.margins(x=0.14, y=0.2)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[-1] in "25" else "")
    axes.tick_params(which="minor", axis="x", labelsize=8)


def _point(m: Measurement, size: str) -> tuple[float, float]:
    """Time and error; no error at all is drawn at a hundredth of the type's resolution."""
    return m.nanoseconds[size], max(m.anywhere.max_relative, float(np.finfo(m.dtype).eps) / 100)


def _name(axes: "Axes", measurements: tuple[Measurement, ...], size: str) -> None:
    """Write each name beside its point, in the first place where it covers no point and no other text.

    A line leads from the point to a name that is not near.
    """
    from matplotlib.text import Text

    figure: Any = axes.get_figure(root=True)
    renderer, unit = figure.canvas.get_renderer(), figure.dpi / 72
    points = axes.transData.transform([_point(m, size) for m in measurements])
    taken = [(x - 4 * unit, y - 4 * unit, x + 4 * unit, y + 4 * unit) for x, y in points]
    for written in axes.texts:
        x0, y0, x1, y1 = written.get_window_extent(renderer).extents
        taken.append((x0, y0, x1, y1))
    left, low, right, high = axes.get_window_extent(renderer).extents
    for m, (x, y) in zip(measurements, points, strict=True):
        text: Any = axes.annotate(
            m.name,
            _point(m, size),
            xytext=(0, 0),
            textcoords="offset points",
            fontsize=8.5,
            color=OURS if m.kind == "tier" else OTHERS,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": PAD, "alpha": 0.85},
            arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3},
        )
        width, height = Text.get_window_extent(text, renderer).size + 2 * PAD * unit
        for dx, dy, side, edge in PLACES:
            x0, y0 = x + dx * unit - SHARES[side] * width, y + dy * unit - SHARES[edge] * height
            x1, y1 = x0 + width, y0 + height
            inside = left < x0 and x1 < right and low < y0 and y1 < high
            if inside and all(x1 < a or x0 > c or y1 < b or y0 > d for a, b, c, d in taken):
                break
        taken.append((x0, y0, x1, y1))
        text.set(position=(dx, dy), ha=side, va=edge)
        text.arrow_patch.set_visible(math.hypot(dx, dy) > NEAR)


PAD = 0.8  # points
SHARES = {"left": 0, "bottom": 0, "center": 0.5, "right": 1, "top": 1}  # of a text, before the place where it is put
NEAR = 10  # points; a line leads further
PLACES = [
    (8, 0, "left", "center"),
    (-8, 0, "right", "center"),
    (0, 8, "center", "bottom"),
    (0, -8, "center", "top"),
    (6, 8, "left", "bottom"),
    (6, -8, "left", "top"),
    (-6, 8, "right", "bottom"),
    (-6, -8, "right", "top"),
    *(
        (distance * math.cos(angle), distance * math.sin(angle), side, "center")
        for distance in (20, 32, 44, 58, 74, 92)
        for rise in (0, 20, -20, 40, -40, 60, -60, 80, -80)
        for side, angle in (("left", math.radians(rise)), ("right", math.pi - math.radians(rise)))
    ),
]


def _octave(axes: "Axes", m: Measurement) -> None:
    """The error between -ln2/2 and ln2/2, in the largest unit that fits."""
    half = math.log(2) / 2
    x = np.linspace(-half, half, 1501).astype(m.dtype)
    truth = accuracy.truth(act.catalogue["exp"], x)
    tier = act if m.name == DEFAULT_NAME else getattr(act.approx, m.name)
    error = truth.relative(truth.error(tier.exp(x)))
    power = math.floor(math.log10(max(np.abs(error).max(), 1e-300)))
    axes.plot(x, error / 10.0**power, color=OURS, linewidth=0.8)
    axes.axhline(0, color=GREY, linewidth=0.8)
    unit = "%" if power == -2 else f"$10^{{{power}}}$"
    axes.set_title(f"{m.name}, in {unit}", fontsize=9.5)
    axes.set_xticks([-half, 0, half], [r"$-\frac{1}{2}\ln 2$", "0", r"$\frac{1}{2}\ln 2$"])
