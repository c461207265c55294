"""Activations with parameters: defaults, names and rules around a ufunc that takes them all."""

from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, Signature
from typing import Any

import numpy as np

from ..records import ACTIVATIONS, Rule
from .documentation import documentation
from .keys import Key
from .variants import VARIANTS

OF_NO_TYPE = frozenset((bool, int, float))
_OWN_FLOATS = frozenset(map(np.dtype, ("float16", "float32", "float64")))


def parametric(ufunc: np.ufunc, usual: np.ufunc, key: Key) -> Callable[..., Any]:
    """A function whose parameters have defaults, and are given by position or by name.

    `ufunc` is the real ufunc underneath, which takes them all; `usual` the one that has the defaults built in, and is
    called where none is given. Both are attributes of the function. Parameters are checked in the function: the ufunc
    and compiled code give NaN, or what the formula gives, for those that break the rules.
    """
    given = _Given(ufunc, usual, key)

    # Functions, since an object's __call__ takes 0.2 us longer; and one for each number of arguments that precede the
    # parameters, since to take them as *args takes 0.15 us longer.
    def function(x: Any, /, *parameters: Any, out: Any = None, **others: Any) -> Any:
        if parameters or others:
            return given.call((x,), parameters, out, others)
        return usual(x) if out is None else usual(x, out=out)

    def function_of_two(g: Any, x: Any, /, *parameters: Any, out: Any = None, **others: Any) -> Any:
        if parameters or others:
            return given.call((g, x), parameters, out, others)
        return usual(g, x) if out is None else usual(g, x, out=out)

    made: Any = (function, function_of_two)[VARIANTS[key.variant].leading]
    made.ufunc, made.usual = ufunc, usual
    made.__name__, made.__qualname__, made.__module__ = key.name, key.path, __name__.partition(".")[0]
    made.__doc__ = documentation(key)
    made.__signature__ = _signature(key)
    found: Callable[..., Any] = made
    return found


def _signature(key: Key) -> Signature:
    """What the arguments are called, and their defaults."""
    arrays = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in VARIANTS[key.variant].arguments]
    given = ACTIVATIONS[key.name].parameters.items()
    named = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=value) for name, value in given]
    out = Parameter("out", Parameter.KEYWORD_ONLY, default=None)
    return Signature([*arrays, *named, out, Parameter("others", Parameter.VAR_KEYWORD)])


def check_rules(
    path: str, rules: Iterable[Rule], parameters: Mapping[str, Any], given: Mapping[str, Any] | None = None
) -> None:
    """Raise ValueError where parameters of a function break a rule, with their values, as `given` before conversion."""
    for rule in rules:
        if rounded := rule.broken(parameters):
            broken = rule.broken(given or parameters)
            values = ", ".join(f"{name} = {value}" for name, value in (broken or rounded).items())
            hint = "" if broken else " in the type of the result"
            raise ValueError(f"{path}() needs {rule.text}: got {values}{hint}")


class _Given:
    """Calls with parameters."""

    def __init__(self, ufunc: np.ufunc, usual: np.ufunc, key: Key) -> None:
        record = ACTIVATIONS[key.name]
        self._ufunc, self._usual, self._path = ufunc, usual, key.path
        self._names, self._defaults = tuple(record.parameters), tuple(record.parameters.values())
        self._rules = [(rule, [self._names.index(name) for name in rule.names]) for rule in record.rules]

    def call(self, arguments: tuple[Any, ...], given: tuple[Any, ...], out: Any, others: dict[str, Any]) -> Any:
        """Call the ufunc with all its parameters; what is given beyond them is the ufunc's."""
        count = len(self._names)
        parameters = given[:count] + self._defaults[len(given) :]
        if others:
            parameters = self._with_keywords(parameters, len(given), others)
        if out is not None:
            others["out"] = out
        if parameters is self._defaults:
            return self._usual(*arguments, **others)
        typed = parameters
        if others.keys().isdisjoint(("dtype", "signature", "sig")):
            typed = self._typed(arguments, parameters)
        for rule, places in self._rules:
            numbers = [typed[k] for k in places]  # of no type they are asked here, for speed
            if not OF_NO_TYPE.issuperset(map(type, numbers)) or not rule.holds(*numbers):
                named = (dict(zip(self._names, each, strict=True)) for each in (typed, parameters))
                check_rules(self._path, (rule,), *named)
        return self._ufunc(*arguments, *typed, *given[count:], **others)

    def _with_keywords(self, parameters: tuple[Any, ...], given: int, others: dict[str, Any]) -> tuple[Any, ...]:
        """The parameters with those in `others`, which are taken out of it."""
        for place, name in enumerate(self._names):
            if name in others:
                if place < given:
                    raise TypeError(f"{self._path}() got {name!r} by position and by name")
                parameters = (*parameters[:place], others.pop(name), *parameters[place + 1 :])
        return parameters

    def _typed(self, arguments: tuple[Any, ...], parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        """Parameters that are numbers of no type, as Python's are, in the type that the result has without them.

        NumPy does so beside its own floats; beside integers and bfloat16 it would let them make the result wider.
        """
        kinds: list[Any] = [getattr(a, "dtype", None) for a in arguments]
        if not _OWN_FLOATS.isdisjoint(kinds):
            return self._as_rules_see(arguments, parameters) if self._rules else parameters
        if any(getattr(p, "dtype", None) in _OWN_FLOATS for p in parameters):
            return parameters
        found = [
            k or (type(a) if type(a) in (int, float) else np.asarray(a).dtype)
            for k, a in zip(kinds, arguments, strict=True)
        ]
        if not all(k in (int, float) or (isinstance(k, np.dtype) and k.kind != "O") for k in found):
            return parameters  # beside what is not NumPy's
        kind = self._usual.resolve_dtypes((*found, *[None] * self._usual.nout))[-1].type
        return tuple(kind(p) if type(p) in OF_NO_TYPE else p for p in parameters)

    def _as_rules_see(self, arguments: tuple[Any, ...], parameters: tuple[Any, ...]) -> tuple[Any, ...]:
        """Python's numbers rounded to the type of the arrays, if that is one; there NumPy would round them later."""
        kinds: set[Any] = {getattr(a, "dtype", None) for a in arguments if type(a) not in OF_NO_TYPE}
        if len(kinds) > 1 or not OF_NO_TYPE.issuperset(map(type, parameters)):
            return parameters
        kind = kinds.pop().type
        return tuple([float(kind(p)) for p in parameters])
