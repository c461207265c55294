"""The functional core of training: gradients, update rules, and what adds up."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest
from processes import run

import numba_activations as act
from numba_activations.analysis import peers
from numba_activations.data import digits
from numba_activations.training import (
    Network,
    Parameters,
    Solver,
    State,
    forward,
    initialise,
    loss_and_gradient,
    train_batches,
)
from numba_activations.training.blas import gemm_address

pytest.importorskip("scipy")

LOSSES = ("cross_entropy", "binary_cross_entropy", "squared_error")


def problem(network: Network, rows: int = 7, seed: int = 0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(rows, network.sizes[0]))
    if network.loss == "cross_entropy":
        return X, generator.integers(0, network.sizes[-1], rows)
    if network.loss == "binary_cross_entropy":
        return X, generator.integers(0, 2, (rows, network.sizes[-1])).astype(float)
    return X, generator.normal(size=(rows, network.sizes[-1]))


def central_differences(parameters: Parameters, X, y) -> np.ndarray:
    """The gradient, up to the third power of the step."""
    step = 1e-5
    result = np.empty_like(parameters.vector)
    for k in range(result.size):
        ends = []
        for sign in (1, -1):
            moved = parameters.copy()
            moved.vector[k] += sign * step
            ends.append(loss_and_gradient(moved, X, y)[0])
        result[k] = (ends[0] - ends[1]) / (2 * step)
    return result


def points_of(name: str, count: int) -> np.ndarray:
    """Numbers on both sides of 0 as far as the activation is defined there, none of them near a kink."""
    candidates = np.linspace(-2.4, 2.4, 49)
    value, derivative = getattr(act.value_and_derivative, name)(candidates)
    good = np.isfinite(value) & np.isfinite(derivative)
    for kink in act.catalogue[name].kinks:
        good &= np.abs(candidates - kink) > 0.1
    candidates = candidates[good]
    return candidates[np.linspace(0, len(candidates) - 1, count).astype(int)]


@pytest.mark.parametrize("name", act.catalogue)
def test_gradient_is_that_of_the_loss_for_every_activation(name):
    parameters, X, y = settled(name)
    gradient = loss_and_gradient(parameters, X, y)[1]
    np.testing.assert_allclose(gradient.vector, central_differences(parameters, X, y), rtol=1e-6, atol=1e-8)


def in_catalogue_of(library: str) -> list[str]:
    """The activations that an installed library has too."""
    if library not in peers.installed():
        return []
    return [name for name, record in act.catalogue.items() if peers.function(library, record) is not None]


def settled(name: str) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """Parameters of a network, and data, that keep every activation's arguments at `points_of` and near."""
    network = Network.of((3, 4, 5, 2), name, "squared_error", np.float64)
    parameters = initialise(network, 1, "glorot")
    for k in range(2):
        parameters.biases[k][:] = points_of(name, len(parameters.biases[k]))
        parameters.weights[k] *= 0.02
    return parameters, *problem(network)


