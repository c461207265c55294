"""A kernel as LLVM IR: the part of the work that Numba does."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import register_jitable

from .. import kernels
from ..kernels import primitives
from ..records import ACTIVATIONS, Activation, AxisFunction
from .keys import Key, tier_of
from .lowering import INNER
from .variants import VARIANTS, bind


def _register_kernels() -> None:
    """Let compiled code call every plain function of the kernel modules."""
    package = kernels.__name__ + "."
    modules = [importlib.import_module(found.name) for found in pkgutil.walk_packages(kernels.__path__, package)]
    for function in {value: None for module in modules for value in vars(module).values() if inspect.isfunction(value)}:
        if function.__module__.startswith(package) and function.__module__ != primitives.__name__:
            register_jitable(**INNER)(function)


_register_kernels()


def bound(key: Key, record: Activation | AxisFunction) -> Callable[[Any], Any]:
    """The kernel of a record with the tier of a key, of one tuple of numbers, as compiled code can call it."""
    made: Callable[[Any], Any] = register_jitable(**INNER)(bind(record.kernel, tier_of(key, record)))
    return made


def scalar_function(key: Key) -> Callable[[Any], Any]:
    """The function of a key, of one tuple of numbers, as compiled code can call it."""
    adapt = VARIANTS[key.variant].adapt
    adapted: Callable[[Any], Any] = register_jitable(**INNER)(adapt(bound(key, ACTIVATIONS[key.name])))
    return adapted


def scalar_ir(function: Callable[[Any], Any], kind: str, arguments: int) -> tuple[str, str]:
    """LLVM IR of the function for `arguments` numbers of a type ('float32', 'float64'), and its symbol.

    Numba's calling convention is ``i32 f(result*, exception**, numbers...)``; two results lie side by side.
    """
    signature = (types.UniTuple(getattr(types, kind), arguments),)
    dispatcher = njit(**INNER)(function)
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name
