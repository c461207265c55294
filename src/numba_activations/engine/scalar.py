"""A kernel as LLVM IR: the part of the work that Numba does."""

import types as python_types
from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import register_jitable

from .. import kernels
from ..kernels import primitives
from ..records import Activation, Approximation
from .lowering import STRICT
from .variants import Variant, bind

NUMBA = {"float": types.float32, "double": types.float64}


def _register_kernels() -> None:
    """Let compiled code call every plain function of the kernel modules."""
    modules = [m for m in vars(kernels).values() if isinstance(m, python_types.ModuleType)]
    modules.append(kernels.full.exp_full.__globals__)  # type: ignore[arg-type]
    seen = set()
    for module in modules:
        for value in list((module if isinstance(module, dict) else vars(module)).values()):
            if not isinstance(value, python_types.FunctionType) or value in seen:
                continue
            if value.__module__.startswith(kernels.__name__) and value.__module__ != primitives.__name__:
                seen.add(value)
                register_jitable(**STRICT)(value)


_register_kernels()


def scalar_function(record: Activation, tier: Approximation, variant: Variant) -> Callable[[Any], Any]:
    """A function of one tuple of numbers that compiled code can call."""
    bound = register_jitable(**STRICT)(bind(record, tier))
    adapted = variant.adapt(bound)
    return adapted if adapted is bound else register_jitable(**STRICT)(adapted)


def scalar_ir(function: Callable[[Any], Any], kind: str, arguments: int) -> tuple[str, str]:
    """LLVM IR of the function for `arguments` numbers of a kind ('float', 'double'), and its symbol.

    Numba's calling convention is ``i32 f(result*, exception**, numbers...)``; two results lie side by side.
    """
    signature = (types.UniTuple(NUMBA[kind], arguments),)
    dispatcher = njit(no_cpython_wrapper=True, **STRICT)(function)
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name