@pytest.mark.parametrize("name", in_catalogue_of("torch"))
def test_gradient_is_torchs(name):
    import torch

    parameters, X, y = settled(name)
    function = peers.function("torch", act.catalogue[name])
    leaves = [
        torch.tensor(a, requires_grad=True)
        for pair in zip(parameters.weights, parameters.biases, strict=True)
        for a in pair
    ]
    x = torch.from_numpy(X)
    for k in range(0, len(leaves), 2):
        x = x @ leaves[k] + leaves[k + 1]
        x = function(x) if k + 2 < len(leaves) else x
    loss = ((x - torch.from_numpy(y)) ** 2).sum() / 2
    expected = torch.cat([g.ravel() for g in torch.autograd.grad(loss, leaves)]).numpy()
    found, gradient = loss_and_gradient(parameters, X, y)
    assert found == pytest.approx(loss.item(), rel=1e-8)
    np.testing.assert_allclose(gradient.vector, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("name", in_catalogue_of("jax"))
def test_gradient_is_jaxs(name):
    import jax

    parameters, X, y = settled(name)
    function = peers.function("jax", act.catalogue[name])

    def loss(leaves):
        x = X
        for k in range(0, len(leaves), 2):
            x = x @ leaves[k] + leaves[k + 1]
            x = function(x) if k + 2 < len(leaves) else x
        return ((x - y) ** 2).sum() / 2

    with peers.one_thread("jax"):  # which lets it compute in float64
        leaves = [
            jax.numpy.asarray(a) for pair in zip(parameters.weights, parameters.biases, strict=True) for a in pair
        ]
        value, gradients = jax.value_and_grad(loss)(leaves)
        expected = np.concatenate([np.ravel(g) for g in gradients])
    found, gradient = loss_and_gradient(parameters, X, y)
    assert found == pytest.approx(float(value), rel=1e-8)
    np.testing.assert_allclose(gradient.vector, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_is_that_of_the_loss_for_every_loss(loss):
    network = Network.of((3, 4, 3), "tanh", loss, np.float64)
    parameters = initialise(network, 1)
    X, y = problem(network)
    gradient = loss_and_gradient(parameters, X, y)[1]
    np.testing.assert_allclose(gradient.vector, central_differences(parameters, X, y), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_and_gradients_of_parts_add_up(loss, dtype):
    network = Network.of((5, 8, 3), "sigmoid", loss, dtype)
    parameters = initialise(network, 0)
    X, y = problem(network, 700)
    whole, gradient = loss_and_gradient(parameters, X, y)
    parts = [loss_and_gradient(parameters, X[k], y[k]) for k in (slice(0, 1), slice(1, 300), slice(300, None))]
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(sum(p[0] for p in parts), whole, rtol=tolerance)
    np.testing.assert_allclose(
        sum(p[1].vector for p in parts), gradient.vector, rtol=tolerance, atol=tolerance * np.abs(gradient.vector).max()
    )


def test_the_tails_of_cross_entropy_are_exact():
    """Where softmax rounds to 1, loss and gradient are those of the other classes, and neither is 0."""
    network = Network.of((1, 3), (), "cross_entropy", np.float64)
    parameters = Parameters(network)
    parameters.weights[0][:] = [[0.0, -50.0, -60.0]]
    loss, gradient = loss_and_gradient(parameters, [[1.0]], [0])
    others = np.exp(-50.0) + np.exp(-60.0)
    assert loss == pytest.approx(others, rel=1e-14)
    assert gradient.biases[0] == pytest.approx([-others, np.exp(-50.0), np.exp(-60.0)], rel=1e-14)


def test_the_tails_of_binary_cross_entropy_are_exact():
    network = Network.of((1, 1), (), "binary_cross_entropy", np.float64)
    parameters = Parameters(network)
    parameters.biases[0][:] = 50.0
    loss, gradient = loss_and_gradient(parameters, [[1.0]], [[1.0]])
    assert loss == pytest.approx(np.exp(-50.0), rel=1e-14)
    assert gradient.biases[0] == pytest.approx([-np.exp(-50.0)], rel=1e-14)


def test_forward_gives_what_the_ufuncs_give():
    X, _ = digits()
    parameters = initialise(Network.of((64, 30, 20, 10), ("sigmoid", "leaky_relu(0.2)")), 0)
    result = forward(parameters, X)
    w, b = parameters.weights, parameters.biases
    first, slope = act.value_and_derivative.sigmoid(X @ w[0] + b[0])
    np.testing.assert_allclose(result.activations[0], first, rtol=1e-5)
    np.testing.assert_allclose(result.derivatives[0], slope, rtol=1e-4)
    second = act.leaky_relu(first @ w[1] + b[1], 0.2)
    np.testing.assert_allclose(result.activations[1], second, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(result.activations[2], second @ w[2] + b[2], rtol=1e-4, atol=1e-5)


def one_step(solver: Solver, w, g, first, second, t):
    """The update rules as their authors state them."""
    rate = solver.learning_rate
    if solver.name == "sgd":
        first = solver.momentum * first - rate * g
        return w + (solver.momentum * first - rate * g if solver.nesterov else first), first, second
    second = solver.beta_2 * second + (1 - solver.beta_2) * g**2
    if solver.name == "rmsprop":
        return w - rate * g / (np.sqrt(second) + solver.epsilon), first, second
    first = solver.beta_1 * first + (1 - solver.beta_1) * g
    rate *= np.sqrt(1 - solver.beta_2**t) / (1 - solver.beta_1**t)
    return w - rate * first / (np.sqrt(second) + solver.epsilon), first, second


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "solver",
    [
        Solver("sgd", 0.1, momentum=0.0, l2=0.1),
        Solver("sgd", 0.1, momentum=0.8, nesterov=False, l2=0.1),
        Solver("sgd", 0.1, momentum=0.8, nesterov=True, l2=0.1),
        Solver("adam", 0.02, beta_1=0.8, beta_2=0.95, l2=0.1),
        Solver("rmsprop", 0.02, beta_2=0.9, l2=0.1),
    ],
    ids=lambda s: f"{s.name}-{s.momentum}-{s.nesterov}",
)
def test_update_rules(solver, dtype):
    """Epochs of two whole batches and one incomplete batch, in an order with gaps, against the rules in plain NumPy."""
    network = Network.of((6, 5, 3), "tanh", "cross_entropy", dtype)
    parameters, state = initialise(network, 0), None
    X, y = problem(network, 40)
    order = np.random.default_rng(5).permutation(40)[:21]
    expected = Parameters(Network.of((6, 5, 3), "tanh", "cross_entropy", np.float64), parameters.vector.astype(float))
    decays = np.concatenate([np.r_[np.ones(n * m), np.zeros(m)] for n, m in network.layers])
    first, second, t = 0.0, 0.0, 0
    for _ in range(3):
        loss, state = train_batches(parameters, X, y, solver=solver, batch_size=8, state=state, order=order)
        wanted = 0.0
        for rows in (order[:8], order[8:16], order[16:]):
            part, gradient = loss_and_gradient(expected, X[rows], y[rows])
            wanted, t = wanted + part, t + 1
            g = (gradient.vector + solver.l2 * decays * expected.vector) / len(rows)
            expected.vector[:], first, second = one_step(solver, expected.vector, g, first, second, t)
        tolerance = 1e-4 if dtype == np.float32 else 1e-11
        assert loss == pytest.approx(wanted, rel=tolerance)
        np.testing.assert_allclose(parameters.vector, expected.vector, rtol=tolerance, atol=tolerance)
    assert state.updates[0] == 9


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (np.arange(8).reshape(4, 2), r"int64 of shape \(4, 2\): it must be a vector"),
        (np.ones(8, bool), "order is bool"),
        ([0.9, 1.9], "order is float64"),
        ([0, 8], "rows from 0 to 8: they must lie in 0 .. 7"),
    ],
)
def test_an_order_is_a_vector_of_rows(order, message):
    parameters = initialise(Network.of((4, 3), loss="squared_error"), 0)
    with pytest.raises(ValueError, match=message):
        train_batches(parameters, np.zeros((8, 4)), np.zeros((8, 3)), order=order)


@pytest.mark.parametrize("wrong", [{"learning_rate": math.nan}, {"beta_1": 1.0}, {"beta_2": -0.1}], ids=str)
def test_a_solver_refuses_numbers_that_lead_nowhere(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is .*: it must be at least 0 and less than"):
        Solver(**wrong)


def test_rows_in_their_own_order_give_the_same_bits_as_gathered_ones():
    network = Network.of((64, 16, 10), "sigmoid")
    X, y = digits()
    results = []
    for order in (None, np.arange(len(X))):
        parameters = initialise(network, 0)
        train_batches(parameters, X, y, order=order)
        results.append(parameters.vector)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((4, 0, 2),), r"sizes are \(4, 0, 2\)"),
        (((4,),), "sizes are"),
        (((4, 3, 2), "sigmod"), "did you mean sigmoid"),
        (((4, 3, 2), "u9.sigmoid"), "there is no tier 'u9'"),
        (((4, 3, 2), "schraudolph.relu"), "does not use exp"),
        (((4, 3, 2), "leaky_relu(slope=1)"), "has negative_slope, not 'slope'"),
        (((4, 3, 2), "leaky_relu(negative_slope=x)"), "'x' is not a number"),
        (((4, 3, 2), "sigmoid(1)"), "no parameters"),
        (((4, 3, 2), "hard_tanh(1, -1)"), "needs min_val <= max_val"),
        (((4, 3, 2), ("relu", "relu")), "2 activations for 1 hidden layers"),
        (((4, 3, 2), "relu", "hinge"), "loss is 'hinge'"),
        (((4, 3, 2), "relu", "cross_entropy", np.float16), "dtype is float16"),
    ],
)
def test_a_wrong_network_is_an_error_that_says_why(arguments, message):
    with pytest.raises(ValueError, match=message):
        Network.of(*arguments)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((3, 5)), [0, 1, 0], r"X has shape \(3, 5\): it must be \(rows, 4\)"),
        (np.zeros((3, 4)), [0, 1], "y has 2 rows, X has 3"),
        (np.zeros((3, 4)), [0, 1, 2], "labels from 0 to 2"),
        (np.zeros((3, 4)), [0.0, 1.0, 1.0], "integer labels"),
    ],
)
def test_wrong_data_are_an_error_that_says_why(X, y, message):
    parameters = initialise(Network.of((4, 3, 2), "sigmoid"))
    with pytest.raises(ValueError, match=message):
        loss_and_gradient(parameters, X, y)


