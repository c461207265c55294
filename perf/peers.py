"""What we are measured against, and how each library is called at its best.

A library's function for a row is found by the row's name or aliases; `PEERS[name][library]` is the table of those that
are not: it takes the library's module and gives the function of one array, or numexpr's expression. Where NumPy has no
ufunc, the naive formula (`exact` of the row, with NumPy for `m`) is measured.

Each library prepares a variant: it does all that can be done beforehand - conversion, compilation, the forward pass of
a gradient - and gives the callable that is measured, on one thread and into the memory of an earlier call where the
library can. The callable gives the result, for value_and_derivative both.
"""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

import numba_activations as act
from numba_activations.analysis.accuracy import NUMPY

Call = Callable[[], Any]
Function = Callable[..., Any]

PEERS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "elu": {"numexpr": lambda _: "where(x > 0, x, expm1(x))"},
    "exp": {"numexpr": lambda _: "exp(x)"},
    "expm1": {"numexpr": lambda _: "expm1(x)"},
    "gelu": {"jax": lambda jax: functools.partial(jax.nn.gelu, approximate=False)},
    "gelu_tanh": {
        "torch": lambda torch: functools.partial(torch.nn.functional.gelu, approximate="tanh"),
        "jax": lambda jax: functools.partial(jax.nn.gelu, approximate=True),
    },
    "log1p": {"numexpr": lambda _: "log1p(x)"},
    "log_sigmoid": {"numexpr": lambda _: "where(x < 0, x, 0) - log1p(exp(-abs(x)))"},
    "prelu": {
        "torch": lambda torch: lambda x: torch.prelu(x, torch.full((1,), *defaults("prelu"), dtype=x.dtype)),
        "jax": lambda jax: lambda x: jax.nn.leaky_relu(x, *defaults("prelu")),
    },
    "relu": {
        "numpy": lambda np: functools.partial(np.maximum, 0.0),
        "numexpr": lambda _: "where(x > 0, x, 0)",
    },
    "sigmoid": {"numexpr": lambda _: "1 / (1 + exp(-x))"},
    "silu": {"numexpr": lambda _: "x / (1 + exp(-x))"},
    "softplus": {"numpy": lambda np: functools.partial(np.logaddexp, 0.0)},
    "softsign": {"numexpr": lambda _: "x / (1 + abs(x))"},
    "squared_relu": {"torch": lambda torch: lambda x: torch.relu(x).square()},
    "tanh": {"numexpr": lambda _: "tanh(x)"},
    "tanh_shrink": {"numexpr": lambda _: "x - tanh(x)"},
    "threshold": {"torch": lambda torch: lambda x: torch.threshold(x, *defaults("threshold"))},
}


def defaults(name: str) -> tuple[float, ...]:
    """The parameters of a row."""
    return tuple(act.catalogue[name].parameters.values())


class NotOfferedError(Exception):
    """The library has the function, but not for this dtype, or no derivative of it."""


class NumPy:
    """Ufuncs of NumPy, and the naive formula of a row."""

    variants = ("value",)

    @staticmethod
    def table() -> tuple[Any, tuple[Any, ...]]:
        return np, (np,)

    @staticmethod
    def takes(function: Function) -> bool:
        return isinstance(function, np.ufunc) and function.nin == 1

    @staticmethod
    def prepare(variant: str, function: Function, x: np.ndarray, g: np.ndarray) -> Call:
        out = np.empty_like(x)
        try:
            function(x, out=out)
        except TypeError:  # a formula has no out=
            return functools.partial(function, x)
        return functools.partial(function, x, out=out)


class SciPy(NumPy):
    """The ufuncs of scipy.special."""

    @staticmethod
    def table() -> tuple[Any, tuple[Any, ...]]:
        import scipy.special

        return scipy.special, (scipy.special,)


class NumExpr:
    """Its virtual machine, which works through an expression in blocks."""

    variants = ("value",)

    @staticmethod
    def table() -> tuple[Any, tuple[Any, ...]]:
        import numexpr

        return numexpr, ()

    @staticmethod
    def prepare(variant: str, expression: str, x: np.ndarray, g: np.ndarray) -> Call:
        import numexpr

        if x.dtype == np.float16:
            raise NotOfferedError("numexpr computes no float16")
        numexpr.set_num_threads(1)
        names, out = {"x": x}, np.empty_like(x)
        return functools.partial(numexpr.evaluate, expression, names, out=out)


