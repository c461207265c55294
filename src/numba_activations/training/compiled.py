"""The compiled loop as Python calls it: its object code, the memory it works in, the tables that tell it what to do."""

import ctypes
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine import cache, objectcode, registry
from ..engine.keys import DEFAULT, Key
from ..engine.locks import Lock
from . import layout as at
from .blas import gemm_address
from .network import Array, Network, Parameters

_loading = Lock()  # a process can load code of a name only once
_SECONDS = 0.03  # of work in one compiled call: Ctrl-C is heard after it
ROWS = 256  # of a batch where the size is ours to choose


def functions(dtype: np.dtype) -> dict[str, Callable[..., None]]:
    """The functions of the loop for float32 or float64; they take arrays and integers."""
    with _loading:
        return _functions(dtype)


@functools.cache
def _functions(dtype: np.dtype) -> dict[str, Callable[..., None]]:
    names = ("forward", "train")
    sources = [Path(__file__).with_name(name).read_text("utf-8") for name in ("loop.py", "layout.py")]
    codes = objectcode.obtain(cache.key("training", dtype.name, *sources), lambda: _compile(dtype.name))
    addresses = objectcode.load(codes, f"training.{dtype.name}", names)
    return {name: _callable(addresses[name]) for name in names}


def _compile(kind: str) -> list[bytes]:
    import llvmlite.binding as llvm

    from .loop import compiled_ir, entry_points

    texts = []
    for name, (function, signature) in entry_points(kind).items():
        text, symbol = compiled_ir(function, signature)
        module = llvm.parse_assembly(text)
        for part in module.functions:
            if part.name == symbol:
                part.name = name
            elif not part.is_declaration:
                part.linkage = "internal"  # each module has helpers of its own, of the same names
        texts.append(str(module))
    return [objectcode.build(texts, tuple(entry_points(kind)))]


def _callable(address: int) -> Callable[..., None]:
    """Numba's convention: a place for the result, one for an exception, then the arguments, arrays field by field."""
    function = ctypes.CFUNCTYPE(ctypes.c_int)(address)
    unused = (ctypes.c_void_p * 2)()
    places = ctypes.byref(unused), ctypes.byref(unused, ctypes.sizeof(ctypes.c_void_p))  # which keep it alive

    def call(*arguments: Array | int) -> None:
        fields: list[int] = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                fields += [
                    0,
                    0,
                    argument.size,
                    argument.itemsize,
                    argument.ctypes.data,
                    *argument.shape,
                    *argument.strides,
                ]
            else:
                fields.append(argument)
        function(*places, *(ctypes.c_int64(field) for field in fields))

    return call


