"""Multi-layer perceptrons with the parameters, methods and attributes of scikit-learn's.

But `fit` takes no sample weights, X is dense, and the loss follows from the targets.
"""

import contextlib
import inspect
import math
import numbers
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from ..engine import along_axis, registry
from ..engine.keys import DEFAULT, Key
from . import storage, validation
from .compiled import Batches, Solver, State
from .core import as_matrix, as_targets, loss_and_gradient, outputs
from .layout import SOLVERS
from .network import INITIALISATIONS, Array, Network, Parameters, initialise
from .progress import Progress

Callback = Callable[[int, Any], object]


def _flag(x: Any) -> bool:
    return isinstance(x, bool | np.bool_)


def _real(x: Any) -> bool:
    return isinstance(x, numbers.Real) and not _flag(x)


def _positive(x: Any) -> bool:
    return _real(x) and bool(0 < x < math.inf)


def _not_negative(x: Any) -> bool:
    return _real(x) and bool(0 <= x < math.inf)


def _below_one(x: Any) -> bool:
    return _real(x) and bool(0 <= x < 1)


def _count(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not _flag(x) and bool(x >= 1)


# What a parameter must be, in words and as a test. `fit` checks: scikit-learn's rule is that __init__ does not.
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "hidden_layer_sizes": (
        "an integer > 0 or a sequence of them",
        lambda x: _count(x) or (isinstance(x, Sequence | np.ndarray) and all(map(_count, x))),
    ),
    "solver": (f"one of {', '.join(SOLVERS)}, lbfgs", lambda x: x in (*SOLVERS, "lbfgs")),
    "alpha": ("a number >= 0", _not_negative),
    "batch_size": ("'auto' or an integer > 0", lambda x: x == "auto" or _count(x)),
    "learning_rate": (
        "'constant', 'invscaling' or 'adaptive'",
        lambda x: x in ("constant", "invscaling", "adaptive"),
    ),
    "learning_rate_init": ("a number > 0", _positive),
    "power_t": ("a number >= 0", _not_negative),
    "max_iter": ("an integer > 0", _count),
    "shuffle": ("True or False", _flag),
    "tol": ("a number >= 0", _not_negative),
    "warm_start": ("True or False", _flag),
    "momentum": ("a number in [0, 1]", lambda x: _real(x) and 0 <= x <= 1),
    "nesterovs_momentum": ("True or False", _flag),
    "early_stopping": ("True or False", _flag),
    "validation_fraction": ("a number in (0, 1)", lambda x: _below_one(x) and x > 0),
    "beta_1": ("a number in [0, 1)", _below_one),
    "beta_2": ("a number in [0, 1)", _below_one),
    "epsilon": ("a number > 0", _positive),
    "n_iter_no_change": ("an integer > 0, or infinity", lambda x: _count(x) or x == math.inf),
    "max_fun": ("an integer > 0", _count),
    "initialisation": (f"one of {', '.join(INITIALISATIONS)}", lambda x: x in INITIALISATIONS),
}


def _generator(random_state: Any) -> np.random.Generator:
    """A generator from what scikit-learn calls a random_state, or from a generator, which then moves on."""
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(0, 2**32, 4, np.uint64))
    if random_state is np.random:  # scikit-learn's word for the global generator
        return np.random.default_rng(np.random.randint(0, 2**32, 4, np.uint64))  # noqa: NPY002
    return np.random.default_rng(random_state)


