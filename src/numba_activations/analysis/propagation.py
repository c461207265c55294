"""How much of a tier's error reaches the activations that are built on it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine import registry
from ..engine.keys import DEFAULT, Key
from ..records import ACTIVATIONS, APPROXIMATIONS, EPSILON, HALVES, ROOT_ZONE, Activation, Error
from ..tier_errors import reach
from . import accuracy

__all__ = ["errors", "inputs", "is_rough", "largest", "names", "tiers"]

_ROUGH = 2.0**10  # times the rounding of float64: an error beside which that of our own kernels in float64 is nothing

Reals = NDArray[Any]
Doubles = NDArray[np.float64]


def tiers() -> list[tuple[str, str]]:
    """Every tier that builds activations, but the default one, whose errors stand in the rows; with its types."""
    found = ((name, tier) for name, tier in APPROXIMATIONS.items() if tier.builds_activations and name != DEFAULT)
    return [(name, dtype) for name, tier in found for dtype in tier.bounds]


def names() -> list[str]:
    """The activations that are built on exp."""
    return [name for name, record in ACTIVATIONS.items() if record.uses_exp and name != "exp"]


def is_rough(tier: str, dtype: str) -> bool:
    """Whether our own kernels in float64 are exact beside a tier."""
    return dtype == "float32" or APPROXIMATIONS[tier].promise(dtype)[0] > _ROUGH * EPSILON["float64"]


def inputs(tier: str, name: str, dtype: str, count: int, seed: int = 0) -> Reals:
    """Inputs of all magnitudes for which errors are stated and the activation is a finite number."""
    largest, record = reach(tier, dtype), ACTIVATIONS[name]
    x = accuracy.sample(dtype, -largest, largest, count, seed)
    with np.errstate(all="ignore"):
        value, slope = _reference(record, x)
        fits = np.abs(np.array([value, slope])) <= np.finfo(dtype).max
    chosen: Reals = x[fits.all(axis=0) & ~np.isin(x, np.array(record.kinks, dtype))]
    return chosen


def errors(
    tier: str, name: str, x: Reals, compute: Callable[[Reals], tuple[Reals, Reals]]
) -> dict[str, tuple[Doubles, Doubles]]:
    """Relative and absolute errors of value and derivative at inputs; a relative one is NaN where there is none.

    Parameters
    ----------
    tier, name : str
        Of the activation.
    x : ndarray
        The inputs.
    compute : callable
        Gives value and derivative of inputs.
    """
    record = ACTIVATIONS[name]
    rough = is_rough(tier, x.dtype.name)
    reference = _reference(record, x) if rough else ()
    found = {}
    for k, (half, computed) in enumerate(zip(HALVES, compute(x), strict=True)):
        exact = accuracy.Truth.of(x, reference[k]) if rough else accuracy.truth(record, x, half == "derivative")
        error = exact.error(computed)
        relative = np.abs(exact.relative(error))
        if half == "derivative" and record.root is not None:
            relative[np.abs(x - record.root) <= ROOT_ZONE] = np.nan
        with np.errstate(over="ignore"):
            found[half] = relative, np.ldexp(np.abs(error), exact.exponent)
    return found


def _reference(record: Activation, x: Reals) -> tuple[Doubles, Doubles]:
    """Value and derivative by the default tier in float64, of the parameters as the type of the inputs has them."""
    parameters = [float(x.dtype.type(p)) for p in record.parameters.values()]
    function = registry.function(Key(DEFAULT, "value_and_derivative", record.name))
    found: tuple[Doubles, Doubles] = function(x.astype(np.float64), *parameters)
    return found


def largest(found: Doubles, x: Reals) -> Error:
    """The largest error with its witness; it is infinite where no input has one."""
    size = np.where(np.isnan(found), -np.inf, found)
    worst = int(np.argmax(size))
    return Error(float(np.abs(size[worst])), float(x[worst]))
