"""The same functions inside compiled code: importing this module makes every one of them callable there.

Each is registered with Numba as an overload with the names and defaults that it has outside. On numbers it is the
kernel itself, which LLVM inlines into the caller's loop; on arrays it is a loop over the kernel, made by Numba's
`vectorize`.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
from numba import types, vectorize
from numba.core.errors import TypingError
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload, register_jitable

from ..records import ACTIVATIONS, APPROXIMATIONS, HALVES
from . import registry
from .keys import Key
from .lowering import INNER
from .njit_out import check_type, receives_directly
from .scalar import scalar_function
from .variants import VARIANTS

Function = Callable[..., Any]

# From a function of one tuple to one of as many arguments: Numba wants to see each of them.
_SPREAD: tuple[Callable[[Function], Function], ...] = (
    lambda f: lambda a: f((a,)),
    lambda f: lambda a, b: f((a, b)),
    lambda f: lambda a, b, c: f((a, b, c)),
    lambda f: lambda a, b, c, d: f((a, b, c, d)),
    lambda f: lambda a, b, c, d, e: f((a, b, c, d, e)),
    lambda f: lambda a, b, c, d, e, g: f((a, b, c, d, e, g)),
    lambda f: lambda a, b, c, d, e, g, h: f((a, b, c, d, e, g, h)),
    lambda f: lambda a, b, c, d, e, g, h, i: f((a, b, c, d, e, g, h, i)),
)


def spread(function: Function, names: tuple[str, ...], defaults: tuple[Any, ...]) -> Function:
    """`function`, which takes one tuple, as a function of the named arguments, the last of which have defaults."""
    spread = _SPREAD[len(names) - 1](function)
    name = function.__name__
    code = spread.__code__.replace(co_varnames=names, co_name=name, co_qualname=name)
    return FunctionType(code, spread.__globals__, name, defaults, spread.__closure__)


def _is_number(kind: Any) -> bool:
    return isinstance(kind, types.Float | types.Integer | types.Boolean | types.Omitted | float)


def _float_type(kinds: tuple[Any, ...], leading: int) -> Any:
    """float32 where the first `leading` and all arrays are, else float64: as NumPy promotes."""
    telling = *kinds[:leading], *(kind for kind in kinds[leading:] if not _is_number(kind))
    single = all(getattr(kind, "dtype", kind) == types.float32 for kind in telling)
    return types.float32 if single else types.float64


def _converted(leading: int) -> Function:
    """A function that gives a tuple's numbers the type of its first `leading`, and leaves its arrays as they are."""

    @intrinsic
    def converted(typing_context: Any, args: Any) -> Any:
        target = _float_type(args.types, leading)
        result = types.Tuple([target if _is_number(kind) else kind for kind in args])

        def codegen(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            parts = []
            for place, (old, new) in enumerate(zip(signature.args[0], result, strict=True)):
                part = builder.extract_value(values[0], place)
                parts.append(context.cast(builder, part, old, new))
                if old == new and context.enable_nrt:
                    context.nrt.incref(builder, new, part)
            return context.make_tuple(builder, result, parts)

        return result(args), codegen

    function: Function = converted
    return function


def _array_loop(kernel: Function, names: tuple[str, ...]) -> Function:
    """A kernel with one result on arrays and numbers; an array that follows the arguments receives it."""
    convert = _converted(len(names))

    @register_jitable(**INNER)
    def element(args: Any) -> Any:
        return kernel(convert(args))

    loop: Function = vectorize(spread(element, names, ()))
    return loop


def _register(function: Any, key: Key) -> None:
    """Make the function of a key callable in compiled code."""
    variant, parameters = VARIANTS[key.variant], ACTIVATIONS[key.name].parameters
    halves = HALVES if variant.outputs == 2 else (key.variant,)
    kernels = tuple(scalar_function(key._replace(variant=half)) for half in halves)
    names, defaults = (*variant.arguments, *parameters), tuple(parameters.values())
    register(function, key, names, defaults, scalar_function(key), kernels, variant.leading + 1)


def register(
    function: Any,
    key: Key,
    names: tuple[str, ...],
    defaults: tuple[float | None, ...],
    kernel: Function,
    halves: tuple[Function, ...],
    leading: int,
) -> None:
    """Make a function of the named numbers or arrays, that of a key, callable in compiled code.

    `kernel` takes a tuple of numbers, the first `leading` of which have the type of the result. Where it has two
    results, each of `halves` gives one: an array loop has one result.
    """
    count, convert = len(names), _converted(leading)
    loops = tuple(_array_loop(half, names) for half in halves)
    first, last = loops[0], loops[-1]

    @register_jitable(**INNER)
    def on_numbers(args: Any) -> Any:
        return kernel(convert(args[:count]))

    @register_jitable
    def on_arrays(args: Any) -> Any:
        return first(*convert(args[:count]))

    @register_jitable
    def on_arrays_into(args: Any) -> Any:
        values, out = convert(args[:count]), args[count]
        if receives_directly(values, out):
            return first(*values, out)
        result = first(*values, np.empty(out.shape, out.dtype))
        for place in np.ndindex(out.shape):  # `out[...] = result` takes some ten seconds to compile
            out[place] = result[place]
        return out

    @register_jitable
    def on_arrays_twice(args: Any) -> Any:
        return first(*convert(args)), last(*convert(args))

    signature = (names, defaults) if len(loops) == 2 else ((*names, "out"), (*defaults, None))

    def choose(given: tuple[Any, ...]) -> Function | None:
        kinds, out = given[:count], given[count:]
        if not all(_is_number(kind) or isinstance(kind, types.Array) for kind in kinds):
            return None
        if str(_float_type(kinds, leading)) not in APPROXIMATIONS[key.tier].bounds:
            raise TypingError(f"{key.path}() has no float64: got {', '.join(map(str, kinds))}")
        if out and isinstance(out[0], types.Array):
            check_type(key.path, out[0], kinds)
            body = on_arrays_into
        elif all(map(_is_number, kinds)):
            body = on_numbers
        else:
            body = on_arrays_twice if len(loops) == 2 else on_arrays
        return spread(body, *signature)

    for name in {function, getattr(function, "ufunc", function)}:
        overload(name, jit_options=INNER, strict=False)(spread(choose, *signature))
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


for _key, _function in registry.functions().items():
    _register(_function, _key)
registry.on_new_function.append(_register)
