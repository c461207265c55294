"""Softmax and what is made of its sum.

A weight is e^x relative to a start: a number of the row that is its largest or not far below. Where the start is so
large that range reduction would lose digits of it, it is subtracted, and the differences that matter are exact; else no
number is changed. A power of two, which is exact, then brings the weight of the start to where the smallest that count
are still normal numbers, and the sum of the largest does not overflow. So no difference x - max is rounded, and the
smallest result is as accurate as the largest.
"""

import math
from typing import Any

from ..records import RowBound, RowError, along_axis
from .arithmetic import finite, two_sum
from .elements import equal, negative, product, ratio, unequal, where_equal, where_not_equal
from .logarithm import log_parts
from .primitives import NOTHING, Float, by_type, fma, origin, shift
from .tiers.reduction import reduce

NEAR = 256.0, 2048.0  # a largest number below is reduced as it is; beyond, e^(x - max) is 0 unless x - max is exact
FAR = 122.0, 768.0  # e^-FAR is 0, also as many times as a row is long
LIFT = 51.0, 88.0  # a weight is 2^LIFT e^(x - start), so that 2^LIFT e^-FAR is a normal number
REACH = 35.0, 600.0  # how far above the start the largest number may be: 2^LIFT e^REACH is as far below overflow
SUBNORMAL = "Where a probability is subnormal, the vector-Jacobian product has no more digits than that."


def centre_of(top: Float) -> Float:
    """What is subtracted from every number of a row."""
    T = type(top)
    return T(0) if abs(top) < T(by_type(top, *NEAR)) else top


def floor_of(top: Float, centre: Float) -> Float:
    """Below, e^x is 0 beside e^top."""
    return (top - centre) - type(top)(by_type(top, *FAR))


def zero_of(top: Float, centre: Float) -> Float:
    """origin + LIFT - round(log2(e^(top - centre))): what makes of n the exponent field of a weight"""
    _, shifted = reduce(top - centre)
    return origin(top) + (type(top)(by_type(top, *LIFT)) - (shifted - shift(top)))


def lifted_weight(m: Any, x: Float, centre: Float, floor: Float, zero: Float) -> Float:
    """e^(x - centre) times the power of two that makes it about 2^LIFT at the start: a normal number, never 0"""
    z = x - centre
    w: Float = m.exp_lifted(floor if z < floor else z, zero)
    return w


def capped_weight(m: Any, x: Float, centre: Float, floor: Float, zero: Float) -> Float:
    """The lifted weight, which ends a little beyond REACH: NaN for NaN alone"""
    T = type(x)
    z = x - centre
    cap = floor + T(by_type(x, FAR[0] + REACH[0] + 1, FAR[1] + REACH[1] + 1))
    return lifted_weight(m, cap if z > cap else z, T(0), floor, zero)


def weight(m: Any, x: Float, centre: Float, floor: Float, zero: Float) -> Float:
    """The lifted weight / 2^LIFT; 0 for -inf"""
    return lifted_weight(m, x, centre, floor, zero) * type(x)(by_type(x, 2.0 ** -LIFT[0], 2.0 ** -LIFT[1]))


def inverse_of(x: Float) -> Float:
    """1 / x"""
    return type(x)(1) / x


def rest_of_inverse(x: Float, inverse: Float) -> Float:
    """What the rounded 1 / x lacks"""
    return fma(-x, inverse, type(x)(1)) * inverse


def share(w: Float, inverse: Float, rest: Float) -> Float:
    """w (inverse + rest)"""
    return fma(w, inverse, w * rest)


def weights(m: Any, row: Any, x: Any) -> tuple[Any, Any, Any]:
    """The weights of a row, lifted, and the inverse of their sum in two parts.

    They are relative to its first finite number, and so found while the row is read once; or to its largest, where that
    turns out to be far above.
    """

    def step(start: Any) -> tuple[Any, Any, Any]:
        w = row.map(lifted_weight, m, x, *reference(row, start))
        return row.map(near_largest, start, row.fmax(x)), w, row.sum(w)

    _, w, total = row.fixpoint(step, row.head(x))
    return w, *inverse_parts(row, total)


def near_largest(start: Float, top: Float) -> Float:
    """start, or top where that is further above than a lifted weight may be"""
    return top if top > start + type(top)(by_type(top, *REACH)) else start


