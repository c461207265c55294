"""How the functions of other libraries, and of ours, are called when a variant of them is measured.

What can be done beforehand is done: conversion, compilation, the forward pass of a gradient. What is measured runs on
one thread, and writes into the memory of an earlier call where the library can.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import numba_activations as act
from numba_activations.analysis.peers import LIBRARIES, function, installed, peer

os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
)  # read by jax's import

Call = Callable[[], Any]


class NotOfferedError(Exception):
    """The library has the function, but not for this dtype, or no derivative of it."""


def torch_gradient(variant: str, function: Any, x: np.ndarray, g: np.ndarray) -> Call:
    """The backward pass alone, of a graph that is kept; for value_and_derivative both passes."""
    import torch

    leaf = torch.from_numpy(x.copy()).requires_grad_()
    seed = torch.from_numpy(g if variant == "vjp" else np.ones_like(x))

    def both() -> Any:
        y = function(leaf)
        return y.detach(), torch.autograd.grad(y, leaf, seed)[0]

    if variant == "value_and_derivative":
        both()
        return both
    y = function(leaf)
    return lambda: torch.autograd.grad(y, leaf, seed, retain_graph=True)[0]


def jax_gradient(variant: str, function: Any, x: np.ndarray, g: np.ndarray) -> Call:
    """A compiled gradient."""
    import jax

    gradient = {
        "derivative": lambda x, g: jax.vmap(jax.grad(function))(x),
        "value_and_derivative": lambda x, g: jax.vmap(jax.value_and_grad(function))(x),
        "vjp": lambda x, g: jax.vjp(function, x)[1](g)[0],
    }[variant]
    compiled = jax.jit(gradient)
    arguments = jax.numpy.asarray(x), jax.numpy.asarray(g)
    return lambda: jax.block_until_ready(compiled(*arguments))


# Functions along the last axis: ALONG_AXIS[name][library] takes the library's module and gives its function.
ALONG_AXIS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "glu": {"torch": lambda torch: torch.nn.functional.glu, "jax": lambda jax: jax.nn.glu},
    "log_softmax": {
        "torch": lambda torch: partial(torch.log_softmax, dim=-1),
        "jax": lambda jax: jax.nn.log_softmax,
        "scipy": lambda special: partial(special.log_softmax, axis=-1),
    },
    "logmeanexp": {"jax": lambda jax: partial(jax.nn.logmeanexp, axis=-1)},
    "logsumexp": {
        "torch": lambda torch: partial(torch.logsumexp, dim=-1),
        "jax": lambda jax: partial(jax.nn.logsumexp, axis=-1),
        "scipy": lambda special: partial(special.logsumexp, axis=-1),
    },
    "maxout": {
        "torch": lambda torch: lambda x, pieces: x.unflatten(-1, (-1, pieces)).amax(-1),
        "jax": lambda jax: lambda x, pieces: x.reshape(*x.shape[:-1], -1, pieces).max(-1),
    },
    "rms_norm": {"torch": lambda torch: lambda x: torch.nn.functional.rms_norm(x, x.shape[-1:], eps=1e-5)},
    "sigmoid_cross_entropy": {
        "torch": lambda torch: partial(torch.nn.functional.binary_cross_entropy_with_logits, reduction="none"),
    },
    "softmax": {
        "torch": lambda torch: partial(torch.softmax, dim=-1),
        "jax": lambda jax: jax.nn.softmax,
        "scipy": lambda special: partial(special.softmax, axis=-1),
    },
    "softmax_cross_entropy": {
        "torch": lambda torch: partial(torch.nn.functional.cross_entropy, reduction="none"),
    },
    "softmin": {"torch": lambda torch: partial(torch.nn.functional.softmin, dim=-1)},
    "standardize": {
        "torch": lambda torch: lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:]),
        "jax": lambda jax: partial(jax.nn.standardize, algorithm="stable"),
    },
}

GRADIENTS = {"torch": torch_gradient, "jax": jax_gradient}


def libraries(name: str, variant: str) -> tuple[str, ...]:
    """The installed libraries that offer a row in a variant."""
    offering = LIBRARIES if variant == "value" else GRADIENTS if variant != "parameter_derivative" else ()
    return tuple(lib for lib in installed() if lib in offering and function(lib, act.catalogue[name]) is not None)


def prepare(library: str, name: str, variant: str, x: np.ndarray, g: np.ndarray) -> Call:
    """The callable of a library that is to be measured; NotOfferedError where it turns out to have none."""
    record = act.catalogue[name]
    try:
        if variant == "value":
            call = peer(library, record)(x, np.empty_like(x))
            if (kind := np.asarray(call()).dtype) != x.dtype:
                raise NotOfferedError(f"gives {kind} for {x.dtype}")
        else:
            call = GRADIENTS[library](variant, function(library, record), x, g)
            call()
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:  # such as: not implemented for 'Half'
        raise NotOfferedError(str(error).splitlines()[0]) from error
    return call


def libraries_along_axis(name: str, variant: str) -> tuple[str, ...]:
    """The installed libraries that offer a function along an axis in a variant."""
    offering = LIBRARIES if variant == "value" else GRADIENTS if variant == "vjp" else ()
    return tuple(library for library in installed() if library in offering and library in ALONG_AXIS.get(name, {}))


def prepare_along_axis(
    library: str, name: str, variant: str, x: np.ndarray, rest: tuple[Any, ...], *g: np.ndarray, out: np.ndarray
) -> Call:
    """The callable of a library that is to be measured; NotOfferedError where it turns out to have none."""
    kind = LIBRARIES[library]
    function = ALONG_AXIS[name][library](kind.module())
    if library == "torch":
        rest = tuple(kind.module().from_numpy(r) if isinstance(r, np.ndarray) else r for r in rest)

    def of_x(x: Any, **into: Any) -> Any:
        return function(x, *rest, **into)

    try:
        call = GRADIENTS[library](variant, of_x, x, *g) if g else kind.prepare(of_x, x, out)
        call()
    except (NotImplementedError, RuntimeError) as error:
        raise NotOfferedError(str(error).splitlines()[0]) from error
    return call
