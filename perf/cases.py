"""What is measured: one function of the catalogue, in a variant and a tier, on one type and size of array."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import peers

import numba_activations as act
from numba_activations.analysis import accuracy
from numba_activations.engine.keys import DEFAULT, offers
from numba_activations.engine.variants import VARIANTS
from numba_activations.records import ALONG_AXIS

OURS = "ours"
DTYPES = ("float16", "float32", "float64")
SIZES = (1_000, 16_000, 1_000_000)  # in L1, in L2, beyond both
USUAL = 16_000
SHAPES = ((1000, 10), (1000, 1000), (8, 100_000))  # many short rows, square, few long ones
IN_CACHE = 100, 1000  # rows for which memory is no limit
_POINTS = 256  # at which errors are measured: mpmath gives some thousand exact values a second


def _prefix(tier: str) -> str:
    return "" if tier == DEFAULT else f"{tier} "


def _function(tier: str, variant: str, name: str) -> Any:
    """Ours."""
    space = getattr(act.approx, tier)
    return getattr(space if variant == "value" else getattr(space, variant), name)


class Case(NamedTuple):
    """A function and its arrays."""

    name: str
    variant: str = "value"
    dtype: str = "float32"
    size: int = USUAL
    tier: str = DEFAULT

    def __str__(self) -> str:
        return f"{_prefix(self.tier)}{self.name} {self.variant} {self.dtype} {self.size}"

    @property
    def function(self) -> Any:
        """Ours."""
        return _function(self.tier, self.variant, self.name)

    def arrays(self) -> dict[str, np.ndarray]:
        """x as a layer has it, normally distributed, from where the function is defined; and g."""
        random = np.random.default_rng(0)
        x = np.empty(0, self.dtype)
        while x.size < self.size:
            x = np.append(x, inside(self.name, random.normal(0, 2, self.size).astype(self.dtype)))
        return {"x": x[: self.size].copy(), "g": random.normal(0, 1, self.size).astype(self.dtype)}

    def ours(self, **arrays: np.ndarray) -> peers.Call:
        """Our callable, into the memory of an earlier call."""
        variant = VARIANTS[self.variant]
        outs = tuple(np.empty_like(arrays["x"]) for _ in range(variant.outputs))
        operands = [arrays[a] for a in variant.arguments]
        return functools.partial(self.function, *operands, out=outs if len(outs) > 1 else outs[0])

    def call(self, library: str, **arrays: np.ndarray) -> peers.Call:
        """The callable of a library, or ours."""
        if library == OURS:
            return self.ours(**arrays)
        return peers.prepare(library, self.name, self.variant, **arrays)

    def libraries(self) -> tuple[str, ...]:
        """Us, and all who offer the same."""
        return (OURS, *(peers.libraries(self.name, self.variant) if self.tier == DEFAULT else ()))

    def max_ulp(self, library: str) -> float | None:
        """The largest error of a library at points from the whole range of the type; None for pairs and products."""
        if self.variant not in ("value", "derivative"):
            return None
        exact = truth(self.name, self.variant, self.dtype)
        computed = self.call(library, x=exact.x, g=np.ones_like(exact.x))()
        return accuracy.measure(np.asarray(computed), exact).max_ulp


def inside(name: str, x: np.ndarray) -> np.ndarray:
    """The numbers at which a row is defined."""
    return x[~np.isnan(Case(name).function(x))]


@functools.cache
def truth(name: str, variant: str, dtype: str) -> accuracy.Truth:
    """Exact values of a row at points that leave no binade of the type out, but for kinks and poles."""
    record, ours = act.catalogue[name], Case(name, variant).function
    points = accuracy.sample(dtype, -np.inf, np.inf, _POINTS)
    points = points[np.isfinite(ours(points)) & ~np.isin(points, record.kinks)]
    points = points[np.linspace(0, points.size - 1, _POINTS).astype(int)]
    return accuracy.truth(record, points, derivative=variant == "derivative")


def names(tier: str, variant: str) -> list[str]:
    """The rows that a tier has in a variant."""
    rows = act.catalogue.values()
    has = VARIANTS[variant].applies_to
    return [r.name for r in rows if has(r) and offers(tier, r)]


def representatives(table: Mapping[str, Any] = act.catalogue) -> tuple[str, ...]:
    """The first row of each module of kernels."""
    first = {record.kernel.__module__: name for name, record in reversed([*table.items()])}
    return tuple(first.values())[::-1]


class AxisCase(NamedTuple):
    """A function along the last axis, and the shape of its rows."""

    name: str
    variant: str = "value"
    dtype: str = "float32"
    shape: tuple[int, int] = (1000, 1000)
    tier: str = DEFAULT

    def __str__(self) -> str:
        return f"{_prefix(self.tier)}{self.name} {self.variant} {self.dtype} {self.shape[0]}x{self.shape[1]}"

    @property
    def function(self) -> Any:
        """Ours."""
        return _function(self.tier, self.variant, self.name)

    def operands(self) -> tuple[list[np.ndarray], np.ndarray, tuple[Any, ...]]:
        """For a vjp g; logits; and what else the function takes: targets, labels, or in how many pieces."""
        random, record = np.random.default_rng(0), ALONG_AXIS[self.name]
        x = random.normal(0, 2, self.shape).astype(self.dtype)
        arrays = record.signature.partition("->")[0].count("(")
        rest = {
            "": (random.random(self.shape).astype(self.dtype),) * (arrays - 1),
            "halves": (),
            "pieces": (2,),
            "targets": (random.integers(self.shape[1], size=self.shape[0]),),
        }[record.split]
        if self.variant != "vjp":
            return [], x, rest
        result = self._replace(variant="value").function(x, *rest)
        return [random.normal(0, 1, result.shape).astype(self.dtype)], x, rest

    def call(self, library: str) -> peers.Call:
        """The callable of a library, or ours, into the memory of an earlier call where it takes one."""
        g, x, rest = self.operands()
        operands = (*g, x, *rest)
        out = np.empty_like(self.function(*operands))
        if library == OURS:
            return functools.partial(self.function, *operands, out=out)
        return peers.prepare_along_axis(library, self.name, self.variant, x, rest, *g, out=out)

    def libraries(self) -> tuple[str, ...]:
        """Us, and all who offer the same."""
        return (OURS, *peers.libraries_along_axis(self.name, self.variant))
