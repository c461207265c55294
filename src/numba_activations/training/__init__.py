"""The compiled backprop loop: networks of any element-wise activations of the catalogue, trained without Python.

`MLPClassifier` and `MLPRegressor` are used like scikit-learn's. Underneath, `Network`, `Parameters`, `initialise`,
`forward`, `loss_and_gradient` and `train_batches` are a functional core.

BLAS decides how many threads a matrix product takes; for layers of a few hundred units one is often the fastest
(``OPENBLAS_NUM_THREADS=1``, or threadpoolctl).

>>> from numba_activations.data import digits
>>> from numba_activations.training import Network, Solver, initialise, train_batches
>>> X, y = digits()
>>> parameters = initialise(Network.of((64, 32, 10), "sigmoid"), random_state=0)
>>> first, state = train_batches(parameters, X, y, solver=Solver("adam", learning_rate=0.01))
>>> second, state = train_batches(parameters, X, y, solver=Solver("adam", learning_rate=0.01), state=state)
>>> second < first
True
"""

from .compiled import Solver, State
from .core import Pass, forward, loss_and_gradient, train_batches
from .estimators import MLPClassifier, MLPRegressor
from .network import LayerActivation, Network, Parameters, initialise

__all__ = [
    "LayerActivation",
    "MLPClassifier",
    "MLPRegressor",
    "Network",
    "Parameters",
    "Pass",
    "Solver",
    "State",
    "forward",
    "initialise",
    "loss_and_gradient",
    "train_batches",
]