class Torch:
    """Eager PyTorch; a derivative is the backward pass alone, of a graph that is kept."""

    variants = ("value", "derivative", "value_and_derivative", "vjp")

    @staticmethod
    def table() -> tuple[Any, tuple[Any, ...]]:
        import torch

        torch.set_num_threads(1)
        # torch._C._nn first: the functions that torch.nn.functional wraps, which take out=
        return torch, (torch._C._nn, torch, torch.special, torch.nn.functional)

    @staticmethod
    def takes(function: Function) -> bool:
        import torch

        x = torch.full((4,), 0.5)
        try:
            return function(x).shape == x.shape
        except (AttributeError, RuntimeError, TypeError):
            return False

    @staticmethod
    def prepare(variant: str, function: Function, x: np.ndarray, g: np.ndarray) -> Call:
        import torch

        leaf = torch.from_numpy(x.copy()).requires_grad_(variant != "value")
        seed = torch.from_numpy(g if variant == "vjp" else np.ones_like(x))

        def both() -> Any:
            y = function(leaf)
            return y.detach(), torch.autograd.grad(y, leaf, seed)[0]

        try:
            if variant == "value":
                return Torch._value(function, leaf)
            both()
        except RuntimeError as error:  # '"..." not implemented for 'Half'', or nothing that requires a gradient
            raise NotOfferedError(str(error).splitlines()[0]) from error
        if variant == "value_and_derivative":
            return both
        y = function(leaf)
        return lambda: torch.autograd.grad(y, leaf, seed, retain_graph=True)[0]

    @staticmethod
    def _value(function: Function, x: Any) -> Call:
        import torch

        out = torch.empty_like(x)
        try:
            function(x, out=out)
        except TypeError:
            function(x)
            return functools.partial(function, x)
        return functools.partial(function, x, out=out)


class Jax:
    """Compiled by XLA for the shape at hand."""

    variants = Torch.variants

    @staticmethod
    def table() -> tuple[Any, tuple[Any, ...]]:
        import jax
        import jax.scipy.special

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        return jax, (jax.nn, jax.numpy, jax.scipy.special)

    @staticmethod
    def takes(function: Function) -> bool:
        import jax

        x = jax.ShapeDtypeStruct((4,), np.float32)
        try:
            return jax.eval_shape(function, x).shape == x.shape
        except (AttributeError, TypeError):
            return False

    @staticmethod
    def prepare(variant: str, function: Function, x: np.ndarray, g: np.ndarray) -> Call:
        import jax

        call = {
            "value": lambda x, g: function(x),
            "derivative": lambda x, g: jax.vmap(jax.grad(function))(x),
            "value_and_derivative": lambda x, g: jax.vmap(jax.value_and_grad(function))(x),
            "vjp": lambda x, g: jax.vjp(function, x)[1](g)[0],
        }[variant]
        arguments = jax.numpy.asarray(x), jax.numpy.asarray(g)
        compiled = jax.jit(call)
        compiled(*arguments)
        return lambda: jax.block_until_ready(compiled(*arguments))


LIBRARIES = {"torch": Torch, "jax": Jax, "numpy": NumPy, "scipy": SciPy, "numexpr": NumExpr}


@functools.cache
def function(library: str, name: str) -> Any:
    """A library's function for a row, or None where it has none or is not installed."""
    if importlib.util.find_spec(library) is None:
        return None
    module, spaces = LIBRARIES[library].table()
    if entry := PEERS.get(name, {}).get(library):
        return entry(module)
    record = act.catalogue[name]
    for called in (record.name, *record.aliases):
        for space in spaces:
            found = getattr(space, called, None)
            if callable(found) and LIBRARIES[library].takes(found):
                return found
    return _naive(name) if library == "numpy" else None


def _naive(name: str) -> Function | None:
    """The formula of a row as one writes it in NumPy, or None where it takes no arrays."""
    record = act.catalogue[name]
    formula = functools.partial(record.exact, NUMPY, **record.parameters)
    try:
        return formula if np.shape(formula(np.array([0.25, 0.75]))) == (2,) else None
    except (AttributeError, TypeError, ValueError):
        return None


def libraries(name: str, variant: str) -> tuple[str, ...]:
    """The installed libraries that offer a row in a variant."""
    return tuple(
        library
        for library, kind in LIBRARIES.items()
        if variant in kind.variants and function(library, name) is not None
    )


def prepare(library: str, name: str, variant: str, x: np.ndarray, g: np.ndarray) -> Call:
    """The callable of a library that is to be measured; NotOfferedError where it turns out to have none."""
    return LIBRARIES[library].prepare(variant, function(library, name), x, g)