class Workspace:
    """Memory for what a batch leaves behind on its way through a network, and the tables that describe both.

    Parameters
    ----------
    network : Network
        The network.
    rows : int
        Of the largest batch.
    """

    def __init__(self, network: Network, rows: int) -> None:
        dtype = network.dtype
        hidden, last = network.sizes[1:-1], network.sizes[-1]
        self.network, self.rows = network, rows
        self.buffer = np.zeros(rows * (2 * sum(hidden) + last + 2 * max(hidden, default=0)), dtype)
        self.layers = np.zeros((len(network.layers), at.LAYER_COLUMNS), np.int64)
        self.counts = np.zeros(1, np.int64)
        self._kept: list[Array] = []  # what the tables point to
        parameter, start, slopes = 0, 0, rows * (sum(hidden) + last)
        deltas = [slopes + rows * (sum(hidden) + k * max(hidden, default=0)) for k in range(2)]
        for k, (layer, (n, m)) in enumerate(zip(self.layers, network.layers, strict=True)):
            layer[[at.INPUTS, at.OUTPUTS, at.WEIGHTS, at.BIAS]] = n, m, parameter, parameter + n * m
            layer[[at.VALUES, at.SLOPES, at.DELTAS]] = start, slopes, deltas[k % 2]
            parameter, start, slopes = parameter + (n + 1) * m, start + rows * m, slopes + rows * m
        self.layers[-1, at.DELTAS] = self.layers[
            -1, at.VALUES
        ]  # the loss leaves its derivative in its argument's place
        for layer, activation in zip(self.layers, network.activations, strict=False):
            values, slopes = (self.buffer.ctypes.data + int(layer[k]) * dtype.itemsize for k in (at.VALUES, at.SLOPES))
            layer[at.LOOP] = registry.loop_address(activation.key, dtype)
            layer[at.ARGUMENTS], layer[at.STEPS] = self._operands(values, activation.parameters, values, slopes)
        logits = self.buffer.ctypes.data + int(self.layers[-1, at.VALUES]) * dtype.itemsize
        exp = registry.loop_address(Key(DEFAULT, "value", "exp"), dtype)
        self.pointers = np.array([gemm_address(dtype), exp, *self._operands(logits, (), logits)], np.int64)

    def _operands(self, source: int, parameters: tuple[float, ...], *results: int) -> tuple[int, int]:
        """Addresses of a ufunc's operands and of their steps."""
        size, numbers = self.network.dtype.itemsize, np.array(parameters, self.network.dtype)
        addresses = [source, *(numbers.ctypes.data + k * size for k in range(len(numbers))), *results]
        steps = [size, *(0 for _ in numbers), *(size for _ in results)]
        tables = [np.array(table, np.int64) for table in (addresses, steps)]
        self._kept += [numbers, *tables]
        return tables[0].ctypes.data, tables[1].ctypes.data

    def view(self, layer: int, column: int, rows: int) -> Array:
        """Activations (VALUES), derivatives (SLOPES) or deltas (DELTAS) of a layer for the rows of the last batch."""
        start, width = int(self.layers[layer, column]), int(self.layers[layer, at.OUTPUTS])
        return self.buffer[start : start + rows * width].reshape(rows, width)

    def forward(self, X: Array, parameters: Parameters) -> None:
        """Pass rows of X, contiguous and of the network's dtype, through the network."""
        functions(self.network.dtype)["forward"](
            X.reshape(-1), len(X), parameters.vector, self.buffer, self.layers, self.counts, self.pointers
        )


@dataclass(frozen=True, slots=True)
class Solver:
    """How gradients change parameters.

    Attributes
    ----------
    name : {'sgd', 'adam', 'rmsprop'}
        The method. RMSprop's decay is `beta_2`.
    learning_rate, momentum, beta_1, beta_2, epsilon : float
        Its numbers.
    nesterov : bool
        Whether the momentum of 'sgd' is Nesterov's.
    l2 : float
        Strength of the penalty l2 / 2 |weights|^2, which a batch of n rows divides by n.

    Raises
    ------
    ValueError
        If there is no such method, or a rate or decay is out of range.
    """

    name: str = "sgd"
    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    l2: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in at.SOLVERS:
            raise ValueError(f"solver is {self.name!r}: it must be one of {', '.join(at.SOLVERS)}")
        for name, below in (("learning_rate", np.inf), ("beta_1", 1), ("beta_2", 1), ("epsilon", np.inf)):
            if not 0 <= getattr(self, name) < below:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be at least 0 and less than {below}")


@dataclass(slots=True)
class State:
    """What a solver remembers: two moments of each parameter, and in `updates[0]` the number of updates so far."""

    first: Array
    second: Array
    updates: Array

    @classmethod
    def of(cls, parameters: Parameters) -> "State":
        """The state before the first update."""
        return cls(np.zeros_like(parameters.vector), np.zeros_like(parameters.vector), np.zeros(1, np.int64))

    def check(self, parameters: Parameters) -> None:
        """Whether compiled code may change it with these parameters: ValueError if it is of another network."""
        like = parameters.vector
        expected = {"first": like, "second": like, "updates": np.zeros(1, np.int64)}
        for name, wanted in expected.items():
            found = getattr(self, name)
            if found.dtype != wanted.dtype or found.shape != wanted.shape or not found.flags.carray:
                raise ValueError(
                    f"state.{name} is {found.dtype} of shape {found.shape}: these parameters need a writeable "
                    f"{wanted.dtype} vector of shape {wanted.shape}, as State.of makes it"
                )


