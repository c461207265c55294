"""Activation functions, their derivatives and fast exponentials, as real NumPy ufuncs and inside Numba's `@njit`.

>>> import numba_activations as act
>>> act.sigmoid(0.0)
np.float64(0.5)
>>> act.derivative.tanh(0.0)
np.float64(1.0)
"""

from typing import TYPE_CHECKING

from . import namespaces
from .engine.keys import DEFAULT
from .engine.threads import parallel
from .records import ACTIVATIONS

if TYPE_CHECKING:
    import numpy as np

__version__ = "0.1.0"

catalogue = ACTIVATIONS
approx = namespaces.Approximations()
derivative = namespaces.variant("derivative")
value_and_derivative = namespaces.variant("value_and_derivative")
vjp = namespaces.variant("vjp")
parameter_derivative = namespaces.variant("parameter_derivative")

__all__ = [
    "approx",
    "catalogue",
    "derivative",
    "parallel",
    "parameter_derivative",
    "value_and_derivative",
    "vjp",
    *namespaces.names(),
]


def __getattr__(name: str) -> "np.ufunc":
    if name.startswith("_") or name not in namespaces.names():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: np.ufunc = namespaces.function(DEFAULT, "value", name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
