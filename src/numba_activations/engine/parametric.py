"""Activations with parameters: defaults, names and rules around a ufunc that takes them all."""

from typing import Any

import numpy as np

from ..records import ACTIVATIONS
from .documentation import documentation
from .keys import Key
from .variants import VARIANTS


class Parametric:
    """An activation whose parameters have defaults; `ufunc` is the real ufunc underneath, which takes them all.

    Parameters are given by position or by name, and broadcast. They are checked here: the ufunc and compiled code give
    NaN, or what the formula gives, for parameters that break the rules.
    """

    def __init__(self, ufunc: np.ufunc, key: Key) -> None:
        record = ACTIVATIONS[key.name]
        self.ufunc, self._path, self._rules = ufunc, key.path, record.rules
        self._names, self._defaults = frozenset(record.parameters), tuple(record.parameters.values())
        self._order = tuple(record.parameters)
        self._leading = VARIANTS[key.variant].leading + 1
        self._inputs = self._leading + len(self._order)
        self.__name__, self.__qualname__ = key.name, key.path
        self.__doc__ = documentation(key)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = len(args) - self._leading
        if given > 0 or (kwargs and not self._names.isdisjoint(kwargs)):
            return self._with_parameters(args, given, kwargs)
        return self.ufunc(*args, *self._defaults, **kwargs)

    def _with_parameters(self, args: tuple[Any, ...], given: int, kwargs: dict[str, Any]) -> Any:
        parameters = dict(zip(self._order, args[self._leading :], strict=False))
        for name in self._order:
            if name in kwargs:
                if name in parameters:
                    raise TypeError(f"{self._path}() got {name!r} by position and by name")
                parameters[name] = kwargs.pop(name)
        parameters = {n: parameters.get(n, d) for n, d in zip(self._order, self._defaults, strict=True)}
        for rule in self._rules:
            if not np.all(rule.holds(**parameters)):
                values = ", ".join(f"{n} = {v!r}" for n, v in parameters.items() if n in rule.text)
                raise ValueError(f"{self._path}() needs {rule.text}: got {values}")
        return self.ufunc(*args[: self._leading], *parameters.values(), *args[self._inputs :], **kwargs)

    def __repr__(self) -> str:
        return f"<activation {self._path!r}>"

    def __reduce__(self) -> str:
        return self._path

    __module__ = __name__.partition(".")[0]
