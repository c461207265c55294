"""The public names: how `act.sigmoid`, `act.derivative.sigmoid` and `act.approx.u3.vjp.sigmoid` find their ufuncs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any


from . import kernels
from .engine import registry
from .engine.variants import VARIANTS
from .records import ACTIVATIONS, APPROXIMATIONS, Activation, Approximation, Error

__all__ = ["Approximations", "Parametric", "Tier", "Variants", "catalogue", "lookup", "names"]

_CANONICAL = {alias: name for name, row in ACTIVATIONS.items() for alias in (name, *row.aliases)}
assert kernels  # the rows are entered when the kernels are imported


class _Catalogue(Mapping[str, Activation]):
    """The rows by canonical name; an alias finds its row too."""

    def __getitem__(self, name: str) -> Activation:
        return ACTIVATIONS[_CANONICAL[name]]

    def __iter__(self) -> Any:
        return iter(ACTIVATIONS)

    def __len__(self) -> int:
        return len(ACTIVATIONS)

    def __contains__(self, name: object) -> bool:
        return name in _CANONICAL


catalogue = _Catalogue()


class Parametric:
    """An activation with parameters that have defaults; `ufunc` is the real ufunc underneath, which takes them all."""

    def __init__(self, key: registry.Key) -> None:
        self.ufunc = registry.ufunc(key)
        self._record, self._path = ACTIVATIONS[key[2]], registry.qualified_name(key).removesuffix(".ufunc")
        self._leading = VARIANTS[key[1]].leading + 1
        self.__name__ = self.__qualname__ = self._path
        self.__doc__ = registry.documentation(key)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = args[self._leading :]
        values = []
        for place, (name, default) in enumerate(self._record.parameters.items()):
            given = kwargs.pop(name, None)
            if place < len(own) and given is not None:
                raise TypeError(f"{self._path}() got {name!r} by position and by name")
            values.append(own[place] if place < len(own) else default if given is None else given)
        rest = own[len(values) :]
        return self.ufunc(*args[: self._leading], *values, *rest, **kwargs)

    def __repr__(self) -> str:
        return f"<activation {self._path!r}>"

    def __reduce__(self) -> str:
        return self._path

    __module__ = __name__.partition(".")[0]


_parametric: dict[registry.Key, Parametric] = {}


def lookup(tier: str, variant: str, name: str) -> Any:
    """The ufunc, or the parametric activation, of a tier and a variant under a name or an alias."""
    canonical = _CANONICAL.get(name)
    if canonical is None or (tier != registry.DEFAULT and not ACTIVATIONS[canonical].uses_exp):
        raise AttributeError(f"there is no activation {name!r}: names are {', '.join(names(tier))}")
    key = (tier, variant, canonical)
    if not ACTIVATIONS[canonical].parameters:
        return registry.ufunc(key)
    if key not in _parametric:
        _parametric.setdefault(key, Parametric(key))
    return _parametric[key]


def names(tier: str = registry.DEFAULT) -> tuple[str, ...]:
    """All names that a tier offers, aliases too."""
    return tuple(n for n, c in _CANONICAL.items() if tier == registry.DEFAULT or ACTIVATIONS[c].uses_exp)


class Variants:
    """The activations in one variant: `derivative`, `value_and_derivative` or `vjp`."""

    def __init__(self, tier: str, variant: str) -> None:
        self._tier, self._variant = tier, variant
        self.__doc__ = f"{VARIANTS[variant].meaning} of every activation: names as in the package itself."

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lookup(self._tier, self._variant, name)

    def __dir__(self) -> list[str]:
        return list(names(self._tier))


class Tier:
    """One approximation of exp, and every exp-based activation built on it."""

    def __init__(self, record: Approximation) -> None:
        self.record, self.name, self.__doc__ = record, record.name, f"{record.method}. {record.why}"
        for variant in VARIANTS:
            if variant != "value":
                setattr(self, variant, Variants(record.name, variant))

    @property
    def bound(self) -> Mapping[str, Error]:
        """Stated largest error of exp by the name of the floating-point type."""
        return MappingProxyType(dict(self.record.bounds))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lookup(self.name, "value", name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names(self.name)]

    def __repr__(self) -> str:
        return f"<approximation {self.name!r}>"


class Approximations:
    """The tiers by name."""

    def __init__(self) -> None:
        for name, record in APPROXIMATIONS.items():
            if name != registry.DEFAULT:
                setattr(self, name, Tier(record))

    def names(self) -> tuple[str, ...]:
        """Names of the tiers."""
        return tuple(name for name in APPROXIMATIONS if name != registry.DEFAULT)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no tier {name!r}: tiers are {', '.join(self.names())}")


