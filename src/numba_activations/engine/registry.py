"""Every function of a process, made when it is first asked for: a ufunc from object code, cached or compiled."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..records import ACTIVATIONS, APPROXIMATIONS
from . import cache, objectcode, schedules
from .documentation import documentation
from .keys import Key
from .listening import listen
from .locks import Lock
from .loops import STORAGES, by_computation, loop_ir
from .numpy_api import make_ufunc
from .parametric import parametric
from .variants import VARIANTS

_functions: dict[Key, Any] = {}
_loops: dict[Key, dict[np.dtype, int]] = {}
_publishing = Lock()  # held while a ufunc is made of object code; never while anything is compiled
USUAL = ".usual"  # what the name of a loop that has the defaults of the parameters built in ends with
on_new_function: list[Callable[[Any, Key], None]] = []  # called with each: how the Numba extension hears of it


def function(key: Key) -> Any:
    """The ufunc of a key, or where the activation has parameters the function that holds it.

    It is compiled, which takes about a second, if no process of this user has done so before.
    """
    found = _functions.get(key)
    if found is not None:
        return found
    storages = _storages(key)
    return _publish(key, objectcode.obtain(_entry(key, storages), lambda: _compile(key, storages)), storages)


def cached(key: Key) -> bool:
    """Whether nothing needs to be compiled for a function: it is here, or its code is in the cache."""
    return key in _functions or cache.load(_entry(key, _storages(key))) is not None


def loop_address(key: Key, dtype: np.dtype) -> int:
    """Where the inner loop of a function lies that computes a dtype: what other compiled code may call."""
    function(key)
    loops = _loops[key]
    if dtype not in loops:
        raise TypeError(f"{key.path} has no {dtype} loop: it has {', '.join(map(str, loops))}")
    return loops[dtype]


def functions() -> dict[Key, Any]:
    """What this process has so far."""
    return dict(_functions)


def _entry(key: Key, storages: Iterable[str]) -> str:
    return cache.key(key.tier, key.variant, key.name, *storages)


def _storages(key: Key) -> dict[str, np.dtype]:
    """The dtypes that get a loop: those that the tier computes; bfloat16 where ml_dtypes is installed."""
    computed = APPROXIMATIONS[key.tier].bounds
    dtypes = {name: np.dtype(name) for name, s in STORAGES.items() if s.computed_as in computed and name != "bfloat16"}
    with contextlib.suppress(ImportError):
        import ml_dtypes

        dtypes["bfloat16"] = np.dtype(ml_dtypes.bfloat16)
    return dtypes


def _operands(key: Key) -> tuple[int, int, int]:
    """Numbers of inputs, of outputs, and of parameters among the inputs."""
    variant, parameters = VARIANTS[key.variant], len(ACTIVATIONS[key.name].parameters)
    return variant.leading + 1 + parameters, variant.outputs, parameters


def _exports(key: Key, storages: Iterable[str]) -> list[str]:
    """What the loops are called: with parameters there are some that take them, and some with the defaults built in."""
    usual = [storage + USUAL for storage in storages] if ACTIVATIONS[key.name].parameters else []
    return [*storages, *usual]


def _compile(key: Key, storages: dict[str, np.dtype]) -> list[bytes]:
    from .scalar import scalar_function, scalar_ir

    inputs, outputs, parameters = _operands(key)
    kernel = scalar_function(key)
    codes = []
    for kind, names in by_computation(storages).items():
        text, symbol = scalar_ir(kernel, kind, inputs)
        texts = [text]
        for name in names:
            texts.append(loop_ir(name, symbol, STORAGES[name], inputs, outputs, parameters))
            if parameters:
                defaults = tuple(float(storages[name].type(p)) for p in ACTIVATIONS[key.name].parameters.values())
                texts.append(loop_ir(name + USUAL, symbol, STORAGES[name], inputs - parameters, outputs, 0, defaults))
        loop = kind + USUAL if parameters else kind
        codes.append(schedules.build(texts, _exports(key, names), loop, kind, inputs - parameters, outputs))
    return codes


def _publish(key: Key, codes: list[bytes], storages: dict[str, np.dtype]) -> Any:
    listen("njit")
    with _publishing:
        if key in _functions:
            return _functions[key]
        addresses = objectcode.load(codes, ".".join(key), _exports(key, storages))
        inputs, outputs, parameters = _operands(key)
        _loops[key] = {dtype: addresses[storage] for storage, dtype in storages.items()}

        def ufunc(path: str, inputs: int, loops: dict[np.dtype, int]) -> np.ufunc:
            made = make_ufunc(path, documentation(key), inputs, outputs, loops)
            with contextlib.suppress(AttributeError):  # a ufunc has attributes of its own from NumPy 2.1 on
                made.__module__ = __name__.partition(".")[0]
                made.__qualname__ = path  # type: ignore[misc]  # NumPy's stubs call it read-only
            return made

        if parameters:
            usual = {dtype: addresses[storage + USUAL] for storage, dtype in storages.items()}
            _functions[key] = parametric(
                ufunc(f"{key.path}.ufunc", inputs, _loops[key]),
                ufunc(f"{key.path}.usual", inputs - parameters, usual),
                key,
            )
        else:
            _functions[key] = ufunc(key.path, inputs, _loops[key])
    for listener in on_new_function:
        listener(_functions[key], key)
    return _functions[key]