class Batches:
    """One pass over rows of X, batch by batch, in any order; nothing is allocated from one to the next.

    Parameters
    ----------
    parameters : Parameters
        What changes, or stays as it is where there is no solver.
    X : ndarray
        Contiguous, of the network's dtype.
    labels, targets : ndarray
        int64 labels for cross-entropy; a matrix like X for the other losses. The one that is not used is empty.
    size : int
        Rows of a batch.
    solver : Solver, optional
        How the parameters change; without one, gradients add up in `gradient`.
    state : State, optional
        What the solver remembers.

    Raises
    ------
    ValueError
        If the state is not one of these parameters, or they are to be changed and are read-only.

    Attributes
    ----------
    position : int
        How many rows of the pass are done. Moved, like `loss`, by the compiled code itself: an interruption of Python
        at any moment leaves it in step with the parameters.
    loss : float
        Sum over these rows, each before its batch changed the parameters.
    """

    def __init__(
        self,
        parameters: Parameters,
        X: Array,
        labels: Array,
        targets: Array,
        size: int,
        solver: Solver | None = None,
        state: State | None = None,
    ) -> None:
        network = parameters.network
        self._parameters, self._data = parameters, (X.reshape(-1), labels, targets)
        self._rows, self._size = len(X), min(size, len(X))
        self._state = state or State.of(parameters)
        self._state.check(parameters)
        if solver is not None and not parameters.vector.flags.writeable:
            raise ValueError("the parameters cannot be trained: their vector is read-only")
        self.gradient = Parameters(network)
        self._workspace = Workspace(network, self._size)
        self._gathered = np.zeros(self._size * network.sizes[0], network.dtype)
        self._settings, self._plan = np.zeros(at.SETTINGS), np.zeros(at.PLAN, np.int64)
        self._plan[[at.LOSS, at.BATCH]] = at.LOSSES[network.loss], self._size
        self.change(solver)

    def change(self, solver: Solver | None) -> None:
        """Go on with another solver, or with other numbers for it."""
        if solver is not None:
            s = solver
            self._plan[[at.SOLVER, at.NESTEROV]] = at.SOLVERS[s.name], s.nesterov
            self._settings[[at.LEARNING_RATE, at.L2, at.MOMENTUM]] = s.learning_rate, s.l2, s.momentum
            self._settings[[at.BETA_1, at.BETA_2, at.EPSILON]] = s.beta_1, s.beta_2, s.epsilon

    @property
    def position(self) -> int:
        """Rows of the pass that are done."""
        return int(self._plan[at.POSITION])

    @property
    def loss(self) -> float:
        """Sum of the loss over the rows that are done."""
        return float(self._settings[at.TOTAL_LOSS])

    def run(self, order: Array | None = None, position: int = 0, loss: float = 0.0) -> Iterator[int]:
        """Take the rows in an order, by default their own, from a position on; `loss` is that of the rows before.

        Yields the position after each compiled call, which takes some 30 ms.
        """
        self._plan[[at.GATHER, at.POSITION]] = order is not None, position
        self._settings[at.TOTAL_LOSS] = loss
        return self._calls(np.arange(self._rows) if order is None else order)

    def _calls(self, order: Array) -> Iterator[int]:
        work, state, plan = self._workspace, self._state, self._plan
        train = functions(work.network.dtype)["train"]
        batches = 1
        while self.position < len(order):
            begun = time.perf_counter()
            plan[at.STOP] = min(self.position + batches * self._size, len(order))
            train(
                *self._data, order, self._parameters.vector, self.gradient.vector, state.first, state.second,
                state.updates, self._gathered, work.buffer, work.layers, work.counts, work.pointers, plan,
                self._settings,
            )  # fmt: skip
            batches = max(1, min(2 * batches, int(batches * _SECONDS / (time.perf_counter() - begun))))
            yield self.position
