"""Activation functions, their derivatives and fast exponentials, as real NumPy ufuncs and inside Numba's `@njit`.

>>> import numba_activations as act
>>> act.sigmoid(0.0)
np.float64(0.5)
>>> act.derivative.tanh(0.0)
np.float64(1.0)
"""

from typing import TYPE_CHECKING, Any

from . import namespaces
from .engine.threads import parallel
from .namespaces import catalogue

if TYPE_CHECKING:
    import numpy as np

__version__ = "0.1.0"

approx = namespaces.Approximations()
derivative = namespaces.Variants(namespaces.registry.DEFAULT, "derivative")
value_and_derivative = namespaces.Variants(namespaces.registry.DEFAULT, "value_and_derivative")
vjp = namespaces.Variants(namespaces.registry.DEFAULT, "vjp")

__all__ = ["approx", "catalogue", "derivative", "parallel", "value_and_derivative", "vjp", *namespaces.names()]


def __getattr__(name: str) -> "np.ufunc":
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found: np.ufunc = namespaces.lookup(namespaces.registry.DEFAULT, "value", name)
    except AttributeError as error:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {error}") from None
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
