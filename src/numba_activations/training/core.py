"""The functional core: what the estimators are made of, and what other engines can be."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from . import layout as at
from .compiled import ROWS, Batches, Solver, State, Workspace, functions
from .network import Array, Network, Parameters

_NO_LABELS = np.zeros(0, np.int64)


class Pass(NamedTuple):
    """What a forward pass leaves: one array per layer, rows by units.

    `activations` end with the outputs (logits, or the predictions of a squared error); `derivatives` are those of the
    hidden layers' activations.
    """

    activations: list[Array]
    derivatives: list[Array]


def _in_type_of(network: Network, values: Any, name: str) -> Array:
    try:
        with np.errstate(over="raise"):
            return np.asarray(values, network.dtype, order="C")
    except FloatingPointError:
        raise ValueError(f"{name} has numbers that are infinite in {network.dtype}, the type of the network") from None


def as_matrix(X: Any, network: Network) -> Array:
    """X as the compiled loop takes it: a contiguous matrix of the network's dtype. Copies only where it must.

    Raises
    ------
    ValueError
        If X is not a matrix with a column for each input, or a number overflows in the network's dtype.
    """
    matrix = _in_type_of(network, X, "X")
    if matrix.ndim != 2 or matrix.shape[1] != network.sizes[0]:
        raise ValueError(f"X has shape {matrix.shape}: it must be (rows, {network.sizes[0]})")
    return matrix


def as_targets(y: Any, network: Network, rows: int) -> tuple[Array, Array]:
    """(labels, targets) as the compiled loop takes them; the one that the loss does not use is empty.

    Raises
    ------
    ValueError
        If y has another length than X, another width than the network, labels or targets that the loss has not, or a
        number overflows in the network's dtype.
    """
    y, outputs = np.asarray(y), network.sizes[-1]
    if len(y) != rows:
        raise ValueError(f"y has {len(y)} rows, X has {rows}")
    if network.loss == "cross_entropy":
        if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
            raise ValueError(f"y is {y.dtype} of shape {y.shape}: cross_entropy takes a vector of integer labels")
        if rows and not 0 <= y.min() <= y.max() < outputs:
            raise ValueError(f"y has labels from {y.min()} to {y.max()}: they must lie in 0 .. {outputs - 1}")
        return np.ascontiguousarray(y, np.int64), np.zeros((0, outputs), network.dtype)
    targets = _in_type_of(network, y.reshape(rows, -1), "y")
    if targets.shape[1] != outputs:
        raise ValueError(f"y has shape {y.shape}: it must be ({rows}, {outputs})")
    if network.loss == "binary_cross_entropy" and not np.all((targets == 0) | (targets == 1)):
        raise ValueError("y has values other than 0 and 1, which binary_cross_entropy takes")
    return _NO_LABELS, targets


def prepare(network: Network) -> None:
    """Compile, or load, everything that a network needs: what would else be part of its first batch."""
    functions(network.dtype)
    Workspace(network, 1)


def forward(parameters: Parameters, X: Any) -> Pass:
    """Activations and derivatives of every layer.

    Parameters
    ----------
    parameters : Parameters
        Of the network.
    X : array_like, shape (rows, inputs)
        Its inputs.

    Returns
    -------
    Pass
        Activations of each layer, the outputs last, and derivatives of the hidden layers.

    Examples
    --------
    >>> import numpy as np
    >>> from numba_activations.training import Network, forward, initialise
    >>> parameters = initialise(Network.of((2, 3, 1), "tanh", "squared_error"), random_state=0)
    >>> [a.shape for a in forward(parameters, np.zeros((5, 2))).activations]
    [(5, 3), (5, 1)]
    """
    network = parameters.network
    X = as_matrix(X, network)
    work = Workspace(network, len(X))
    work.forward(X, parameters)
    layers = range(len(network.layers))
    return Pass(
        [work.view(k, at.VALUES, len(X)) for k in layers], [work.view(k, at.SLOPES, len(X)) for k in layers[:-1]]
    )


def outputs(parameters: Parameters, X: Array) -> Array:
    """The last layer's outputs alone, computed some rows at a time; X is as `as_matrix` gives it."""
    network = parameters.network
    result = np.empty((len(X), network.sizes[-1]), network.dtype)
    if len(X):
        work = Workspace(network, min(ROWS, len(X)))
        for start in range(0, len(X), ROWS):
            rows = X[start : start + ROWS]
            work.forward(rows, parameters)
            result[start : start + ROWS] = work.view(-1, at.VALUES, len(rows))
    return result


