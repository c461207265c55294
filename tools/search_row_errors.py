"""Search for the largest errors of functions along an axis, much longer than the tests: names of rows, or all.

In float32 millions of rows are judged by the same function in float64, whose own errors are nothing beside; the worst
of them, and in float64 all rows that are tried, by exact values. Prints what was found beside what is stated. At ties
the vjps of hardmax and maxout are conventions, which no exact value knows: what is printed of them means nothing.
"""

import argparse
import math
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import numba_activations  # noqa: F401  (its import enters all rows)
from numba_activations.analysis import rows
from numba_activations.engine import along_axis
from numba_activations.engine.keys import DEFAULT, Key
from numba_activations.records import ALONG_AXIS, AxisFunction

LENGTHS = (1, 2, 3, 4, 5, 8, 13, 24, 40, 70, 150)
CONFIRMED = 3  # rows of a batch whose error is computed exactly


def operands(record: AxisFunction, length: int, count: int, random: np.random.Generator) -> list[np.ndarray]:
    """Rows at all scales from 1e-3 to 1e3: some close together and far from 0, some with ties or near-ties."""
    cores = along_axis.variants(record)["value"].inputs
    arrays = sum(core != "" for core in cores) or len(cores)
    found = [random.normal(size=(count, length)) * 10.0 ** random.uniform(-3, 3, (count, 1)) for _ in range(arrays)]
    x = found[0]
    x[::3] += random.normal(size=(len(x[::3]), 1)) * 100
    x[::7, random.integers(length)] = x[::7, 0]
    x[1::7, -1] = x[1::7, 0] * (1 + random.normal(size=len(x[1::7])) * 2.0**-20)
    if record.has_targets:
        found[1] = random.dirichlet(np.ones(length), count) if length > 1 else random.random((count, 1))
        found[1][::2] = np.eye(length)[random.integers(length, size=len(found[1][::2]))]
    return found


def sizes(record: AxisFunction, exact: np.ndarray, args: tuple[Any, ...]) -> np.ndarray:
    """What errors of values are relative to."""
    if record.scale is None:
        return np.abs(exact)
    numbers = [np.broadcast_to(a, (len(args[0]), *np.shape(a)[1:])).tolist() for a in args]
    if record.elementwise:
        scale = [[record.scale(math, *each) for each in zip(*row, strict=True)] for row in zip(*numbers, strict=True)]
        return np.maximum(np.abs(exact), scale)
    scale = np.array([float(record.scale(math, *row)) for row in zip(*numbers, strict=True)])
    return np.maximum(np.abs(exact), scale.reshape(-1, *[1] * (exact.ndim - 1)))


def vjp_sizes(record: AxisFunction, exact: tuple[np.ndarray, ...], g: np.ndarray, args: tuple[Any, ...]) -> Any:
    """The same for vjps: sums of the magnitudes of products, or the row's `vjp_scale`."""
    vjp = along_axis.ufunc(Key(DEFAULT, "vjp", record.name))
    if record.vjp_scale is not None:
        numbers = [np.broadcast_to(a, (len(g), *np.shape(a)[1:])).tolist() for a in (g, *args)]
        scale = [record.vjp_scale(math, *row) for row in zip(*numbers, strict=True)]
        return [np.maximum(np.abs(e), scale) for e in exact]
    if record.elementwise or g.ndim == 1:
        return [np.abs(e) for e in exact]
    one_by_one = vjp(np.eye(g.shape[-1]), *(a[:, None] if np.ndim(a) > 1 else a for a in args))
    least = np.finfo(np.float32).tiny * np.abs(g).max(-1, keepdims=True)  # as in rows.vjp_error
    return [np.maximum(np.einsum("ik,ikj->ij", np.abs(g), np.abs(one_by_one)), least)]


def errors(computed: np.ndarray, exact: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Of each row, in float32's spacing."""
    _, exponent = np.frexp(size)
    spacing = np.ldexp(1.0, np.maximum(exponent - 1, -126) - 23)
    with np.errstate(over="ignore"):
        overflows = np.isinf(computed) & (computed == exact.astype(np.float32))
    found = np.where(overflows | ~np.isfinite(exact), 0, np.abs(computed - exact) / spacing)
    found[np.isnan(found)] = np.inf  # a NaN that should be a number
    return found.reshape(len(found), -1).max(1)


def single(record: AxisFunction, random: np.random.Generator, count: int) -> Iterator[tuple[str, Any, Any]]:
    """The worst of many float32 rows of each length, as (variant, g, operands)."""
    value, vjp = (along_axis.ufunc(Key(DEFAULT, variant, record.name)) for variant in ("value", "vjp"))
    for length in (1,) if record.elementwise else LENGTHS:
        of_rows = [x.astype(np.float32) for x in operands(record, length, count // length**2, random)]
        args = *of_rows, *(np.float32(v) for v in record.parameters.values())
        wide = tuple(a.astype(np.float64) for a in args)
        exact = value(*wide)
        found = errors(value(*args), exact, sizes(record, exact, wide))
        for place in np.argsort(found)[-CONFIRMED:]:
            yield "value", None, tuple(a[place] if np.ndim(a) else a for a in args)
        g = random.normal(size=np.shape(exact)).astype(np.float32)
        computed, exact = vjp(g, *args), vjp(g.astype(np.float64), *wide)
        computed, exact = (r if isinstance(r, tuple) else (r,) for r in (computed, exact))
        size = vjp_sizes(record, exact, g.astype(np.float64), wide)
        found = np.max([errors(*each) for each in zip(computed, exact, size, strict=True)], axis=0)
        for place in np.argsort(found)[-CONFIRMED:]:
            yield "vjp", g[place], tuple(a[place] if np.ndim(a) else a for a in args)


def double(record: AxisFunction, random: np.random.Generator, seconds: float) -> Iterator[tuple[str, Any, Any]]:
    """Rows of float64, the shorter the more of them, as long as there is time."""
    value = along_axis.ufunc(Key(DEFAULT, "value", record.name))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        length = 1 if record.elementwise else int(random.choice([2, 2, 2, 3, 3, 4, 6, 9]))
        for row in zip(*operands(record, length, 21, random), strict=True):
            args = *row, *(np.float64(v) for v in record.parameters.values())
            yield "value", None, args
            yield "vjp", random.normal(size=np.shape(value(*args)))[()], args


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rows", type=int, default=1_000_000, help="float32: as many, over the square of their length")
    parser.add_argument("--batches", type=int, default=10, help="of so many rows")
    parser.add_argument("--seconds", type=float, default=60, help="for each row of the table in float64")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.names or ALONG_AXIS:
        record, random = ALONG_AXIS[name], np.random.default_rng(options.seed)
        for dtype, tried in (
            ("float32", (each for _ in range(options.batches) for each in single(record, random, options.rows))),
            ("float64", double(record, random, options.seconds)),
        ):
            worst: dict[str, tuple[float, Any]] = {"value": (0, ()), "vjp": (0, ())}
            for variant, g, args in tried:
                error = rows.error(record, args) if g is None else rows.vjp_error(record, g, args)
                if error > worst[variant][0]:
                    worst[variant] = error, args if g is None else (g, *args)
            for variant, (error, witness) in worst.items():
                stated = getattr(record.bounds[dtype], variant).size
                numbers = tuple(np.asarray(v).tolist() for v in witness)
                mark = "EXCEEDED" if error > stated else ""
                print(f"{dtype} {name} {variant}: {error:.4g} of {stated:g} {mark}\n    {numbers}", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        main()