def inverse_parts(row: Any, total: Any) -> tuple[Any, Any]:
    """1 / total as its rounded value and what that lacks."""
    inverse = row.map(inverse_of, total)
    return inverse, row.map(rest_of_inverse, total, inverse)


def reference(row: Any, top: Any) -> tuple[Any, Any, Any]:
    """What weights are relative to: centre, floor, zero."""
    centre = row.map(centre_of, top)
    return centre, row.map(floor_of, top, centre), row.map(zero_of, top, centre)


def log_total(m: Any, row: Any, x: Any) -> tuple[Any, Any]:
    """max x, which may be infinite, and log(sum_k exp(x_k - max x)): NaN where one is NaN, else finite.

    The sum of the others keeps its digits beside the largest. As in `weights`, the row is read once, or again where the
    largest is far above the first.
    """

    def step(start: Any) -> tuple[Any, Any, Any]:
        top, relative_to = row.fmax(x), reference(row, row.map(finite, start))
        others = row.others(row.map(capped_weight, m, x, *relative_to))
        largest = row.map(capped_weight, m, top, *relative_to)
        return row.map(near_largest, start, top), top, row.map(ratio, others, largest)

    _, top, others = row.fixpoint(step, row.head(x))
    return top, row.map(log1p_of, others)


def log1p_of(x: Float) -> Float:
    """log(1 + x), rounded once"""
    T = type(x)
    high, rest = log_parts(*two_sum(T(1), x), x, T(NOTHING))
    return x if x == T(math.inf) else high + rest


def softmax(m: Any, row: Any, x: Any) -> Any:
    """exp(x_j) / sum_k exp(x_k)"""
    return row.map(share, *weights(m, row, x))


def softmax_vjp(m: Any, row: Any, g: Any, x: Any) -> Any:
    """y_j (g_j - sum_k g_k y_k), y = softmax(x)"""
    top = row.fmax(x)
    w, others, ties, total, *inverse = all_weights(m, row, x, top)
    at_top = row.sum(row.map(where_equal, g, x, top))
    weighted = row.sum(row.map(product, row.map(where_not_equal, w, x, top), g))
    mean = row.map(mean_of, weighted, at_top, largest_of(m, row, top), total)
    return row.map(centred, g, x, top, w, *inverse, ties, others, weighted, mean)


