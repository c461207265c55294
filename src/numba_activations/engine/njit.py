"""The same ufuncs inside compiled code: importing this module makes every one of them callable there."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types, vectorize
from numba.core.registry import cpu_target
from numba.extending import overload

from ..records import ACTIVATIONS, APPROXIMATIONS
from . import registry
from .lowering import STRICT
from .scalar import scalar_function
from .variants import VARIANTS

Function = Callable[..., Any]


def _register(ufunc: np.ufunc, key: registry.Key) -> None:
    """Make one ufunc callable in compiled code: on numbers and, where it has one result, on arrays."""
    tier, variant, name = key
    function = scalar_function(ACTIVATIONS[name], APPROXIMATIONS[tier], VARIANTS[variant])
    (_unary, _binary, _ternary)[ufunc.nin - 1](ufunc, function)
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


def _choose(args: tuple[Any, ...], single: Function, double: Function, arrays: Function) -> Function | None:
    """float32 stays float32; every other mixture of numbers becomes float64."""
    if all(isinstance(a, types.Number | types.Boolean) and not isinstance(a, types.Complex) for a in args):
        return single if all(a == types.float32 for a in args) else double
    if any(isinstance(a, types.Array) for a in args):
        return arrays
    return None


def _unary(ufunc: np.ufunc, function: Function) -> None:
    whole = vectorize(lambda x: function((x,)))

    @overload(ufunc, jit_options=STRICT, strict=False)
    def typed(x: Any) -> Function | None:
        return _choose(
            (x,), lambda x: function((x,)), lambda x: function((np.float64(x),)), lambda x: whole(x)
        )


def _binary(ufunc: np.ufunc, function: Function) -> None:
    whole = vectorize(lambda x, y: function((x, y)))

    @overload(ufunc, jit_options=STRICT, strict=False)
    def typed(x: Any, y: Any) -> Function | None:
        return _choose(
            (x, y),
            lambda x, y: function((x, y)),
            lambda x, y: function((np.float64(x), np.float64(y))),
            lambda x, y: whole(x, y),
        )


def _ternary(ufunc: np.ufunc, function: Function) -> None:
    whole = vectorize(lambda x, y, z: function((x, y, z)))

    @overload(ufunc, jit_options=STRICT, strict=False)
    def typed(x: Any, y: Any, z: Any) -> Function | None:
        return _choose(
            (x, y, z),
            lambda x, y, z: function((x, y, z)),
            lambda x, y, z: function((np.float64(x), np.float64(y), np.float64(z))),
            lambda x, y, z: whole(x, y, z),
        )


for _key, _made in registry.made().items():
    _register(_made, _key)
registry.on_new_ufunc.append(_register)


def register() -> None:
    """The entry point that Numba calls when it is first used; the import has done the work."""
