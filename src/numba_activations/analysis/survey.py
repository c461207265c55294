"""The whole catalogue at a glance: the errors of each value and derivative, and the speed beside other libraries."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import numba_activations as act

from ..records import ROOT_ZONE, Activation, Bound, Error
from . import accuracy, peers, timing
from .accuracy import Accuracy

__all__ = ["REACH", "SIZE", "Exact", "Measured", "Survey", "exact_values", "survey"]

SIZE = "L2"
REACH = 1e30  # inputs are between -REACH and REACH: beyond, nothing new happens, and mpmath's exp(x^3) takes ages
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Exact:
    """Exact values of an activation, and of its derivative where that is no convention."""

    value: accuracy.Truth
    derivative: accuracy.Truth


@dataclass(frozen=True, slots=True)
class Measured:
    """Error and time per element of one function."""

    accuracy: Accuracy
    nanoseconds: float


@dataclass(frozen=True, slots=True)
class Survey:
    """One activation, with its default parameters, in one type.

    Attributes
    ----------
    activation, dtype : str
        What was measured.
    stated : Bound
        The promised largest errors.
    value, derivative : Measured
        Ours, in the default tier.
    peers : mapping of str to Measured
        The value as installed libraries compute it.
    """

    activation: str
    dtype: str
    stated: Bound
    value: Measured
    derivative: Measured
    peers: Mapping[str, Measured] = field(default_factory=dict)

    @property
    def value_holds(self) -> bool:
        """Whether the measured error of the value keeps the promise."""
        return _keeps(self.stated.value, self.value.accuracy)

    @property
    def derivative_holds(self) -> bool:
        """Whether the measured error of the derivative keeps the promise."""
        return _keeps(self.stated.derivative, self.derivative.accuracy)

    def speedup(self, peer: str) -> float:
        """How many times as long a library takes."""
        return self.peers[peer].nanoseconds / self.value.nanoseconds


def _keeps(stated: Error, found: Accuracy) -> bool:
    return stated.size >= (found.max_ulp if stated.unit == "ULP" else found.max_relative)


def exact_values(name: str, dtype: str, points: int) -> Exact:
    """Exact values of an activation on about so many inputs between -1e30 and 1e30, in 'float32' or 'float64'."""
    record = act.catalogue[name]
    x = accuracy.sample(dtype, -REACH, REACH, points)
    x = _defined(record, x[:: max(1, x.size // points)])
    smooth = x[~np.isin(x, np.asarray(record.kinks, dtype))]  # at a kink the derivative is a convention
    if record.root is not None:  # near it an absolute error is promised instead
        smooth = smooth[np.abs(smooth - record.root) > ROOT_ZONE]
    with np.errstate(all="ignore"):
        return Exact(accuracy.truth(record, x), accuracy.truth(record, smooth, derivative=True))


def survey(
    record: Activation, values: Array, exact: Exact, libraries: Sequence[str] = (), seconds: float = 0.1
) -> Survey:
    """Measure an activation in one type.

    Parameters
    ----------
    record : Activation
        The row of the catalogue.
    values : ndarray
        Numbers on which the speed is measured, repeated as needed.
    exact : Exact
        What results are judged by; in the type that is measured.
    libraries : sequence of str
        Which others to measure, inside `peers.one_thread`.
    seconds : float
        About how long the speed may take.

    Returns
    -------
    Survey
    """
    x = exact.value.x
    given = np.resize(values.astype(x.dtype), timing.elements(SIZE, x.dtype.name))
    ours = _ours(getattr(act, record.name)), _ours(getattr(act.derivative, record.name))
    with np.errstate(all="ignore"):
        others = {name: found for name in libraries if (found := _peer(name, record, x)) is not None}
        calls = {name: found(given, np.empty_like(given)) for name, found in others.items()}
        calls["value"], calls["derivative"] = (f(given, np.empty_like(given)) for f in ours)
        times = timing.nanoseconds(calls, given.size, seconds)
        return Survey(
            activation=record.name,
            dtype=x.dtype.name,
            stated=record.bounds[x.dtype.name],
            value=Measured(_error(ours[0], exact.value), times["value"]),
            derivative=Measured(_error(ours[1], exact.derivative), times["derivative"]),
            peers={name: Measured(_error(f, exact.value), times[name]) for name, f in others.items()},
        )


def _defined(record: Activation, x: Array) -> Array:
    """The inputs at which the function is a real number: all, unless a limit says that it is none far out."""
    if not np.isnan([*record.limits.plus, *record.limits.minus]).any():
        return x
    return x[[_is_real(record, number) for number in x.tolist()]]


def _is_real(record: Activation, number: float) -> bool:
    import mpmath

    try:
        value = record.exact(mpmath, mpmath.mpf(number), **record.parameters)
    except ZeroDivisionError:  # at a pole
        return False
    return isinstance(value, mpmath.mpf) and bool(mpmath.isfinite(value))


def _ours(function: Callable[..., Any]) -> peers.Prepare:
    return lambda x, out: lambda: function(x, out=out)


def _error(prepare: peers.Prepare, exact: accuracy.Truth) -> Accuracy:
    return accuracy.measure(np.asarray(prepare(exact.x, np.empty_like(exact.x))()), exact)


def _peer(library: str, record: Activation, x: Array) -> peers.Prepare | None:
    """A library's version, if it has one that takes x alone."""
    prepare = peers.peer(library, record)
    if prepare is None:
        return None
    try:
        result = prepare(x, np.empty_like(x))()
    except (TypeError, ValueError):  # a namesake, which wants more than x or something else
        return None
    return None if result is x else prepare  # a formula that gives its input back costs nothing
