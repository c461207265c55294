"""The same functions inside compiled code: importing this module makes every one of them callable there.

Each is registered with Numba as an overload with the names and defaults that it has outside. On numbers it is the
kernel itself, which LLVM inlines into the caller's loop; on arrays it is a loop over the kernel, made by Numba's
`vectorize`.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba import types, vectorize
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload, register_jitable

from ..records import ACTIVATIONS
from . import registry
from .keys import Key
from .lowering import STRICT
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
)


def _spread(function: Function, names: tuple[str, ...], defaults: tuple[Any, ...]) -> Function:
    """`function`, which takes one tuple, as a function of the named arguments, the last of which have defaults."""
    spread = _SPREAD[len(names) - 1](function)
    code = spread.__code__.replace(co_varnames=names)
    return FunctionType(code, spread.__globals__, function.__name__, defaults, spread.__closure__)


def _is_number(kind: Any) -> bool:
    return isinstance(kind, types.Float | types.Integer | types.Boolean | types.Omitted | float)


def _float_type(kinds: tuple[Any, ...]) -> Any:
    """float32 where all numbers and arrays are, else float64: as NumPy promotes."""
    single = all(getattr(kind, "dtype", kind) == types.float32 for kind in kinds)
    return types.float32 if single else types.float64


def _converted(leading: int) -> Function:
    """A function that gives a tuple's numbers the type of its first `leading`, and leaves its arrays as they are."""

    @intrinsic
    def converted(typing_context: Any, args: Any) -> Any:
        arrays = tuple(kind for kind in args if not _is_number(kind))
        target = _float_type((*args.types[:leading], *arrays))
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


def _array_loop(key: Key, names: tuple[str, ...]) -> Function:
    """The function of a key on arrays and numbers, with one result; an array that follows the arguments receives it."""
    kernel, convert = scalar_function(key), _converted(len(names))

    @register_jitable(**STRICT)
    def element(args: Any) -> Any:
        return kernel(convert(args))

    loop: Function = vectorize(_spread(element, names, ()))
    return loop


def _register(function: Any, key: Key) -> None:
    """Make one function callable in compiled code."""
    variant, parameters = VARIANTS[key.variant], ACTIVATIONS[key.name].parameters
    names = (*variant.arguments, *parameters)
    count = len(names)
    kernel, convert = scalar_function(key), _converted(variant.leading + 1)
    # An array loop has one result: where there are two, each has a loop of its own.
    halves = ("value", "derivative") if variant.outputs == 2 else (key.variant,)
    loops = tuple(_array_loop(key._replace(variant=half), names) for half in halves)
    first, last = loops[0], loops[-1]

    @register_jitable(**STRICT)
    def on_numbers(args: Any) -> Any:
        return kernel(convert(args[:count]))

    @register_jitable
    def on_arrays(args: Any) -> Any:
        return first(*convert(args[:count]))

    @register_jitable
    def on_arrays_into(args: Any) -> Any:
        return first(*convert(args[:count]), args[count])

    @register_jitable
    def on_arrays_twice(args: Any) -> Any:
        return first(*convert(args)), last(*convert(args))

    defaults: tuple[float | None, ...] = tuple(parameters.values())
    signature = (names, defaults) if len(loops) == 2 else ((*names, "out"), (*defaults, None))

    def choose(given: tuple[Any, ...]) -> Function | None:
        kinds, out = given[:count], given[count:]
        if not all(_is_number(kind) or isinstance(kind, types.Array) for kind in kinds):
            return None
        if out and isinstance(out[0], types.Array):
            body = on_arrays_into
        elif all(map(_is_number, kinds)):
            body = on_numbers
        else:
            body = on_arrays_twice if len(loops) == 2 else on_arrays
        return _spread(body, *signature)

    for name in {function, getattr(function, "ufunc", function)}:
        overload(name, jit_options=STRICT, strict=False)(_spread(choose, *signature))
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


for _key, _function in registry.functions().items():
    _register(_function, _key)
registry.on_new_function.append(_register)
