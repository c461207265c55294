"""Other libraries' versions of our functions, where the library is installed, called at their best on one thread.

`function` finds what a library has for a row of the catalogue: by the row's name or an alias, or in `PEERS`, the table
of what goes by neither. `peer` sets its value up for an input and an output array: `prepare(x, out)() -> result`.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records import ACTIVATIONS, Activation
from .accuracy import NUMPY

__all__ = ["LIBRARIES", "PEERS", "function", "installed", "one_thread", "peer"]

Array = NDArray[Any]
Call = Callable[[], Any]
Prepare = Callable[[Array, Array], Call]


def _defaults(name: str) -> tuple[float, ...]:
    return tuple(ACTIVATIONS[name].parameters.values())


# PEERS[name][library] takes the library's module and gives its function of one array, numexpr's expression, or None.
PEERS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "elu": {"numexpr": lambda _: "where(x > 0, x, expm1(x))"},
    "gelu": {"jax": lambda jax: partial(jax.nn.gelu, approximate=False)},
    "gelu_tanh": {
        "torch": lambda torch: partial(torch.nn.functional.gelu, approximate="tanh"),
        "jax": lambda jax: partial(jax.nn.gelu, approximate=True),
    },
    "hard_tanh": {"numpy": lambda np: partial(np.clip, a_min=-1.0, a_max=1.0)},
    "identity": {  # a formula and XLA return x itself: only a copy is comparable
        "numpy": lambda np: np.positive,
        "jax": lambda _: None,
    },
    "leaky_relu": {"numpy": lambda np: lambda x: np.where(x > 0, x, x * _defaults("leaky_relu")[0])},
    "log_sigmoid": {"numexpr": lambda _: "where(x < 0, x, 0) - log1p(exp(-abs(x)))"},
    "prelu": {
        "torch": lambda torch: lambda x: torch.prelu(x, torch.full((1,), *_defaults("prelu"), dtype=x.dtype)),
        "jax": lambda jax: lambda x: jax.nn.leaky_relu(x, *_defaults("prelu")),
    },
    "relu": {"numpy": lambda np: partial(np.maximum, 0.0), "numexpr": lambda _: "where(x > 0, x, 0)"},
    "relu6": {"numpy": lambda np: partial(np.clip, a_min=0.0, a_max=6.0)},
    "sigmoid": {"numexpr": lambda _: "1 / (1 + exp(-x))"},
    "silu": {"numexpr": lambda _: "x / (1 + exp(-x))"},
    "softplus": {"numpy": lambda np: partial(np.logaddexp, 0.0)},
    "softsign": {"numexpr": lambda _: "x / (1 + abs(x))"},
    "squared_relu": {"torch": lambda torch: lambda x: torch.relu(x).square()},
    "tanh_shrink": {"numexpr": lambda _: "x - tanh(x)"},
    "threshold": {"torch": lambda torch: lambda x: torch.threshold(x, *_defaults("threshold"))},
}


class _NumPy:
    """Ufuncs, and where there is none what people write: the plain formula."""

    @staticmethod
    def module() -> Any:
        return np

    @staticmethod
    def find(record: Activation) -> Any:
        return _named(record, _is_ufunc, np) or _formula(record)

    @staticmethod
    def prepare(function: Callable[..., Any], x: Array, out: Array) -> Call:
        return _into(function, x, out)


class _SciPy(_NumPy):
    """The ufuncs of scipy.special."""

    @staticmethod
    def module() -> Any:
        import scipy.special

        return scipy.special

    @staticmethod
    def find(record: Activation) -> Any:
        return _named(record, _is_ufunc, _SciPy.module())


class _NumExpr:
    """Expressions for its virtual machine, which works through an array in blocks."""

    @staticmethod
    def module() -> Any:
        import numexpr

        return numexpr

    @staticmethod
    def find(record: Activation) -> Any:
        known = _NumExpr.module().expressions.functions
        return next((f"{name}(x)" for name in _names(record) if name in known), None)

    @staticmethod
    def prepare(function: str, x: Array, out: Array) -> Call:
        return partial(_NumExpr.module().evaluate, function, {"x": x}, out=out)


class _Torch:
    """Eager PyTorch."""

    @staticmethod
    def module() -> Any:
        import torch

        return torch

    @staticmethod
    def find(record: Activation) -> Any:
        import torch

        # torch._C._nn has those that torch.nn.functional wraps in Python: they take out=
        return _named(record, _Torch._takes, torch._C._nn, torch, torch.special, torch.nn.functional)

    @staticmethod
    def _takes(function: Callable[..., Any]) -> bool:
        import torch

        x = torch.full((4,), 0.5)
        with contextlib.suppress(AttributeError, RuntimeError, TypeError):
            return bool(function(x).shape == x.shape)
        return False

    @staticmethod
    def prepare(function: Callable[..., Any], x: Array, out: Array) -> Call:
        import torch

        return _into(function, torch.from_numpy(x.copy()), torch.from_numpy(out))


class _Jax:
    """Functions that XLA compiles."""

    @staticmethod
    def module() -> Any:
        import jax
        import jax.scipy.special

        return jax

    @staticmethod
    def find(record: Activation) -> Any:
        jax = _Jax.module()
        return _named(record, _Jax._takes, jax.nn, jax.numpy, jax.scipy.special)

    @staticmethod
    def _takes(function: Callable[..., Any]) -> bool:
        jax = _Jax.module()
        x = jax.ShapeDtypeStruct((4,), np.float32)
        with contextlib.suppress(AttributeError, TypeError):
            return bool(jax.eval_shape(function, x).shape == x.shape)
        return False

    @staticmethod
    def prepare(function: Callable[..., Any], x: Array, out: Array) -> Call:
        jax = _Jax.module()
        compiled, given = jax.jit(function), jax.numpy.asarray(x)
        return lambda: compiled(given).block_until_ready()


LIBRARIES: dict[str, Any] = {"numpy": _NumPy, "scipy": _SciPy, "numexpr": _NumExpr, "torch": _Torch, "jax": _Jax}


def _names(record: Activation) -> tuple[str, ...]:
    return record.name, *record.aliases


def _named(record: Activation, takes: Callable[[Any], bool], *namespaces: Any) -> Any:
    """The first function that has one of the record's names and takes one array; torch's `linear` does not."""
    found = (getattr(space, name, None) for name in _names(record) for space in namespaces)
    return next((f for f in found if callable(f) and takes(f)), None)


def _is_ufunc(function: Any) -> bool:
    return isinstance(function, np.ufunc) and function.nin == 1


def _formula(record: Activation) -> Any:
    """The formula of a row for arrays of NumPy, or None where it takes none or makes float64 of float32."""
    formula = partial(record.exact, NUMPY, **record.parameters)
    with contextlib.suppress(AttributeError, ImportError, TypeError, ValueError):
        x = np.array([0.25, 0.75], np.float32)
        result = formula(x)
        return formula if (np.shape(result), result.dtype) == (x.shape, x.dtype) else None
    return None


def _into(function: Callable[..., Any], x: Any, out: Any) -> Call:
    """The call of a function into `out`, if it takes one."""
    try:
        function(x, out=out)
    except TypeError:
        return partial(function, x)
    return partial(function, x, out=out)


def installed() -> tuple[str, ...]:
    """The libraries that can be imported here."""
    return tuple(name for name in LIBRARIES if find_spec(name) is not None)


@functools.cache
def _found(library: str, name: str) -> Any:
    kind = LIBRARIES[library]
    if entry := PEERS.get(name, {}).get(library):
        return entry(kind.module())
    return kind.find(ACTIVATIONS[name])


def function(library: str, record: Activation) -> Any:
    """A library's function for a row, as it is to be called on one array of the library, or None where it has none.

    Raises
    ------
    ValueError
        If the library is none of those that we know.
    """
    if library not in LIBRARIES:
        raise ValueError(f"there is no library {library!r}: there are {', '.join(LIBRARIES)}")
    return _found(library, record.name)


def peer(library: str, record: Activation) -> Prepare | None:
    """A library's version of an activation, or None where it has none; errors as of `function`."""
    found = function(library, record)
    return None if found is None else partial(LIBRARIES[library].prepare, found)


@contextlib.contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables of the environment as long as the context lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def one_thread(*libraries: str) -> Iterator[None]:
    """Let libraries compute with one thread each, and jax in float64 too, as long as the context lasts.

    JAX has as many threads as when it was first used; if that is here, one for good.
    """
    with contextlib.ExitStack() as undo:
        if "numexpr" in libraries:
            import numexpr

            undo.callback(numexpr.set_num_threads, numexpr.set_num_threads(1))
        if "torch" in libraries:
            import torch

            undo.callback(torch.set_num_threads, torch.get_num_threads())
            torch.set_num_threads(1)
        if "jax" in libraries:
            import jax

            with _environment(NPROC="1"):  # where XLA's client is made, that is the number of its threads
                jax.local_devices(backend="cpu")
            undo.callback(jax.config.update, "jax_enable_x64", jax.config.jax_enable_x64)
            jax.config.update("jax_enable_x64", True)
        yield