def all_weights(m: Any, row: Any, x: Any, top: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """The weights; the sum of the others', the number of the largest, the sum of all, its inverse in two parts."""
    w = row.map(weight, m, x, *reference(row, top))
    others, ties = parts_of_sum(row, w, x, top)
    total = row.map(fma, ties, largest_of(m, row, top), others)
    return w, others, ties, total, *inverse_parts(row, total)


def largest_of(m: Any, row: Any, top: Any) -> Any:
    """The largest weight."""
    return row.map(weight, m, top, *reference(row, top))


def parts_of_sum(row: Any, w: Any, x: Any, top: Any) -> tuple[Any, Any]:
    """The sum of the weights of all but the largest, and how many of these there are."""
    return row.sum(row.map(where_not_equal, w, x, top)), row.count(row.map(equal, x, top))


def mean_of(weighted: Float, at_top: Float, largest: Float, total: Float) -> Float:
    """The mean of g: `weighted` is the others' part of it, `at_top` the sum of the rest"""
    return fma(at_top, largest, weighted) / total


def centred(
    g: Float,
    x: Float,
    top: Float,
    w: Float,
    inverse: Float,
    rest: Float,
    ties: Float,
    others: Float,
    weighted: Float,
    mean: Float,
) -> Float:
    """p (g - mean); for a sole winner p (g others - weighted) / total, where nothing cancels"""
    alone = x == top and ties == type(x)(1)
    return share(w, inverse, rest) * (share(fma(g, others, -weighted), inverse, rest) if alone else g - mean)


def exact_softmax(m: Any, x: Any) -> Any:
    """Softmax from a namespace such as mpmath."""
    e = [m.exp(v) for v in x]
    total = m.fsum(e)
    return [v / total for v in e]


along_axis(
    softmax,
    vjp=softmax_vjp,
    exact=exact_softmax,
    bounds={
        "float32": RowBound(
            RowError(4, at=((-10.093226432800293, -0.662746250629425, -6.212576866149902),)),
            RowError(6.1, at=((-0.021243991, 1.2084478, 0.9358835), (0.02009678, 0.023518996, 0.0377004))),
        ),
        "float64": RowBound(
            RowError(4.1, at=((-10.675392222991016, -29.731291018674735, -1.2961416201468074),)),
            RowError(
                6.2,
                at=(
                    (
                        -0.6141907061406999,
                        0.08418865706988658,
                        2.044845238423081,
                        0.2469149246024428,
                        0.23680750960637206,
                        0.5051944715071576,
                        0.14599430481457254,
                        1.2678741648176042,
                        -0.48743143867574396,
                    ),
                    (
                        26.47446893868482,
                        -16.867452249063838,
                        65.2418771344247,
                        4.19366345300268,
                        -36.9096952947226,
                        -86.5861273302024,
                        7.565417421843532,
                        -70.30311236910869,
                        46.25525928499578,
                    ),
                ),
            ),
        ),
    },
    special="-inf has probability 0; NaN or +inf anywhere in a row, or -inf everywhere, gives NaN in all of it: as in "
    "PyTorch, JAX and SciPy. An empty row stays empty.",
    note=SUBNORMAL,
)


def softmin(m: Any, row: Any, x: Any) -> Any:
    """exp(-x_j) / sum_k exp(-x_k)"""
    return softmax(m, row, row.map(negative, x))


def softmin_vjp(m: Any, row: Any, g: Any, x: Any) -> Any:
    """-y_j (g_j - sum_k g_k y_k), y = softmin(x)"""
    return softmax_vjp(m, row, row.map(negative, g), row.map(negative, x))


along_axis(
    softmin,
    vjp=softmin_vjp,
    exact=lambda m, x: exact_softmax(m, [-v for v in x]),
    bounds={
        "float32": RowBound(
            RowError(4, at=((10.093226432800293, 0.662746250629425, 6.212576866149902),)),
            RowError(
                6.1,
                at=(
                    (0.22253036499023438, -0.03209162876009941, 1.4196722507476807),
                    (-6.376002311706543, -4.468511581420898, -5.85872745513916),
                ),
            ),
        ),
        "float64": RowBound(
            RowError(
                4.1,
                at=(
                    (-10.843785264864259, 7.132611400541474, -2.129338150345672, 9.827778974440127, -18.78568420984085),
                ),
            ),
            RowError(
                6.3,
                at=(
                    (0.2348197964431667, -0.503609590008179, -0.6312315916375706, 0.8726407220272399),
                    (-13.097607394139263, -1.8371511839283914, -4.857767475513569, 4.7371212482381),
                ),
            ),
        ),
    },
    special="+inf has probability 0; NaN or -inf anywhere in a row, or +inf everywhere, gives NaN in all of it. An "
    "empty row stays empty.",
    note=SUBNORMAL,
)


def log_softmax(m: Any, row: Any, x: Any) -> Any:
    """x_j - log(sum_k exp(x_k))"""
    return row.map(below, x, *log_total_of_finite(m, row, x))


def log_total_of_finite(m: Any, row: Any, x: Any) -> tuple[Any, Any]:
    """As `log_total`, with NaN where the largest is infinite."""
    top, rest = log_total(m, row, x)
    return top, row.map(where_finite, rest, top)


def where_finite(rest: Float, top: Float) -> Float:
    """rest, or NaN"""
    return rest + (top - top)


def below(x: Float, top: Float, rest: Float) -> Float:
    """(x - top) - rest"""
    return (x - top) - rest


def log_softmax_vjp(m: Any, row: Any, g: Any, x: Any) -> Any:
    """g_j - softmax(x)_j sum_k g_k"""
    top = row.fmax(x)
    w, others, ties, _, *inverse = all_weights(m, row, x, top)
    missing = row.map(complement, others, largest_of(m, row, top))
    at_top, rest = row.sum(row.map(where_equal, g, x, top)), row.sum(row.map(where_not_equal, g, x, top))
    return row.map(minus_share, g, x, w, *inverse, top, ties, missing, at_top, rest)


def complement(others: Float, largest: Float) -> Float:
    """1 - largest / (largest + others)"""
    return others / (largest + others)


def minus_share(
    g: Float,
    x: Float,
    w: Float,
    inverse: Float,
    rest_of_inverse: Float,
    top: Float,
    ties: Float,
    missing: Float,
    at_top: Float,
    rest: Float,
) -> Float:
    """g - p (at_top + rest); for a sole winner (1 - p) g - p rest, where 1 - p is `missing` and g is at_top"""
    p = share(w, inverse, rest_of_inverse)
    alone = x == top and ties == type(x)(1)
    return fma(-p, rest, missing * g) if alone else fma(-p, at_top + rest, g)


along_axis(
    log_softmax,
    vjp=log_softmax_vjp,
    exact=lambda m, x: [m.log(p) for p in exact_softmax(m, x)],
    bounds={
        "float32": RowBound(
            RowError(3.7, at=((-13.781890869140625, 14.591769218444824, -7.41261100769043, 3.50034499168396),)),
            RowError(4.1, at=((-0.77037656, -0.027552232, -2.1495235), (41.69177, 41.687984, 41.68975))),
        ),
        "float64": RowBound(
            RowError(4.1, at=((-29.687443322582247, -28.567598902303217, -24.132599616067864),)),
            RowError(
                3.9,
                at=(
                    (-1.3094152149412397, -0.14697184519977222, -1.3058883499302205),
                    (18.4633753824615, 18.422446000412812, 18.445385344350715),
                ),
            ),
        ),
    },
    special="-inf stays -inf; NaN or +inf anywhere in a row, or -inf everywhere, gives NaN in all of it. An empty row "
    "stays empty.",
    note="The largest of a row keeps its digits: log_softmax([0, -20])[0] is -2.06e-9.",
)


def logsumexp(m: Any, row: Any, x: Any) -> Any:
    """log(sum_k exp(x_k))"""
    return row.map(above, *log_total(m, row, x))


def above(top: Float, rest: Float) -> Float:
    """top + rest"""
    return top + rest


def logsumexp_vjp(m: Any, row: Any, g: Any, x: Any) -> Any:
    """g softmax(x)_j"""
    return row.map(scaled_share, g, *weights(m, row, x))


def scaled_share(g: Float, w: Float, inverse: Float, rest: Float) -> Float:
    """g w (inverse + rest)"""
    return g * share(w, inverse, rest)


along_axis(
    logsumexp,
    vjp=logsumexp_vjp,
    exact=lambda m, x: m.log(m.fsum(m.exp(v) for v in x)),
    signature="(n)->()",
    bounds={
        "float32": RowBound(
            RowError(3.6, at=((-0.28877314925193787, -0.22459934651851654),)),
            RowError(4.4, at=(-1.7251617908477783, (-3.3846702575683594, -8.085284233093262))),
        ),
        "float64": RowBound(
            RowError(3.3, at=((-0.35971560920900275, -0.3597158992346167),)),
            RowError(4.3, at=(0.4609874105431705, (-23.94773980382873, -47.92059588984272, -158.35433959663206))),
        ),
    },
    special="The limits: -inf adds nothing, +inf gives +inf, an empty row, or -inf everywhere, -inf; NaN gives NaN.",
    note=SUBNORMAL,
    scale=lambda m, x: max(abs(v) for v in x),
)


def logmeanexp(m: Any, row: Any, x: Any) -> Any:
    """log(sum_k exp(x_k) / n)"""
    others = row.count(row.map(unequal, x, row.head(x)))
    return row.map(above_mean, *log_total(m, row, x), others, row.length, row.map(log_of, row.length))


def log_of(n: Float) -> Float:
    """log(n)"""
    return log1p_of(n - type(n)(1))


def above_mean(top: Float, rest: Float, others: Float, n: Float, log_n: Float) -> Float:
    """top + rest - log_n, exactly top where there are no others than it; NaN where there are none at all"""
    if n == type(n)(0):
        return n / n
    return top if others == type(n)(0) else above(top, rest - log_n)


along_axis(
    logmeanexp,
    vjp=logsumexp_vjp,
    exact=lambda m, x: m.log(m.fsum(m.exp(v) for v in x) / len(x)),
    signature="(n)->()",
    bounds={
        "float32": RowBound(
            RowError(2.1, at=((-0.49485746026039124, -0.5931288599967957),)),
            RowError(4.4, at=(-1.7251617908477783, (-3.3846702575683594, -8.085284233093262))),
        ),
        "float64": RowBound(
            RowError(2.1, at=((0.0004441967384147757, 0.00044419614150568136),)),
            RowError(4.3, at=(0.4609874105431705, (-23.94773980382873, -47.92059588984272, -158.35433959663206))),
        ),
    },
    special="The limits: -inf adds nothing but its place, +inf gives +inf, -inf everywhere gives -inf; NaN gives NaN, "
    "and so does an empty row.",
    scale=lambda m, x: max(*(abs(v) for v in x), m.log(len(x))),
)
