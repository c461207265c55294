"""Functions along an axis that select some of a row's numbers."""

from typing import Any

from ..records import RowBound, RowError, along_axis
from .elements import difference, ratio
from .primitives import Float


def unless_nan_row(y: Float, top: Float) -> Float:
    """y; NaN where the row has one, as then its largest number is NaN"""
    return y if top == top else top


def nothing(x: Float, top: Float) -> Float:
    """0; NaN where the row has one"""
    return unless_nan_row(type(x)(0), top)


def hardmax(row: Any, x: Any) -> Any:
    """1 at the first of the largest numbers, else 0"""
    top = row.maximum(x)
    return row.map(unless_nan_row, row.spot(x, row.first(x, top)), top)


def hardmax_vjp(row: Any, g: Any, x: Any) -> Any:
    """0"""
    return row.map(nothing, g, row.maximum(x))


along_axis(
    hardmax,
    vjp=hardmax_vjp,
    exact=lambda m, x: [1 if j == x.index(max(x)) else 0 for j in range(len(x))],
    bounds={
        "float32": RowBound(
            RowError(0, at=((1.0, 2.0),)),
            RowError(0, at=((1.0, 2.0), (3.0, 4.0))),
        ),
        "float64": RowBound(
            RowError(0, at=((1.0, 2.0),)),
            RowError(0, at=((1.0, 2.0), (3.0, 4.0))),
        ),
    },
    special="The first of several largest numbers wins, infinite ones too; NaN anywhere gives NaN in all of the row.",
    note="It is constant where it is continuous: its vjp is 0.",
)


def maxout(row: Any, x: Any) -> Any:
    """max_k x_k over every `pieces` neighbours"""
    return row.maximum(x)


def maxout_vjp(row: Any, g: Any, x: Any) -> Any:
    """g at the first of the largest numbers of its neighbours, else 0"""
    top = row.maximum(x)
    return row.map(at_spot, row.spot(x, row.first(x, top)), g, top)


def at_spot(spot: Float, g: Float, top: Float) -> Float:
    """g where spot is 1, else 0; NaN where the row has one"""
    return unless_nan_row(g if spot == type(g)(1) else type(g)(0), top)


along_axis(
    maxout,
    vjp=maxout_vjp,
    exact=lambda m, x: max(x),
    signature="(n)->()",
    split="pieces",
    bounds={
        "float32": RowBound(
            RowError(0, at=((1.0, 2.0),)),
            RowError(0, at=(1.0, (1.0, 2.0))),
        ),
        "float64": RowBound(
            RowError(0, at=((1.0, 2.0),)),
            RowError(0, at=(1.0, (1.0, 2.0))),
        ),
    },
    special="NaN among the pieces gives NaN.",
    note="The axis shrinks by the factor `pieces`, which must divide its length: piece k of unit j is x[j * pieces + "
    "k]. The first of several largest pieces gets all of g, as in Theano and thinc; PyTorch and JAX split it.",
)


def start_of(top: Float) -> Float:
    """-1: the threshold relative to the largest number is at least that; NaN where that is infinite"""
    return (top - top) - type(top)(1)


def excess(z: Float, threshold: Float) -> Float:
    """z where it lies above the threshold, else 0"""
    return z if z > threshold else type(z)(0)


def exceeds(z: Float, threshold: Float) -> Float:
    """1 where z lies above the threshold, else 0"""
    T = type(z)
    return T(1) if z > threshold else T(0)


def next_threshold(total: Float, count: Float) -> Float:
    """(total - 1) / count: what remains of those above it then sums to 1"""
    return (total - type(total)(1)) / count


def rest_above(z: Float, threshold: Float) -> Float:
    """max(z - threshold, 0)"""
    d = z - threshold
    return type(d)(0) if d < type(d)(0) else d


def sparse(row: Any, x: Any) -> tuple[Any, Any]:
    """x relative to its largest number, and the threshold.

    Newton's method raises the threshold from below until it is found. Each step at least halves the number of those
    above it or the excess of their sum.
    """
    top = row.maximum(x)
    z = row.map(difference, x, top)

    def step(threshold: Any) -> tuple[Any]:
        total, count = row.sum(row.map(excess, z, threshold)), row.count(row.map(exceeds, z, threshold))
        return (row.map(next_threshold, total, count),)

    return z, *row.fixpoint(step, row.map(start_of, top))


def sparsemax(row: Any, x: Any) -> Any:
    """max(x_j - t, 0) with the t that makes their sum 1"""
    return row.map(rest_above, *sparse(row, x))


def sparsemax_vjp(row: Any, g: Any, x: Any) -> Any:
    """g_j - mean of g over the support where y_j > 0, else 0"""
    z, threshold = sparse(row, x)
    inside = row.map(exceeds, z, threshold)
    mean = row.map(ratio, row.sum(row.map(gated, g, inside)), row.count(inside))
    return row.map(deviation, g, z, threshold, mean)


def gated(g: Float, inside: Float) -> Float:
    """g where inside is 1, else 0"""
    return g if inside == type(g)(1) else type(g)(0)


def deviation(g: Float, z: Float, threshold: Float, mean: Float) -> Float:
    """g - mean where z > threshold, else 0; NaN where there is no threshold"""
    return g - mean if z > threshold else threshold - threshold


def _exact_sparsemax(m: Any, x: Any) -> Any:
    ordered = sorted(x, reverse=True)
    sums = [m.fsum(ordered[: k + 1]) - 1 for k in range(len(x))]
    threshold = max(s / (k + 1) for k, s in enumerate(sums))
    return [max(v - threshold, 0) for v in x]


along_axis(
    sparsemax,
    vjp=sparsemax_vjp,
    exact=_exact_sparsemax,
    scale=lambda m, x: 1,
    bounds={
        "float32": RowBound(
            RowError(
                1,
                at=(
                    (
                        -0.2182115763425827,
                        -0.20434558391571045,
                        -0.15608856081962585,
                        -0.2182115763425827,
                        0.6634026169776917,
                    ),
                ),
            ),
            RowError(
                1.9,
                at=(
                    (
                        0.13125964999198914,
                        -1.992047667503357,
                        -0.63690584897995,
                        -0.8807182908058167,
                        -0.9494122266769409,
                    ),
                    (
                        -103.23686981201172,
                        -103.22943115234375,
                        -103.21469116210938,
                        -103.18893432617188,
                        -103.23677825927734,
                    ),
                ),
            ),
        ),
        "float64": RowBound(
            RowError(0.85, at=((0.1585620572317024, -0.10273398323356904, 0.5974650483901355),)),
            RowError(
                1.9,
                at=(
                    (0.1986793709573293, -0.6391313211706532, -1.9192559938456506),
                    (0.009228750976097645, -0.118427450311865, -0.11544741976799612),
                ),
            ),
        ),
    },
    special="-inf has probability 0; NaN or +inf anywhere in a row, or -inf everywhere, gives NaN in all of it.",
    note="The Euclidean projection onto the simplex. A. F. T. Martins and R. F. Astudillo, From softmax to sparsemax, "
    "ICML 2016. At a kink, where x_j = t, j is outside the support.",
)
