"""The same networks trained by ours and other libraries: same batches, same optimiser, data in memory, one thread."""

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np

from numba_activations.data import digits
from numba_activations.training import MLPClassifier, Network, Solver, initialise
from numba_activations.training.compiled import Batches

Call = Callable[[], Any]
RATE = 0.01


class Training(NamedTuple):
    """A network and how it is trained: plain gradient descent on softmax cross-entropy."""

    sizes: tuple[int, ...]
    activation: str
    batch: int
    rows: int = 60_000

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.sizes))} {self.activation} batch {self.batch}"

    @property
    def steps(self) -> int:
        """Steps of one call: enough to pass by caches, few enough to repeat."""
        return 50

    def libraries(self) -> tuple[str, ...]:
        """Those that are installed and have the activation."""
        return tuple(name for name, offers in _LIBRARIES.items() if _installed(name) and offers(self.activation))


MNIST = (
    Training((784, 128, 10), "sigmoid", 64),
    Training((784, 32, 10), "relu", 32),
    Training((784, 256, 128, 10), "gelu", 128),
)
DIGITS = Training((64, 32, 10), "sigmoid", 32, rows=1797)
_SCIKIT_LEARN = {"sigmoid": "logistic", "relu": "relu", "tanh": "tanh"}
_LIBRARIES: dict[str, Callable[[str], bool]] = {
    "ours": lambda _: True,
    "estimator": lambda _: True,
    "products": lambda _: True,
    "torch": lambda _: True,
    "jax": lambda _: True,
    "sklearn": _SCIKIT_LEARN.__contains__,
}
_OURS = ("ours", "estimator", "products")


def _installed(library: str) -> bool:
    return library in _OURS or importlib.util.find_spec(library) is not None


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let every BLAS of the process use one thread."""
    import scipy.linalg  # noqa: F401  (only a library that is loaded can be limited)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


@cache
def data(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits, or numbers that take as long as MNIST's: no product asks what it multiplies."""
    if (columns, rows) == (64, 1797):
        return digits()
    generator = np.random.default_rng(0)
    return generator.random((rows, columns), np.float32), generator.integers(0, 10, rows)


def call(library: str, training: Training) -> Call:
    """A call that trains `training.steps` batches of rows in random order."""
    X, y = data(training.sizes[0], training.rows)
    return globals()[f"_{library}"](training, X, y)


def _ours(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    parameters = initialise(Network.of(training.sizes, training.activation), 0)
    unused = np.zeros((0, training.sizes[-1]), np.float32)
    batches = Batches(parameters, X, y, unused, training.batch, Solver("sgd", RATE, momentum=0.0))
    generator, count = np.random.default_rng(0), training.steps * training.batch

    def run() -> None:
        for _ in batches.run(generator.integers(0, len(X), count)):
            pass

    return run


def _estimator(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    """What users call: with checks of the data, in parts as large as the other calls."""
    model = MLPClassifier(
        training.sizes[1:-1], training.activation, solver="sgd", learning_rate_init=RATE, momentum=0.0, alpha=0.0,
        batch_size=training.batch, random_state=0,
    )  # fmt: skip
    return _parts(model, training, X, y)


def _sklearn(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        training.sizes[1:-1], _SCIKIT_LEARN[training.activation], solver="sgd", learning_rate_init=RATE, momentum=0.0,
        alpha=0.0, batch_size=training.batch, random_state=0,
    )  # fmt: skip
    return _parts(model, training, X, y)


def _parts(model: Any, training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    count = training.steps * training.batch
    starts = iter(range(0, 1 << 60, count))

    def run() -> None:
        start = next(starts) % max(1, len(X) - count)
        model.partial_fit(X[start : start + count], y[start : start + count], classes=np.arange(10))

    return run


def _torch(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    torch = importlib.import_module("torch")
    kinds = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "tanh": torch.nn.Tanh}
    layers: list[Any] = []
    for n, m in zip(training.sizes[:-1], training.sizes[1:], strict=True):
        layers += [torch.nn.Linear(n, m), kinds[training.activation]()]
    network, loss = torch.nn.Sequential(*layers[:-1]), torch.nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(network.parameters(), lr=RATE)
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)

    def run() -> None:
        order = torch.randint(len(X), (training.steps, training.batch))
        for rows in order:
            optimiser.zero_grad()
            loss(network(inputs[rows]), labels[rows]).backward()
            optimiser.step()

    return run


def _jax(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    jax = importlib.import_module("jax")
    function = {"gelu": lambda x: jax.nn.gelu(x, approximate=False)}.get(training.activation)
    function = function or getattr(jax.nn, training.activation)
    start = initialise(Network.of(training.sizes, training.activation), 0)
    parameters = [jax.numpy.asarray(a) for pair in zip(start.weights, start.biases, strict=True) for a in pair]
    inputs, labels = jax.numpy.asarray(X), jax.numpy.asarray(y.astype(np.int32))
    generator = np.random.default_rng(0)

    def loss(parameters: Any, x: Any, label: Any) -> Any:
        for k in range(0, len(parameters), 2):
            x = x @ parameters[k] + parameters[k + 1]
            x = function(x) if k + 2 < len(parameters) else x
        return -jax.numpy.take_along_axis(jax.nn.log_softmax(x), label[:, None], 1).mean()

    @jax.jit
    def steps(parameters: Any, order: Any) -> Any:
        def step(parameters: Any, rows: Any) -> Any:
            slopes = jax.grad(loss)(parameters, inputs[rows], labels[rows])
            return [p - RATE * s for p, s in zip(parameters, slopes, strict=True)], None

        return jax.lax.scan(step, parameters, order)[0]

    def run() -> None:
        nonlocal parameters
        order = generator.integers(0, len(X), (training.steps, training.batch), np.int32)
        parameters = jax.block_until_ready(steps(parameters, order))

    return run


@numba.njit
def _products_of(X, steps, batch, weights, slopes, values, deltas):
    """The matrix products of so many steps, and nothing else, on rows as they lie."""
    for k in range(steps):
        x = X[k * batch : (k + 1) * batch]
        np.dot(x, weights[0], values[0])
        for i in range(1, len(weights)):
            np.dot(values[i - 1], weights[i], values[i])
        for i in range(len(weights) - 1, 0, -1):
            np.dot(deltas[i], weights[i].T, deltas[i - 1])
            np.dot(values[i - 1].T, deltas[i], slopes[i])
        np.dot(x.T, deltas[0], slopes[0])


def _products(training: Training, X: np.ndarray, y: np.ndarray) -> Call:
    parameters = initialise(Network.of(training.sizes, "relu"), 0)
    weights = numba.typed.List(np.ascontiguousarray(w) for w in parameters.weights)
    slopes = numba.typed.List(np.zeros_like(w) for w in weights)
    values, deltas = (
        numba.typed.List(np.ones((training.batch, m), np.float32) for m in training.sizes[1:]) for _ in range(2)
    )
    count = training.steps * training.batch
    starts = iter(range(0, 1 << 60, count))

    def run() -> None:
        start = next(starts) % max(1, len(X) - count)
        _products_of(X[start : start + count], training.steps, training.batch, weights, slopes, values, deltas)

    return run
