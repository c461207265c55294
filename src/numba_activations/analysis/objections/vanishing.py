"""Objection (a): saturated units make gradients vanish, layer after layer, by a factor of at most max |f'|."""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...engine import registry
from ...training import (
    LayerActivation,
    Network,
    Parameters,
    Solver,
    forward,
    initialise,
    loss_and_gradient,
    train_batches,
)
from ..plots import GREY, STYLE
from ..saturation import SATURATED
from .examples import Array, Examples
from .findings import Findings, Table, check_counts, counted, line, percent, power

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PROBE = 512  # examples on which gradients and saturation are measured


@dataclass(frozen=True, slots=True)
class Moment:
    """What a network looks like at one moment of its training.

    Attributes
    ----------
    epoch : int
        Epochs of training so far.
    gradients : ndarray, shape (depth + 1,)
        Norm of the gradient of the mean loss with respect to each layer's weights, the first layer's first.
    saturated : ndarray, shape (depth,)
        Share of units and examples in the saturated regime, of each hidden layer.
    accuracy : float
        On the test examples.
    """

    epoch: int
    gradients: Array
    saturated: Array
    accuracy: float

    @property
    def reaches(self) -> float:
        """The first layer's gradient beside the last hidden layer's."""
        last = float(self.gradients[-2])
        return float(self.gradients[0]) / last if last else math.nan


@dataclass(frozen=True, slots=True)
class Run:
    """One network's training.

    Attributes
    ----------
    activation, initialisation : str
        Of the network.
    depth : int
        Hidden layers.
    steepest : float
        max |f'| of the activation.
    learning_rate : float
        The one of those tried with the smallest loss in the end.
    moments : list of Moment
        At the start, and after each epoch.
    """

    activation: str
    initialisation: str
    depth: int
    steepest: float
    learning_rate: float
    moments: list[Moment]

    @property
    def without_weights(self) -> float:
        """(max |f'|)^(depth - 1): what the activations alone let through from the last hidden layer to the first.

        The weights come on top: large ones make more of it.
        """
        return self.steepest ** (self.depth - 1)

    @property
    def factor(self) -> float:
        """What a layer leaves of the gradient at the start: the geometric mean over the layers."""
        reaches = self.moments[0].reaches
        return reaches ** (1 / (self.depth - 1)) if self.depth > 1 and reaches > 0 else math.nan

    @property
    def label(self) -> str:
        """Activation and initialisation."""
        return f"{self.activation}, {self.initialisation}"


