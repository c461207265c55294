"""Minimax polynomials and quotients of two by the exchange algorithm of Remez, in mpmath.

`fit(f, interval, degree, pinned)` finds the polynomial whose low coefficients are the given ones and whose largest
relative error against f is smallest; `fit_rounded` does so with every coefficient a float of the wanted
precision: the coefficients are rounded one at a time, lowest first, and the rest is fitted again each time.

The m pinned terms leave f - pinned = x**m * P(x) to approximate, with relative weight |x|**m / f. The weight must be
|x|**m and not x**m: for odd m the latter changes its sign at 0 and the exchange settles on a polynomial that is
up to four times worse.

`fit_quotient` finds the quotient of two polynomials. An error of alternating sign at the nodes is linear in the
coefficients once the denominator beside it is known, and that is taken from the solution before.
"""

import functools
from collections.abc import Callable, Sequence

import mpmath as mp

mp.mp.prec = 200
BITS = 300  # of fixed-point numbers, in which polynomials are evaluated many times as fast
SETTLED = mp.mpf(2) ** -80  # how much the denominator of a quotient may change with the last step
Real = mp.mpf


def fit(
    f: Callable[[Real], Real],
    interval: tuple[Real, Real],
    degree: int,
    pinned: Sequence[float] = (),
    points: int = 400,
    scale: Callable[[Real], Real] | None = None,
    start: Sequence[int] = (),
) -> tuple[list[Real], Real, list[int]]:
    """Coefficients of the free terms, lowest first, the largest error of the whole polynomial, and where it is.

    The error is relative to f, or to `scale`. It is looked for at points of a grid, first at those of `start`.
    """
    count, m = degree - len(pinned) + 1, len(pinned)
    grid = _grid(interval, points)
    known = list(reversed([mp.mpf(c) for c in pinned])) or [mp.mpf(0)]
    target = [(f(x) - mp.polyval(known, x)) / x**m for x in grid]
    weight = [abs(x) ** m / (scale or f)(x) for x in grid]
    fixed = [(_fixed(w), _fixed(t), _fixed(x)) for w, t, x in zip(weight, target, grid, strict=True)]
    nodes = list(start) or [round(points * k / count) for k in range(count + 1)]
    for _ in range(60):
        powers = [[grid[j] ** k for k in range(count)] for j in nodes]
        coefficients = _levelled(powers, [1 / weight[j] for j in nodes], [target[j] for j in nodes])
        in_fixed_point = [_fixed(c) for c in coefficients]
        error = [w * (t - _value(in_fixed_point, x)) for w, t, x in fixed]
        exchanged = _alternating_extrema(error, count + 1)
        if exchanged == nodes or len(exchanged) <= count:
            break
        nodes = exchanged
    return coefficients, mp.ldexp(max(map(abs, error)), -2 * BITS), nodes


def _grid(interval: tuple[Real, Real], points: int) -> list[Real]:
    """Points that are dense at the ends."""
    low, high = interval
    centre, radius = (low + high) / 2, (high - low) / 2
    return [centre - radius * mp.cos(mp.pi * (k + Real("0.31") * (0 < k < points)) / points) for k in range(points + 1)]


def _long_grid(interval: tuple[Real, Real], points: int, middle: Real) -> list[Real]:
    """Points of a long interval from 0 on, which are dense at the ends of what (x - middle) / (x + middle) is there."""
    low, high = ((x - middle) / (x + middle) for x in interval)
    return [interval[0], *(middle * (1 + t) / (1 - t) for t in _grid((low, high), points)[1:-1]), interval[1]]


def _levelled(rows: Sequence[Sequence[Real]], errors: Sequence[Real], values: Sequence[Real]) -> list[Real]:
    """What the rows are to be multiplied by to give the values, but for a multiple of the errors, plus and minus."""
    system = [[*row, (-1) ** k * e, v] for k, (row, e, v) in enumerate(zip(rows, errors, values, strict=True))]
    alike = [[x / max(map(abs, row)) for x in row] for row in system]  # powers of a large number are larger than others
    return [*mp.lu_solve(mp.matrix([row[:-1] for row in alike]), mp.matrix([row[-1] for row in alike]))][:-1]


def _fixed(x: Real) -> int:
    """x 2^BITS"""
    return int(mp.ldexp(x, BITS))


