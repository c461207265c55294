"""The public names: how `act.sigmoid`, `act.derivative.sigmoid` and `act.approx.u3.vjp.sigmoid` find their functions.

Namespaces are modules, so that they can be imported from, and so that compiled code can take names from them too.
"""

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .engine import along_axis, registry
from .engine.keys import DEFAULT, Key, offers
from .engine.variants import VARIANTS
from .records import ACTIVATIONS, ALONG_AXIS, APPROXIMATIONS, Approximation, Error

_PACKAGE = __name__.partition(".")[0]


class _Lazy(ModuleType):
    """A module whose names are found when they are first asked for."""

    def __init__(self, path: str, doc: str) -> None:
        super().__init__(f"{_PACKAGE}.{path}", doc)
        self.__path__: list[str] = []  # what makes it a package, so that modules can stand below it
        sys.modules[self.__name__] = self

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return importlib.import_module, (self.__name__,)


class Functions(_Lazy):
    """The activations of a tier in one variant, by name and by alias."""

    def __init__(self, path: str, doc: str, tier: str, variant: str) -> None:
        super().__init__(path, doc)
        self._tier, self._variant = tier, variant

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if name not in names(self._tier, self._variant):
            raise AttributeError(f"module {self.__name__!r} has no {name!r}: see dir({self.__name__})")
        found = function(self._tier, self._variant, name)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *names(self._tier, self._variant)})


class Tier(Functions):
    """One approximation of exp, and every exp-based activation built on it."""

    def __init__(self, record: Approximation) -> None:
        path = f"approx.{record.name}"
        super().__init__(path, f"{record.method}. {record.why}", record.name, "value")
        self.record = record
        for name, variant in VARIANTS.items():
            if name != "value":
                setattr(self, name, Functions(f"{path}.{name}", f"{variant.meaning}.", record.name, name))

    @property
    def bound(self) -> Mapping[str, Error]:
        """Stated largest error of exp by the name of the floating-point type."""
        return MappingProxyType(dict(self.record.bounds))


class Approximations(_Lazy):
    """The tiers by name."""

    def __init__(self) -> None:
        super().__init__("approx", "Approximations of exp, each with every exp-based activation built on it.")
        for name, record in APPROXIMATIONS.items():
            setattr(self, name, Tier(record))

    def names(self) -> tuple[str, ...]:
        """Names of the tiers but the default one."""
        return tuple(name for name in APPROXIMATIONS if name != DEFAULT)

    def best_for(
        self, *, max_relative_error: float | None = None, max_ulp: float | None = None, dtype: DTypeLike = np.float32
    ) -> "Tier":
        """The cheapest tier whose stated error is small enough.

        Parameters
        ----------
        max_relative_error, max_ulp : float
            The largest error of exp that will do; one of the two.
        dtype : float32 or float64
            Of the numbers.

        Returns
        -------
        Tier
            Which has exp, and every activation built on it; its `record` says for which inputs the error is stated. The
            default tier comes as `numba_activations.approx.full`, which holds the same functions as the package itself.

        Raises
        ------
        LookupError
            If no tier is so accurate.
        ValueError
            If the error is not positive, or there is no tier for the type.
        TypeError
            If none or both of the errors are given.

        Examples
        --------
        >>> import numba_activations as act
        >>> act.approx.best_for(max_relative_error=1e-3).record.name
        'r1e4'
        >>> act.approx.best_for(max_ulp=1).record.name
        'full'
        """
        if (max_relative_error is None) == (max_ulp is None):
            raise TypeError("best_for() takes max_relative_error or max_ulp, and one of them only")
        kind = "max_ulp" if max_relative_error is None else "max_relative_error"
        wanted = max_ulp if max_relative_error is None else max_relative_error
        if wanted is None or not wanted > 0:
            raise ValueError(f"{kind} is {wanted}: it must be more than 0")
        name = np.dtype(dtype).name
        promised = {
            tier.name: tier.promise(name)[kind == "max_ulp"]
            for tier in APPROXIMATIONS.values()
            if tier.builds_activations and name in tier.bounds
        }
        if not promised:
            raise ValueError(f"dtype is {name}: there are tiers for float32 and float64")
        good = [tier for tier in promised if promised[tier] <= wanted]
        if not good:
            nearest = min(promised, key=promised.__getitem__)
            raise LookupError(
                f"no tier has {kind} {wanted:g} in {name}: the nearest is {nearest!r} with {promised[nearest]:.2g}"
            )
        found: Tier = getattr(self, min(good, key=lambda tier: APPROXIMATIONS[tier].cost))
        return found

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no tier {name!r}: tiers are {', '.join(self.names())}")


def function(tier: str, variant: str, name: str) -> Any:
    """The function of a name or alias."""
    if name in ALONG_AXIS:
        return along_axis.function(Key(tier, variant, ALONG_AXIS[name].name))
    return registry.function(Key(tier, variant, ACTIVATIONS[name].name))


def names(tier: str = DEFAULT, variant: str = "value") -> tuple[str, ...]:
    """All names that a tier offers in a variant, aliases too."""
    has = VARIANTS[variant].applies_to
    found = (name for name in ACTIVATIONS.names() if has(ACTIVATIONS[name]) and offers(tier, ACTIVATIONS[name]))
    return *found, *along_axis.names(variant, tier)


def variant(name: str) -> Functions:
    """The namespace of a variant in the default tier."""
    return Functions(name, f"{VARIANTS[name].meaning}, for every activation.", DEFAULT, name)