@dataclass(frozen=True, slots=True)
class Vanishing(Findings):
    """What `vanishing` found.

    Attributes
    ----------
    data : str
        The examples.
    width, epochs : int
        Units of each hidden layer, and epochs of each training.
    chance : float
        The accuracy of always naming the class that is most frequent among the examples to train on.
    threshold : float
        A unit is saturated where |f'| is below this share of max |f'|.
    runs : list of Run
        One for each activation, initialisation and depth.
    """

    name: ClassVar[str] = "vanishing"
    objection: ClassVar[str] = "Saturated units make gradients vanish, layer after layer, by a factor of at most 1/4."

    data: str
    width: int
    epochs: int
    chance: float
    threshold: float
    runs: list[Run]

    def deepest(self) -> list[Run]:
        """The runs of the greatest depth, in order."""
        depth = max(run.depth for run in self.runs)
        return [run for run in self.runs if run.depth == depth]

    def sentences(self) -> tuple[str, str]:
        """What was found, from the numbers."""
        deepest = [run for run in self.deepest() if math.isfinite(run.moments[0].reaches)] or self.deepest()
        depth = deepest[0].depth
        worst = min(deepest, key=lambda run: run.moments[0].reaches)
        best = max(deepest, key=lambda run: run.moments[-1].accuracy)
        kept = max(deepest, key=lambda run: -abs(math.log(max(run.moments[0].reaches, 1e-300))))
        learnt = max((r.depth for r in self.runs if r.label == worst.label and _learns(r, self.chance)), default=0)
        a_layer = (
            f", a factor of {power(round(worst.factor, 2))} a layer where max |f'| = {worst.steepest:.2f} and "
            f"{percent(float(worst.moments[0].saturated.mean()))} of the units are saturated"
        )
        first = (
            f"At the start, with {counted(depth, 'hidden layer')}, {worst.label} leaves "
            f"{power(worst.moments[0].reaches)} of the last hidden layer's gradient for the first"
            f"{a_layer if depth > 1 else ''}; {kept.label} leaves {power(kept.moments[0].reaches)}."
        )
        second = (
            f"After {counted(self.epochs, 'epoch')} the former has {percent(worst.moments[-1].accuracy)} test accuracy "
            f"at that depth (chance: {percent(self.chance)}), and up to depth {learnt} of those tried it gets half-way "
            f"from chance to certainty, while {best.label} has {percent(best.moments[-1].accuracy)} at depth {depth}."
        )
        return first, second

    def tables(self) -> list[Table]:
        """The deepest networks at the start and in the end, and the accuracy at every depth."""
        depths = sorted({run.depth for run in self.runs})
        rows = [
            (
                run.activation,
                run.initialisation,
                f"{run.steepest:.3g}",
                power(run.without_weights),
                power(run.moments[0].reaches),
                power(round(run.factor, 2)) if run.depth > 1 else "",
                power(run.moments[-1].reaches),
                percent(float(run.moments[0].saturated.mean())),
                percent(float(run.moments[-1].saturated.mean())),
                percent(run.moments[-1].accuracy),
                f"{run.learning_rate:g}",
            )
            for run in self.deepest()
        ]
        accuracy = [
            (run.activation, run.initialisation, *(self._accuracy(run.label, depth) for depth in depths))
            for run in self.deepest()
        ]
        return [
            Table(
                f"First layer's gradient / last hidden layer's: {self.data}, {depths[-1]} layers of {self.width}",
                (
                    "activation",
                    "weights",
                    "max |f'|",
                    "without weights",
                    "at start",
                    "a layer",
                    f"after {counted(self.epochs, 'epoch')}",
                    "saturated at start",
                    "in the end",
                    "accuracy",
                    "rate",
                ),
                rows,
            ),
            Table(
                f"Test accuracy after {counted(self.epochs, 'epoch')}, by hidden layers "
                f"(chance: {percent(self.chance)})",
                ("activation", "weights", *map(str, depths)),
                accuracy,
            ),
        ]

    def _accuracy(self, label: str, depth: int) -> str:
        return next(percent(r.moments[-1].accuracy) for r in self.runs if (r.label, r.depth) == (label, depth))

    def draw(self) -> "Figure":
        """Gradients and saturation layer by layer, and the accuracy by depth."""
        import matplotlib as mpl
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        with mpl.rc_context(STYLE):
            figure = Figure(figsize=(12, 7.2), layout="constrained")
            (start, accuracy), (saturation, training) = figure.subplots(2, 2)
            deepest = self.deepest()
            activations, initialisations = ([*dict.fromkeys(names)] for names in zip(
                *((run.activation, run.initialisation) for run in deepest), strict=True
            ))  # fmt: skip
            for run in deepest:
                style = line(activations.index(run.activation), initialisations.index(run.initialisation))
                layers = np.arange(1, run.depth + 2)
                start.plot(layers, run.moments[0].gradients, label=run.label, **style)
                saturation.plot(layers[:-1], 100 * run.moments[-1].saturated, **style)
                training.plot([m.epoch for m in run.moments], [m.reaches for m in run.moments], **style)
                same = [r for r in self.runs if r.label == run.label]
                accuracy.plot([r.depth for r in same], [100 * r.moments[-1].accuracy for r in same], **style)
            for axes in (start, accuracy, saturation, training):
                axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            depth = deepest[0].depth
            start.set(yscale="log", title=f"Gradient norm at the start, {depth} hidden layers", xlabel="layer")
            start.set_ylabel("norm of dL/dW")
            accuracy.axhline(100 * self.chance, color=GREY, linewidth=1, linestyle=":")
            accuracy.set(
                title=f"Test accuracy after {counted(self.epochs, 'epoch')}", xlabel="hidden layers", ylabel="%"
            )
            saturation.set(
                title=f"Saturated units after {counted(self.epochs, 'epoch')}",
                xlabel="hidden layer",
                ylabel="% of units",
            )
            saturation.set_ylim(-3, 103)
            training.set(yscale="log", title="First layer's gradient / last hidden layer's", xlabel="epoch")
            figure.legend(loc="outside lower center", ncols=min(4, len(deepest)), frameon=False)
        return figure