def _value(coefficients: Sequence[int], x: int) -> int:
    """The polynomial whose lowest coefficient comes first, in fixed-point numbers."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x >> BITS) + coefficient
    return value


def _alternating_extrema(error: list[int], count: int) -> list[int]:
    """Grid indices of `count` errors of alternating sign, the largest that there are."""
    extrema: list[int] = []
    for k, value in enumerate(error):
        if extrema and (error[extrema[-1]] > 0) == (value > 0):
            if abs(value) > abs(error[extrema[-1]]):
                extrema[-1] = k
        else:
            extrema.append(k)
    while len(extrema) > count:
        size = [abs(error[k]) for k in extrema]
        weakest = size.index(min(size))
        if weakest in (0, len(extrema) - 1) or len(extrema) == count + 1:
            extrema.pop(0 if size[0] < size[-1] else -1)
        else:  # two neighbours must go together, or the signs no longer alternate
            first = weakest - (size[weakest - 1] < size[weakest + 1])
            del extrema[first : first + 2]
    return extrema


def fit_rounded(
    f: Callable[[Real], Real],
    interval: tuple[Real, Real],
    degree: int,
    pinned: Sequence[float],
    rounding: Callable[[Real], float],
    scale: Callable[[Real], Real] | None = None,
) -> tuple[list[float], Real]:
    """All coefficients, lowest first, each rounded by `rounding`, and the largest error that is left, as of `fit`."""
    f, scale = functools.cache(f), functools.cache(scale or f)  # every fit takes the same points
    fixed, nodes = list(pinned), []
    while len(fixed) <= degree:
        free, _, nodes = fit(f, interval, degree, fixed, scale=scale, start=nodes[1:])
        fixed.append(rounding(free[0]))
    low, high = interval
    points = [low + (high - low) * mp.mpf(k) / 3000 for k in range(3001)]
    in_fixed_point = [_fixed(mp.mpf(c)) for c in fixed]
    lost = [mp.ldexp(_fixed(f(x)) - _value(in_fixed_point, _fixed(x)), -BITS) for x in points]
    return fixed, max(abs(e / scale(x)) for e, x in zip(lost, points, strict=True))


def fit_quotient(
    f: Callable[[Real], Real],
    interval: tuple[Real, Real],
    degrees: tuple[int, int],
    scale: Callable[[Real], Real],
    rounding: Callable[[Real], float],
    middle: Real | None = None,
) -> tuple[list[float], list[float], Real]:
    """Numerator and denominator, lowest coefficient first, and their largest error relative to `scale`.

    The denominator begins with 1. As in `fit_rounded`, the rest is fitted again after a coefficient was rounded. Where
    there is a `middle`, as many points lie between 0 and it as between it and infinity, and the denominator is rounded
    at once: on a long interval one rounded coefficient drives the others too far away.
    """
    above, below = degrees
    powers = [*range(above + 1), *range(1, below + 1)]
    grid = _grid(interval, 600) if middle is None else _long_grid(interval, 600, middle)
    points = [(x, f(x), scale(x)) for x in grid]
    # f (1 + sum q_k x^k) - sum p_k x^k is the error times the denominator
    rows = [[x**k if place <= above else -t * x**k for place, k in enumerate(powers)] for x, t, _ in points]
    fixed: dict[int, float] = {}  # by the place in a row
    if middle is not None:
        found, _ = _exchanged(points, rows, above + 1, fixed)
        fixed = {place: rounding(found[place]) for place in range(above + 1, len(powers))}
    for place in sorted(set(range(len(powers))) - fixed.keys(), key=lambda place: (powers[place], place)):
        fixed[place] = rounding(_exchanged(points, rows, above + 1, fixed)[0][place])
    rounded, error = _exchanged(points, rows, above + 1, fixed)
    return rounded[: above + 1], [1.0, *rounded[above + 1 :]], error


def _exchanged(
    points: Sequence[tuple[Real, Real, Real]], rows: Sequence[Sequence[Real]], split: int, fixed: dict[int, float]
) -> tuple[list[Real], Real]:
    """All coefficients of a quotient whose numerator has `split`, and the largest error of it.

    `points`: x, f(x) and what an error there is relative to.
    """
    free = [place for place in range(len(rows[0])) if place not in fixed]
    count = len(free) + 1
    nodes = [round((len(points) - 1) * k / max(count - 1, 1)) for k in range(count)]
    denominators = [Real(1)] * len(points)
    for _ in range(60):
        left = [points[j][1] - sum(c * rows[j][place] for place, c in fixed.items()) for j in nodes]
        sizes = [denominators[j] * points[j][2] for j in nodes]
        found = _levelled([[rows[j][place] for place in free] for j in nodes], sizes, left)
        known = fixed | dict(zip(free, found, strict=True))
        coefficients = [known[place] for place in range(len(rows[0]))]
        numerator, before = coefficients[split - 1 :: -1], denominators
        denominators = [mp.polyval([*coefficients[: split - 1 : -1], 1], x) for x, _, _ in points]
        errors = [(t - mp.polyval(numerator, x) / d) / s for (x, t, s), d in zip(points, denominators, strict=True)]
        extrema = _alternating_extrema([_fixed(e) for e in errors], count)
        settled = all(abs(d - b) < SETTLED for d, b in zip(denominators, before, strict=True))
        if len(extrema) < count or (extrema == nodes and settled):
            break
        nodes = extrema
    return coefficients, max(map(abs, errors))
