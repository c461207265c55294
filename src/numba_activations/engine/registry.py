"""Every ufunc of a process, made when it is first asked for: from the cache, or compiled and then cached."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..kernels import full
from ..records import ACTIVATIONS, APPROXIMATIONS, Activation
from . import cache, objectcode
from .loops import STORAGES
from .numpy_api import make_ufunc
from .variants import VARIANTS

DEFAULT = full.__name__.rpartition(".")[2]
Key = tuple[str, str, str]  # tier, variant, activation

_ufuncs: dict[Key, np.ufunc] = {}
_publishing = threading.Lock()  # held while a ufunc is made of object code; never while anything is compiled
on_new_ufunc: list[Any] = []  # called with (ufunc, key): how the Numba extension hears of a ufunc


def _after_fork() -> None:
    global _publishing
    _publishing = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def qualified_name(key: Key) -> str:
    """Where the ufunc stands below the package: 'sigmoid', 'derivative.sigmoid', 'approx.u3.vjp.sigmoid'."""
    tier, variant, name = key
    prefix = "" if tier == DEFAULT else f"approx.{tier}."
    middle = "" if variant == "value" else f"{variant}."
    tail = ".ufunc" if ACTIVATIONS[name].parameters else ""
    return f"{prefix}{middle}{name}{tail}"


def _storages() -> dict[str, np.dtype]:
    """The dtypes that get a loop; bfloat16 where ml_dtypes is installed."""
    dtypes = {name: np.dtype(name) for name in STORAGES if name != "bfloat16"}
    with contextlib.suppress(ImportError):
        import ml_dtypes

        dtypes["bfloat16"] = np.dtype(ml_dtypes.bfloat16)
    return dtypes


@contextlib.contextmanager
def _compiling() -> Iterator[None]:
    """One thread compiles at a time: Numba's own lock, so that a compilation inside another cannot deadlock."""
    from numba.core.compiler_lock import global_compiler_lock

    with global_compiler_lock:
        yield


def ufunc(key: Key) -> np.ufunc:
    """The ufunc of a (tier, variant, activation). Compilation takes about a second the first time on a machine."""
    found = _ufuncs.get(key)
    if found is not None:
        return found
    tier, variant, name = key
    storages = _storages()
    entry = cache.key(*key, *storages)
    code = cache.load(entry)
    if code is not None:
        return _publish(key, code, storages)
    with _compiling():
        if key in _ufuncs:
            return _ufuncs[key]
        code = cache.load(entry)
        if code is None:
            code = objectcode.compile_loops(
                ACTIVATIONS[name], APPROXIMATIONS[tier], VARIANTS[variant], tuple(storages)
            )
            cache.store(entry, code)
        return _publish(key, code, storages)


def _publish(key: Key, code: bytes, storages: dict[str, np.dtype]) -> np.ufunc:
    with _publishing:
        if key in _ufuncs:
            return _ufuncs[key]
        tier, variant, name = key
        record, use = ACTIVATIONS[name], VARIANTS[variant]
        addresses = objectcode.load_loops(code, ".".join(key), tuple(storages))
        loops = {dtype: addresses[storage] for storage, dtype in storages.items()}
        path = qualified_name(key)
        inputs = use.leading + 1 + len(record.parameters)
        made = make_ufunc(path, documentation(key), inputs, use.outputs, loops)
        with contextlib.suppress(AttributeError):  # a ufunc has attributes of its own from NumPy 2.1 on
            made.__module__ = __name__.partition(".")[0]
            made.__qualname__ = path
        _ufuncs[key] = made
    if "numba" in sys.modules:
        from . import njit  # noqa: F401  (its import makes it listen)
    for listener in on_new_ufunc:
        listener(made, key)
    return made


def made() -> dict[Key, np.ufunc]:
    """The ufuncs that this process has so far."""
    return dict(_ufuncs)


def documentation(key: Key) -> str:
    """The docstring of a ufunc, from the rows."""
    tier, variant, name = key
    record, use, approximation = ACTIVATIONS[name], VARIANTS[variant], APPROXIMATIONS[tier]
    lines = [f"{use.meaning}, where f(x) = {record.formula}", ""]
    lines += ["Loops for float16 (computed in float32), float32 and float64, and bfloat16 where ml_dtypes is installed;"]
    lines += ["integers and booleans promote as in `numpy.exp`. Any memory layout, `out=`, `where=`.", ""]
    if tier == DEFAULT:
        lines += [_errors(record)]
    else:
        stated = ", ".join(f"{error} in {kind}" for kind, error in approximation.bounds.items())
        lines += [f"exp of tier {tier!r}: {approximation.method}. Its largest error: {stated}. {approximation.special}."]
    (plus, slope), (minus, other) = record.limits.plus, record.limits.minus
    lines += ["", f"f(inf) = {plus:g}, f'(inf) = {slope:g}, f(-inf) = {minus:g}, f'(-inf) = {other:g}; NaN gives NaN."]
    if record.note:
        lines += [record.note]
    return "\n".join(lines)


def _errors(record: Activation) -> str:
    stated = (f"{kind} {bound.value} and {bound.derivative}" for kind, bound in record.bounds.items())
    return "Largest error of value and derivative: " + "; ".join(stated) + "."