def vanishing(
    examples: Examples | None = None,
    activations: Sequence[str] = ("sigmoid", "tanh", "relu", "elu", "gelu"),
    initialisations: Sequence[str] = ("lecun", "he"),
    depths: Sequence[int] = (1, 2, 3, 5, 10, 20),
    *,
    width: int = 32,
    epochs: int = 20,
    learning_rates: Sequence[float] = (0.003, 0.01, 0.03),
    random_state: int = 0,
    step: Callable[[float, str], None] = lambda done, what: None,
) -> Vanishing:
    """Train networks of several depths, and see how much of the gradient reaches their first layers.

    Parameters
    ----------
    examples : Examples, optional
        What to train on; by default the digits.
    activations : sequence of str
        As `numba_activations.training.Network.of` takes them.
    initialisations : sequence of {'lecun', 'he', 'glorot', 'auto'}
        How the weights start: see `numba_activations.training.initialise`.
    depths : sequence of int
        Hidden layers, at least 1.
    width, epochs : int
        Units of each hidden layer, and epochs of each training.
    learning_rates : sequence of float
        Of stochastic gradient descent with momentum 0.9; every network gets the one that serves it best.
    random_state : int
        Where weights and the order of the examples come from.
    step : callable, optional
        Called with the share of the work that is done, and what is done next.

    Returns
    -------
    Vanishing

    Raises
    ------
    ValueError
        If there is no activation, no depth, a count below 1, or a name is unknown.
    """
    examples = examples or Examples.digits()
    check_counts(width=width, epochs=epochs)
    if not (activations and initialisations and depths and learning_rates) or min(depths) < 1:
        raise ValueError(
            f"activations {activations}, initialisations {initialisations}, depths {depths}, learning rates "
            f"{learning_rates}: each needs at least one, and depths are at least 1"
        )
    cells = [(a, i, d) for a in activations for i in initialisations for d in sorted(depths)]
    total, done, runs = sum(d for *_, d in cells), 0, []
    for activation, initialisation, depth in cells:
        step(done / total, f"{activation}, {initialisation}, {depth} layers")
        network = Network.of((examples.inputs, *[width] * depth, examples.classes), activation)
        start = initialise(network, random_state, initialisation)
        trained = {rate: _train(start.copy(), examples, epochs, rate, random_state) for rate in learning_rates}
        best = min(trained, key=lambda rate: trained[rate][0])
        runs.append(Run(activation, initialisation, depth, steepest(network.activations[0]), best, trained[best][1]))
        done += depth
    chance = float(np.mean(examples.y_test == np.bincount(examples.y).argmax()))
    return Vanishing(examples.name, width, epochs, chance, SATURATED, runs)


@functools.cache
def steepest(activation: LayerActivation) -> float:
    """max |f'| of an activation, on a fine grid."""
    function = registry.function(activation.key)
    _, slope = getattr(function, "ufunc", function)(np.linspace(-20, 20, 400_001), *activation.parameters)
    return float(np.abs(slope).max())


def _train(
    parameters: Parameters, examples: Examples, epochs: int, learning_rate: float, seed: int
) -> tuple[float, list[Moment]]:
    """The last epoch's loss, infinite where training diverged, and what the network looked like on the way."""
    order, state, loss = np.random.default_rng(seed), None, math.inf
    solver = Solver("sgd", learning_rate, momentum=0.9)
    moments = [_moment(parameters, examples, 0)]
    for epoch in range(1, epochs + 1):
        rows = order.permutation(len(examples.X))
        loss, state = train_batches(parameters, examples.X, examples.y, solver=solver, state=state, order=rows)
        moments.append(_moment(parameters, examples, epoch))
    return loss if math.isfinite(loss) else math.inf, moments


def _moment(parameters: Parameters, examples: Examples, epoch: int) -> Moment:
    network, X, y = parameters.network, examples.X[:_PROBE], examples.y[:_PROBE]
    _, gradient = loss_and_gradient(parameters, X, y)
    norms = np.array([np.linalg.norm(w.astype(np.float64)) for w in gradient.weights]) / len(X)
    derivatives = forward(parameters, X).derivatives
    limits = [SATURATED * steepest(activation) for activation in network.activations]
    saturated = np.array([np.mean(np.abs(d) < limit) for d, limit in zip(derivatives, limits, strict=True)])
    guesses = forward(parameters, examples.X_test).activations[-1].argmax(axis=1)
    return Moment(epoch, norms, saturated, float(np.mean(guesses == examples.y_test)))


def _learns(run: Run, chance: float) -> bool:
    """Whether training got half of the way from chance to certainty."""
    return run.moments[-1].accuracy > (chance + 1) / 2
