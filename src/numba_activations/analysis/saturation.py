"""Where an activation saturates: the inputs at which its derivative is so small that little is learnt through it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import numba_activations as act

__all__ = ["SATURATED", "Regime", "saturated"]

SATURATED = 0.05  # a unit is saturated where |f'| is below this share of max |f'|
_REACH, _STEP = 32.0, 2.0**-9


@dataclass(frozen=True, slots=True)
class Regime:
    """Where an activation is saturated.

    Attributes
    ----------
    threshold : float
        |f'| is below it there.
    intervals : tuple of (float, float)
        From where to where, right to 1/512. An end is infinite where nothing changes from 32 on, up to the limit.
    """

    threshold: float
    intervals: tuple[tuple[float, float], ...]


def saturated(name: str, parameters: Mapping[str, float] | None = None, share: float = SATURATED) -> Regime:
    """The saturated regime of an activation.

    Parameters
    ----------
    name : str
        An activation of the catalogue.
    parameters : mapping, optional
        Values instead of the defaults.
    share : float
        Of max |f'|, or of 1 where |f'| has no bound: what lies below it is small.

    Returns
    -------
    Regime
    """
    x = np.concatenate([[-np.inf], np.arange(-_REACH, _REACH + _STEP, _STEP), [np.inf]])
    slope = np.abs(getattr(act.derivative, name)(x, **(parameters or {})))
    steepest = float(np.nanmax(slope))
    threshold = share * (steepest if math.isfinite(steepest) else 1.0)
    turns = np.flatnonzero(np.diff(slope < threshold, prepend=False, append=False))
    intervals = tuple((float(x[a]), float(x[b - 1])) for a, b in zip(turns[::2], turns[1::2], strict=True))
    return Regime(threshold, tuple((low, high) for low, high in intervals if math.isfinite(low) or math.isfinite(high)))