class MultiLayerPerceptron:
    """What classifier and regressor have in common."""

    _kind: ClassVar[str]

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Sequence[str] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        initialisation: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.initialisation = initialisation

    # What scikit-learn expects of an estimator. It is not inherited from there: its import takes a second.

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters of the constructor by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters of the constructor."""
        names = self._names()
        for name, value in params.items():
            if name not in names:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {sorted(names)!r}."
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {k: v for k, v in self.get_params().items() if repr(v) != repr(defaults[k].default)}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_parameters")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        classifier = self._kind == "classifier"
        return Tags(
            estimator_type=self._kind,
            target_tags=TargetTags(required=True, multi_output=True),
            classifier_tags=ClassifierTags(multi_label=True) if classifier else None,
            regressor_tags=None if classifier else RegressorTags(),
            input_tags=InputTags(),
        )

    # What has been learnt.

    @property
    def _fitted(self) -> Parameters:
        """The parameters that predict: the best where early stopping kept them, else the last."""
        if not hasattr(self, "_parameters"):
            raise validation.known(validation.NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before "
                "using this estimator."
            )
        best: Parameters | None = self._best
        return self._parameters if best is None else best

    @property
    def coefs_(self) -> list[Array]:
        """Weights of each layer: views, inputs by outputs."""
        return self._fitted.weights

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of each layer: views."""
        return self._fitted.biases

    # Training.

    def _check_parameters(self) -> None:
        for name, value in self.get_params().items():
            text, holds = _RULES.get(name, ("", lambda _: True))
            if not holds(value):
                raise ValueError(
                    f"The {name!r} parameter of {type(self).__name__} must be {text}. Got {value!r} instead."
                )

    def _check_rows(self, X: Any, reset: bool) -> Array:
        name, columns = type(self).__name__, validation.feature_names(X)
        if not reset:
            validation.check_names(columns, getattr(self, "feature_names_in_", None), name)
        array = validation.check_matrix(X, name)
        if reset:
            self.n_features_in_ = array.shape[1]
            if columns is not None:
                self.feature_names_in_ = columns
            else:
                vars(self).pop("feature_names_in_", None)
        elif array.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {array.shape[1]} features, but {name} is expecting {self.n_features_in_} features as input."
            )
        return array

    def _encode(self, y: Array, classes: Array | None) -> tuple[Array, int, str]:
        """What the loss takes, the number of outputs, and the loss; of a classifier whose classes may be known."""
        raise NotImplementedError

    def _check_y(self, y: Any) -> Array:
        raise NotImplementedError

    def _score(self, X: Array, y: Array) -> float:
        """The score of rows as the training has them."""
        raise NotImplementedError

    @contextlib.contextmanager
    def _unchanged_if_refused(self) -> Iterator[None]:
        """Leave the estimator as it was where data or parameters are refused: it may be fitted."""
        before = dict(vars(self))
        try:
            yield
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def _prepare(self, X: Any, y: Any, reset: bool, announced: Array | None = None) -> tuple[Array, Array]:
        """Check and encode the data, and make the network where it is new, perhaps with classes that y lacks."""
        self._check_parameters()
        X, y = self._check_rows(X, reset), self._check_y(y)
        validation.check_length(X, y)
        encoded, outputs, loss = self._encode(y, announced if reset else getattr(self, "classes_", None))
        if reset:
            hidden = self.hidden_layer_sizes
            sizes = (X.shape[1], *([hidden] if isinstance(hidden, int | np.integer) else hidden), outputs)
            network = Network.of(sizes, self.activation, loss, X.dtype)
            self._generator = _generator(self.random_state)
            self._parameters = initialise(network, self._generator, self.initialisation)
            self._best: Parameters | None = None
            self._validation: Array | None = None
            self._no_improvement, self.t_, self.n_iter_ = 0, 0, 0
            self.loss_, self.best_loss_ = math.inf, math.inf
            self.loss_curve_: list[float] = []
            self.validation_scores_: list[float] | None = None
            self.best_validation_score_: float | None = None
            self.n_layers_, self.n_outputs_ = len(sizes), outputs
            self.out_activation_ = {"cross_entropy": "softmax", "binary_cross_entropy": "logistic"}.get(
                loss, "identity"
            )
            self._restart()
        X = as_matrix(X, self._parameters.network)
        as_targets(encoded, self._parameters.network, len(X))  # refuses, as nothing has been changed yet
        return X, encoded

    def _keep_best(self) -> None:
        """Go on with the weights that predict, and forget which rows they were chosen by."""
        self._parameters, self._best, self._validation = self._fitted, None, None

    def _restart(self) -> None:
        """Forget what belongs to the solver and to the epoch that was under way."""
        self._state = State.of(self._parameters)
        self._rate = float(self.learning_rate_init)
        self._position, self._partial = 0, 0.0

    def fit(self, X: Any, y: Any, *, callback: Callback | None = None) -> Self:
        """Train on all rows of X.

        Parameters
        ----------
        X : array_like, shape (rows, features)
            float32 is trained in float32, everything else in float64. A contiguous array of either type is not copied:
            it may be a memory map.
        y : array_like
            Labels or numbers, one a row, or a matrix of several.
        callback : callable, optional
            Called as ``callback(epoch, estimator)`` after each epoch (iteration of lbfgs), which is counted from 1; a
            true result ends the training.

        Returns
        -------
        self : object
            The fitted estimator. Ctrl-C leaves one too: with the weights of the last batch (iteration), and a warning.

        Raises
        ------
        ValueError
            If a parameter is invalid, or the data hold NaN or infinity or do not fit together.
        """
        fresh = not (self.warm_start and hasattr(self, "_parameters"))
        with self._unchanged_if_refused():
            X, encoded = self._prepare(X, y, fresh)
            if not fresh:
                self._keep_best()
                self._restart()
            self.n_iter_ = 0
            held = self.early_stopping and self.solver != "lbfgs"
            self.validation_scores_ = (self.validation_scores_ or []) if held else None
            self.best_validation_score_ = -math.inf if held else None
            self._validation = self._split(encoded) if held else None
        return self._train(X, encoded, callback)

    def resume(self, X: Any, y: Any, *, callback: Callback | None = None) -> Self:
        """Go on where a training of the same data was interrupted or saved, until `max_iter` epochs are done.

        The weights are the same, bit for bit, as if it had not been interrupted; but lbfgs begins anew from them. What
        has ended by itself is not trained any further.

        Parameters
        ----------
        X, y, callback
            As for `fit`.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        _ = self._fitted
        if len(X) != self._rows:
            raise ValueError(f"X has {len(X)} rows: the training that goes on had {self._rows}")
        with self._unchanged_if_refused():
            prepared = self._prepare(X, y, False)
        return self if self._has_converged else self._train(*prepared, callback)

    def _partial_fit(self, X: Any, y: Any, announced: Array | None = None) -> Self:
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit needs a solver that takes batches: lbfgs does not")
        with self._unchanged_if_refused():
            X, encoded = self._prepare(X, y, not hasattr(self, "_parameters"), announced)
        if self._best is not None:
            self._keep_best()
            self._restart()
        self.n_iter_, self._position, self._partial = 0, 0, 0.0
        return self._train(X, encoded, None, epochs=1)

    def _split(self, encoded: Array) -> Array:
        """Rows that are held out for validation; of each class its share."""
        rows = len(encoded)
        count = math.ceil(self.validation_fraction * rows)
        if count < 2 or count >= rows:
            raise ValueError(
                f"validation_fraction is {self.validation_fraction}: of {rows} rows it leaves {rows - count} to train "
                f"and {count} to validate; both need some. Increase it or the size of the dataset"
            )
        order = self._generator.permutation(rows)
        if self._kind == "classifier" and encoded.size == rows:
            order = order[np.argsort(encoded.reshape(-1)[order], kind="stable")]
        return np.sort(order[((np.arange(count) + 0.5) * rows / count).astype(np.int64)])

    def _solver(self) -> Solver:
        return Solver(
            self.solver,
            self._rate,
            self.momentum,
            self.nesterovs_momentum,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self.alpha,
        )

    def _penalty(self) -> float:
        return 0.5 * self.alpha * sum(float(np.vdot(w, w)) for w in self._parameters.weights)

    def _train(self, X: Array, encoded: Array, callback: Callback | None, epochs: int | None = None) -> Self:
        self._rows = len(X)
        if self.solver == "lbfgs":
            return self._train_lbfgs(X, encoded, callback)
        held = self._validation
        rows = np.arange(len(X)) if held is None else np.delete(np.arange(len(X)), held)
        validation_set = None if held is None else (X[held], encoded[held])
        size = min(200, len(rows)) if self.batch_size == "auto" else int(self.batch_size)
        if size > len(rows):
            validation.warn(f"Got `batch_size` {size}, larger than the sample size {len(rows)}: it is clipped")
        incremental, last = epochs is not None, epochs or self.max_iter
        try:
            targets = as_targets(encoded, self._parameters.network, len(X))
            batches = Batches(self._parameters, X, *targets, size, self._solver(), self._state)
            with Progress(bool(self.verbose), last, len(rows)) as progress:
                while self.n_iter_ < last:
                    finite, score = self._epoch(batches, rows, min(size, len(rows)), validation_set, progress)
                    if not finite:
                        validation.warn(
                            f"The loss is not finite in epoch {self.n_iter_ + 1}: training ends with the weights that "
                            f"the epoch began with. A learning_rate_init below {self.learning_rate_init} may help",
                            validation.ConvergenceWarning,
                        )
                        return self
                    stop = self._epoch_ends(batches, score, progress)
                    if callback is not None and callback(self.n_iter_, self):
                        return self
                    if stop:
                        return self
        except KeyboardInterrupt:
            validation.warn("Training interrupted by user.", validation.InterruptedWarning)
            return self
        if not incremental:
            validation.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                validation.ConvergenceWarning,
            )
        return self

    def _epoch(
        self,
        batches: Batches,
        rows: Array,
        size: int,
        validation_set: tuple[Array, Array] | None,
        progress: Progress,
    ) -> tuple[bool, float | None]:
        """One epoch, or what is left of it; the score on the validation set, if there is one, belongs to it.

        Whether all stayed finite (if not, the parameters are those from before), and the score.
        """
        vectors = (self._parameters.vector, self._state.first, self._state.second, self._state.updates)
        before = [v.copy() for v in vectors]
        generator, running = self._generator.bit_generator.state, False
        loss = self._partial if self._position else self._penalty() * math.ceil(len(rows) / size)
        try:
            order: Array | None = None
            if self.shuffle:
                order = rows[self._generator.permutation(len(rows))]
            elif self._validation is not None:
                order = rows
            calls = batches.run(order, self._position, loss)
            running = True
            progress.begin(self.n_iter_ + 1)
            finite = True
            for position in calls:
                progress.at(position, batches.loss)
                finite = math.isfinite(batches.loss)
                if not finite:
                    break
            finite = finite and bool(np.isfinite(self._parameters.vector).all())
            score = self._score(*validation_set) if finite and validation_set is not None else None
        except KeyboardInterrupt:
            self._generator.bit_generator.state = generator  # the order of the epoch comes from it once more
            if running:
                self._position, self._partial = batches.position, batches.loss
            raise
        self._position, self._partial = 0, 0.0
        if not finite:
            for vector, old in zip(vectors, before, strict=True):
                vector[:] = old
            return False, None
        self.loss_ = batches.loss / len(rows)
        self.n_iter_ += 1
        self.t_ += len(rows)
        self.loss_curve_.append(self.loss_)
        return True, score

    def _epoch_ends(self, batches: Batches, score: float | None, progress: Progress) -> bool:
        """What follows from an epoch's loss or score for the next. Whether training is to end."""
        if score is not None:
            assert self.validation_scores_ is not None
            assert self.best_validation_score_ is not None
            self.validation_scores_.append(score)
            improved = score >= self.best_validation_score_ + self.tol
            if score > self.best_validation_score_ or self._best is None:
                self.best_validation_score_, self._best = score, self._parameters.copy()
            progress.end(self.loss_, f"  validation {score:.4f}")
        else:
            improved = self.loss_ <= self.best_loss_ - self.tol
            progress.end(self.loss_)
        self.best_loss_ = min(self.best_loss_, self.loss_)
        self._no_improvement = 0 if improved else self._no_improvement + 1
        stop = self._has_converged
        if self._no_improvement > self.n_iter_no_change and not stop:
            self._rate, self._no_improvement = self._rate / 5, 0
        if self.solver == "sgd" and self.learning_rate == "invscaling":
            self._rate = self.learning_rate_init / (self.t_ + 1) ** self.power_t
        batches.change(self._solver())
        return stop

    @property
    def _has_converged(self) -> bool:
        """Whether too many epochs have brought nothing, and a smaller learning rate would not help."""
        last = self.solver != "sgd" or self.learning_rate != "adaptive" or self._rate <= 1e-6
        return self._no_improvement > self.n_iter_no_change and last

    def _train_lbfgs(self, X: Array, encoded: Array, callback: Callback | None) -> Self:
        """Minimise the loss of all rows at once, in as many iterations as `max_iter` leaves."""
        from scipy.optimize import OptimizeResult, minimize

        rows, left, ended = len(X), self.max_iter - self.n_iter_, False
        accepted = self._parameters.vector.copy()

        def loss(vector: Array) -> tuple[float, Array]:
            self._parameters.vector[:] = vector
            total, gradient = loss_and_gradient(self._parameters, X, encoded)
            for slope, weights in zip(gradient.weights, self._parameters.weights, strict=True):
                slope[:] += self.alpha * weights
            return (total + self._penalty()) / rows, gradient.vector.astype(np.float64) / rows

        def iteration_ends(intermediate_result: OptimizeResult) -> None:
            nonlocal ended
            accepted[:] = self._parameters.vector[:] = intermediate_result.x
            self.n_iter_, self.loss_ = self.n_iter_ + 1, float(intermediate_result.fun)
            self.loss_curve_.append(self.loss_)
            self.best_loss_ = min(self.best_loss_, self.loss_)
            if callback is not None and callback(self.n_iter_, self):
                ended = True
                raise StopIteration

        options = {"maxfun": self.max_fun, "maxiter": left, "gtol": self.tol}
        start = accepted.astype(np.float64)
        failure = f"all {self.max_iter} iterations were done before"
        try:
            if left > 0:
                found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options, callback=iteration_ends)
                failure = "" if found.success or ended else found.message
                if not ended:  # perhaps there was nothing to improve, and no iteration
                    accepted[:], self.loss_ = found.x, float(found.fun)
                    self.best_loss_ = min(self.best_loss_, self.loss_)
        except KeyboardInterrupt:
            validation.warn("Training interrupted by user.", validation.InterruptedWarning)
            failure = ""
        self._parameters.vector[:] = accepted
        if failure:
            validation.warn(f"lbfgs failed to converge: {failure}", validation.ConvergenceWarning)
        return self

    def _outputs(self, X: Any) -> Array:
        parameters = self._fitted
        return outputs(parameters, as_matrix(self._check_rows(X, False), parameters.network))

    # Files.

    def save(self, path: str | Path) -> None:
        """Write everything that has been learnt, and what `resume` needs, to an .npz file, whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            The file. Nothing in it is pickled.
        """
        _ = self._fitted
        storage.save(Path(path), self)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` has written.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """
        model: Self = storage.load(Path(path), cls)
        return model


def _check_shape(y: Array, predicted: Array) -> None:
    if y.shape != predicted.shape:
        raise ValueError(f"y has shape {y.shape}: the predictions for X have {predicted.shape}")


def _accuracy(hits: Array, sample_weight: Any) -> float:
    return float(np.average(hits, weights=sample_weight))


class MLPClassifier(MultiLayerPerceptron):
    """A multi-layer perceptron that classifies: scikit-learn's, with every activation, compiled.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Units of each hidden layer; ``()`` is the linear classifier.
    activation : str or sequence of str, default='relu'
        Of the hidden layers, or of each: any element-wise name of the catalogue ('gelu', 'logistic', ...), with a tier
        ('schraudolph.sigmoid') or parameters ('leaky_relu(negative_slope=0.2)') if wanted.
    solver : {'adam', 'sgd', 'rmsprop', 'lbfgs'}, default='adam'
        How gradients change the weights. The decay of 'rmsprop' is `beta_2`.
    alpha : float, default=0.0001
        Strength of the L2 penalty.
    batch_size : int or 'auto', default='auto'
        Rows of a batch, 'auto' is ``min(200, rows)``; the last batch is trained on also where it is smaller.
    learning_rate : {'constant', 'invscaling', 'adaptive'}, default='constant'
        What becomes of the learning rate of 'sgd': ``learning_rate_init / t**power_t``, or a fifth each time that the
        loss has not improved.
    learning_rate_init, power_t : float, default=0.001, 0.5
        Its first value, and the power of 'invscaling'.
    max_iter : int, default=200
        Number of epochs.
    shuffle : bool, default=True
        Whether each epoch has an order of its own.
    random_state : None, int or numpy.random.Generator, default=None
        Where first weights and orders come from. The same seed gives the same weights, bit for bit.
    tol, n_iter_no_change : float, int, default=1e-4, 10
        Training ends where loss (or validation score) has not improved by `tol` in so many epochs.
    verbose : bool, default=False
        Whether progress is shown.
    warm_start : bool, default=False
        Whether `fit` begins with the weights of the last one.
    momentum, nesterovs_momentum : float, bool, default=0.9, True
        Of 'sgd'.
    early_stopping, validation_fraction : bool, float, default=False, 0.1
        Whether a share of the rows is held out to judge by; the best weights are kept.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999, 1e-8
        Of 'adam' and 'rmsprop'.
    max_fun : int, default=15000
        How often 'lbfgs' may compute the loss.
    initialisation : {'auto', 'glorot', 'he', 'lecun'}, default='auto'
        See `initialise`.

    Attributes
    ----------
    classes_ : ndarray
        The labels.
    coefs_, intercepts_ : list of ndarray
        Weights and biases.
    loss_, best_loss_, loss_curve_ : float, float, list of float
        Loss of the last epoch, of the best, of each.
    n_iter_, t_ : int
        Epochs of this training, rows seen.

    Examples
    --------
    >>> from numba_activations.data import digits
    >>> from numba_activations.training import MLPClassifier
    >>> X, y = digits()
    >>> model = MLPClassifier((32,), "sigmoid", learning_rate_init=0.05, tol=0, random_state=0)
    >>> model.fit(X[:1500], y[:1500], callback=lambda epoch, model: epoch == 20).score(X[1500:], y[1500:]) > 0.85
    True
    """

    _kind = "classifier"
    classes_: Array

    def _check_y(self, y: Any) -> Array:
        return validation.check_labels(y, type(self).__name__)

    def _encode(self, y: Array, classes: Array | None) -> tuple[Array, int, str]:
        if y.ndim == 2:
            self.classes_ = np.arange(y.shape[1]) if classes is None else classes
            return y.astype(np.float64), y.shape[1], "binary_cross_entropy"
        self.classes_ = np.unique(y) if classes is None else classes
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only, {self.classes_[0]!r}: a classifier needs at least 2")
        found = np.searchsorted(self.classes_, y).clip(0, len(self.classes_) - 1)
        unseen = np.unique(y[self.classes_[found] != y])
        if len(unseen):
            raise ValueError(f"y has the labels {unseen.tolist()}: classes_ are {self.classes_.tolist()}")
        if len(self.classes_) == 2:
            return (found == 1).astype(np.float64).reshape(-1, 1), 1, "binary_cross_entropy"
        return found, len(self.classes_), "cross_entropy"

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """One epoch on these rows: data larger than memory are trained on part by part.

        Parameters
        ----------
        X, y : array_like
            As for `fit`.
        classes : array_like, optional
            All labels that will ever come; the first call needs them.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        if not hasattr(self, "_parameters"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes are {np.unique(classes).tolist()}: they were {self.classes_.tolist()} before")
        return self._partial_fit(X, y, None if classes is None else np.unique(classes))

    def predict(self, X: Any) -> Array:
        """The label of each row."""
        z = self._outputs(X)
        if self._parameters.network.loss == "cross_entropy":
            labels: Array = self.classes_[z.argmax(axis=1)]
            return labels
        labels = (z > 0).astype(np.int64)
        return self.classes_[labels[:, 0]] if self.n_outputs_ == 1 else labels

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class."""
        z = self._outputs(X)
        if self._parameters.network.loss == "cross_entropy":
            p: Array = along_axis.function(Key(DEFAULT, "value", "softmax"))(z)
            return p
        sigmoid = registry.function(Key(DEFAULT, "value", "sigmoid"))
        return np.hstack([sigmoid(-z), sigmoid(z)]) if self.n_outputs_ == 1 else sigmoid(z)

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of the probability of each class, also where the probability itself is 0 or 1 in its type."""
        z = self._outputs(X)
        if self._parameters.network.loss == "cross_entropy":
            log_p: Array = along_axis.function(Key(DEFAULT, "value", "log_softmax"))(z)
            return log_p
        log_sigmoid = registry.function(Key(DEFAULT, "value", "log_sigmoid"))
        return np.hstack([log_sigmoid(-z), log_sigmoid(z)]) if self.n_outputs_ == 1 else log_sigmoid(z)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose label (all of whose labels) `predict` finds."""
        labels, predicted = validation.check_labels(y, type(self).__name__), self.predict(X)
        _check_shape(labels, predicted)
        hits = predicted == labels
        return _accuracy(hits if hits.ndim == 1 else hits.all(axis=1), sample_weight)

    def _score(self, X: Array, y: Array) -> float:
        z = outputs(self._parameters, X)
        hits = z.argmax(axis=1) == y if y.ndim == 1 else ((z > 0) == y).all(axis=1)
        return _accuracy(hits, None)


class MLPRegressor(MultiLayerPerceptron):
    """A multi-layer perceptron that predicts numbers: scikit-learn's, with every activation, compiled.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        This and all that follows: see `MLPClassifier`. The loss is half the squared error, added up over the outputs.

    Attributes
    ----------
    coefs_, intercepts_ : list of ndarray
        Weights and biases.
    loss_, best_loss_, loss_curve_ : float, float, list of float
        Loss of the last epoch, of the best, of each.
    n_iter_, t_ : int
        Epochs of this training, rows seen.

    Examples
    --------
    >>> import numpy as np
    >>> from numba_activations.training import MLPRegressor
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> model = MLPRegressor(hidden_layer_sizes=(20,), activation="tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, np.sin(X[:, 0])).score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    _kind = "regressor"

    def _check_y(self, y: Any) -> Array:
        return validation.check_numbers(y, type(self).__name__)

    def _encode(self, y: Array, classes: Array | None) -> tuple[Array, int, str]:
        y = y.reshape(len(y), -1)
        return y, y.shape[1], "squared_error"

    def partial_fit(self, X: Any, y: Any) -> Self:
        """One epoch on these rows: data larger than memory are trained on part by part.

        Parameters
        ----------
        X, y : array_like
            As for `fit`.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._partial_fit(X, y)

    def predict(self, X: Any) -> Array:
        """The number, or the numbers, of each row."""
        z = self._outputs(X)
        return z[:, 0] if self.n_outputs_ == 1 else z

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R^2, the share of the variance that `predict` explains, averaged over the outputs."""
        numbers, predicted = validation.check_numbers(y, type(self).__name__), self.predict(X)
        _check_shape(numbers, predicted)
        return _r2(predicted, numbers, sample_weight)

    def _score(self, X: Array, y: Array) -> float:
        return _r2(outputs(self._parameters, X), y, None)


def _r2(predicted: Array, y: Array, sample_weight: Any) -> float:
    predicted, y = predicted.reshape(len(y), -1), y.reshape(len(y), -1)
    left = np.average((y - predicted) ** 2, axis=0, weights=sample_weight)
    whole = np.average((y - np.average(y, axis=0, weights=sample_weight)) ** 2, axis=0, weights=sample_weight)
    constant = np.where(left == 0, 1.0, 0.0)  # what scikit-learn says where there is no variance to explain
    return float(np.mean(np.where(whole == 0, constant, 1 - left / np.where(whole == 0, 1, whole))))