def loss_and_gradient(parameters: Parameters, X: Any, y: Any) -> tuple[float, Parameters]:
    """The loss and its gradient, summed over the rows: results for parts of the data add up to that for the whole.

    Parameters
    ----------
    parameters : Parameters
        Of the network.
    X : array_like, shape (rows, inputs)
        Inputs.
    y : array_like
        Labels 0, 1, ... for 'cross_entropy', a matrix (rows, outputs) for the other losses.

    Returns
    -------
    loss : float
        Sum over the rows, without a penalty.
    gradient : Parameters
        In the same shape as the parameters; `gradient.vector` is what adds up.

    Examples
    --------
    >>> from numba_activations.data import digits
    >>> from numba_activations.training import Network, initialise, loss_and_gradient
    >>> X, y = digits()
    >>> parameters = initialise(Network.of((64, 32, 10), "tanh"), random_state=0)
    >>> loss, gradient = loss_and_gradient(parameters, X, y)
    >>> [w.shape for w in gradient.weights]
    [(64, 32), (32, 10)]
    """
    X = as_matrix(X, parameters.network)
    if len(X) == 0:
        return 0.0, Parameters(parameters.network)
    batches = Batches(parameters, X, *as_targets(y, parameters.network, len(X)), ROWS)
    for _ in batches.run():
        pass
    return batches.loss, batches.gradient


def train_batches(
    parameters: Parameters,
    X: Any,
    y: Any,
    *,
    solver: Solver | None = None,
    batch_size: int = 32,
    state: State | None = None,
    order: Sequence[int] | Array | None = None,
) -> tuple[float, State]:
    """Change the parameters, in place, by one pass over the rows; the last batch may be a smaller one.

    Parameters
    ----------
    parameters : Parameters
        Of the network.
    X, y : array_like
        As for `loss_and_gradient`.
    solver : Solver, optional
        How gradients, averaged over a batch, change the parameters.
    batch_size : int, optional
        Rows of a batch.
    state : State, optional
        What the solver remembers of earlier calls; changed in place.
    order : sequence of int, optional
        The rows to take, in this order; by default all, in their own.

    Returns
    -------
    loss : float
        Sum over the rows, each before its batch changed the parameters.
    state : State
        For the next call.

    Raises
    ------
    ValueError
        If the data do not fit the network, the state is of other parameters, the parameters are read-only, or
        `batch_size` or `order` are out of range.
    """
    network = parameters.network
    X = as_matrix(X, network)
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}: it must be at least 1")
    if order is not None:
        order = np.asarray(order)
        if order.ndim != 1 or (order.size and order.dtype.kind not in "iu"):
            raise ValueError(f"order is {order.dtype} of shape {order.shape}: it must be a vector of row numbers")
        order = np.ascontiguousarray(order, np.int64)
        if order.size and not 0 <= order.min() <= order.max() < len(X):
            raise ValueError(f"order has rows from {order.min()} to {order.max()}: they must lie in 0 .. {len(X) - 1}")
    state = state or State.of(parameters)
    if len(X) == 0:
        return 0.0, state
    batches = Batches(parameters, X, *as_targets(y, network, len(X)), batch_size, solver or Solver(), state)
    for _ in batches.run(order):
        pass
    return batches.loss, state
