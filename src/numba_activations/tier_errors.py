"""What the error of a tier becomes in each activation that is built on it: a 3 % exp is not a 3 % sigmoid.

The numbers are written by tools/measure_tier_errors.py. They hold up to `reach`, where exp(x) and exp(-x) are numbers
within the interval of the tier. A relative error, which only a normal number has, holds but for `ROOT_ZONE` around the
root of a derivative.
"""

import functools
import math
from importlib.resources import files
from typing import Any

import numpy as np

from .records import APPROXIMATIONS, Error

UNITS = ("relative", "absolute")
FILE = "tier_errors.json"


def reach(tier: str, dtype: str) -> float:
    """The largest |x| for which the errors of a tier's activations are stated."""
    low, high = APPROXIMATIONS[tier].interval[dtype]
    return min(-low, high, math.log(float(np.finfo(dtype).max)))


def stated(tier: str, name: str, dtype: str, half: str = "value") -> tuple[Error, ...] | None:
    """The largest relative and the largest absolute error of an activation's value or derivative in a tier.

    One of them is left out where it says nothing, as it is more than 1: the relative error of what passes through 0,
    the absolute one of what grows like exp. None where the tier has no such activation, or it is exp itself, whose
    error stands in the row of the tier.
    """
    errors = _table().get(tier, {}).get(dtype, {}).get(name)
    if errors is None:
        return None
    found = [(unit, *errors[half][unit]) for unit in UNITS if unit in errors[half]]
    return tuple(Error(size, at, unit) for unit, size, at in found)


def along_axis(tier: str, dtype: str) -> tuple[float, float]:
    """What the error of a tier's exp adds at most to the relative error of a function of rows, and of its vjp.

    In a weight e^x / sum(e^x) that error stands twice; the vjp of softmax multiplies two weights.
    """
    error, _ = APPROXIMATIONS[tier].promise(dtype)
    twice = (1 + error) / (1 - error)
    return twice - 1, twice**2 - 1


@functools.cache
def _table() -> dict[str, Any]:
    import json  # not at the start of every process: most ask for no tier

    found: dict[str, Any] = json.loads((files(__package__) / "data" / FILE).read_text())
    return found