def test_memory_that_compiled_code_may_not_write_to_is_refused():
    network, other = Network.of((4, 5, 3)), Network.of((4, 50, 3))
    parameters, data = initialise(network, 0), problem(network)
    for state in (State.of(initialise(other)), State.of(initialise(Network.of((4, 5, 3), dtype=np.float64)))):
        with pytest.raises(ValueError, match=r"state.first is .*: these parameters need a writeable float32 vector"):
            train_batches(parameters, *data, state=state)
    before = parameters.vector.copy()
    parameters.vector.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        train_batches(parameters, *data)
    np.testing.assert_array_equal(parameters.vector, before)
    with pytest.raises(ValueError, match="strides of 8 bytes: it must be contiguous"):
        Parameters(network, np.zeros(2 * network.count, np.float32)[::2])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_that_forks_while_the_loop_is_loaded_trains():
    code = """
        import os, threading, warnings
        import numpy as np
        from numba_activations.training import Network, compiled, initialise, loss_and_gradient
        held, done = threading.Event(), threading.Event()

        def hold():
            with compiled._loading:
                held.set()
                done.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait()
        warnings.simplefilter("ignore")  # a process with threads forks: that is what is tested
        child = os.fork()
        if child == 0:
            loss_and_gradient(initialise(Network.of((2, 3, 2)), 0), np.zeros((1, 2)), [1])
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        done.set()
    """
    assert run(code) == ["7"]


def test_threads_that_begin_at_once_load_the_loop_once():
    program = """
import threading
from numba_activations.data import digits
from numba_activations.training import Network, initialise, loss_and_gradient
X, y = digits()
parameters = initialise(Network.of((64, 8, 10), "sigmoid"), 0)
results, barrier = [], threading.Barrier(4)
def work():
    barrier.wait()
    results.append(loss_and_gradient(parameters, X, y)[0])
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(results) == 4 and len(set(results)) == 1, results
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    gemm_address.cache_clear()
    with pytest.raises(ImportError, match=r"pip install 'numba-activations\[train\]'"):
        gemm_address(np.dtype(np.float32))
