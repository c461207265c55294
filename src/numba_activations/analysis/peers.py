"""Other libraries' versions of our functions, found by name or alias where the library is installed.

Each finds, for a row of the catalogue, a function that sets itself up for an input and an output array and returns the
call that is to be measured: `prepare(x, out)() -> result`. One thread each.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records import Activation
from .accuracy import NUMPY

__all__ = ["LIBRARIES", "installed", "one_thread", "peer"]

Array = NDArray[Any]
Call = Callable[[], Any]
Prepare = Callable[[Array, Array], Call]


def _named(record: Activation, *namespaces: Any) -> Any:
    """The first function of one of the record's names."""
    found = (getattr(space, n, None) for n in (record.name, *record.aliases) for space in namespaces)
    return next((f for f in found if callable(f)), None)


def _numpy(record: Activation) -> Prepare:
    """NumPy's own ufunc, or where it has none what people write: the plain formula."""
    ufunc = _named(record, np)
    if isinstance(ufunc, np.ufunc):
        return lambda x, out: lambda: ufunc(x, out=out)
    parameters = record.parameters
    return lambda x, out: lambda: record.exact(NUMPY, x, **parameters)


def _scipy(record: Activation) -> Prepare | None:
    import scipy.special

    ufunc = _named(record, scipy.special)
    if not isinstance(ufunc, np.ufunc) or ufunc.nin != 1:
        return None
    return lambda x, out: lambda: ufunc(x, out=out)


def _numexpr(record: Activation) -> Prepare | None:
    import numexpr

    name = next((n for n in (record.name, *record.aliases) if n in numexpr.expressions.functions), None)
    if name is None:
        return None
    return lambda x, out: lambda: numexpr.evaluate(f"{name}(x)", {"x": x}, out=out)


def _torch(record: Activation) -> Prepare | None:
    import torch

    function = _named(record, torch, torch.special, torch.nn.functional)
    if record.name == "gelu_tanh":  # an option there
        function = partial(torch.nn.functional.gelu, approximate="tanh")
    if function is None:
        return None

    def prepare(x: Array, out: Array) -> Call:
        given, result = torch.from_numpy(x.copy()), torch.from_numpy(out)
        try:
            function(given, out=result)
        except TypeError:  # no out=
            return lambda: function(given)
        return lambda: function(given, out=result)

    return prepare


def _jax(record: Activation) -> Prepare | None:
    import jax
    import jax.scipy.special

    function = _named(record, jax.nn, jax.numpy, jax.scipy.special)
    if record.name in ("gelu", "gelu_tanh"):  # an option there, on by default
        function = partial(jax.nn.gelu, approximate=record.name == "gelu_tanh")
    if function is None:
        return None
    compiled = jax.jit(function)

    def prepare(x: Array, out: Array) -> Call:
        given = jax.numpy.asarray(x)
        return lambda: compiled(given).block_until_ready()

    return prepare


LIBRARIES: dict[str, Callable[[Activation], Prepare | None]] = {
    "numpy": _numpy,
    "scipy": _scipy,
    "numexpr": _numexpr,
    "torch": _torch,
    "jax": _jax,
}


def installed() -> tuple[str, ...]:
    """The libraries that can be imported here."""
    return tuple(name for name in LIBRARIES if find_spec(name) is not None)


def peer(library: str, record: Activation) -> Prepare | None:
    """A library's version of an activation, or None where it has none.

    Raises
    ------
    ValueError
        If the library is none of those that we know.
    """
    if library not in LIBRARIES:
        raise ValueError(f"there is no library {library!r}: there are {', '.join(LIBRARIES)}")
    return LIBRARIES[library](record)


@contextlib.contextmanager
def one_thread(*libraries: str) -> Iterator[None]:
    """Let libraries compute with one thread each, and jax in float64 too, as long as the context lasts."""
    with contextlib.ExitStack() as undo:
        if "numexpr" in libraries:
            import numexpr

            undo.callback(numexpr.set_num_threads, numexpr.set_num_threads(1))
        if "torch" in libraries:
            import torch

            undo.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
        if "jax" in libraries:
            import jax  # computes element-wise functions with one thread as it is

            undo.callback(jax.config.update, "jax_enable_x64", jax.config.jax_enable_x64)
            jax.config.update("jax_enable_x64", True)
        yield
